import { defineConfig, type Plugin } from 'vite'
import { embed } from './build/embed.ts'
import { dependencies, relay } from './build/relay.ts'

/** The development server, too, has the first page at /app. */
const home: Plugin = {
  name: 'home',
  configureServer({ middlewares }) {
    middlewares.use((request, _, next) => {
      if (request.url === '/app') request.url = '/app/'
      next()
    })
  },
}

export default defineConfig({
  base: '/app/',
  plugins: [home, relay(), embed()],
  // Named, since the documents' imports are made after Vite has looked for them.
  optimizeDeps: { include: dependencies },
  build: {
    outDir: '../src/http/web',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // A strict Content-Security-Policy has no data: URLs and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/graphql': { target: process.env.MULA_URL ?? 'http://127.0.0.1:8000', changeOrigin: true, ws: true } },
  },
})

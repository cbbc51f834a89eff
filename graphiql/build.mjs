// Bundles src/ into ../src/http/graphiql/, which is committed: `cargo run` needs no Node.
import * as esbuild from 'esbuild'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, '../src/http/graphiql')

/** What the libraries need to run under a Content-Security-Policy that allows nothing inline. */
const patched = new Set()
const patches = {
  name: 'patches',
  setup(build) {
    // Writes <style> elements, which `style-src 'self'` refuses; ours uses constructed sheets.
    build.onResolve({ filter: /^react-style-singleton$/ }, () => {
      patched.add('styles')
      return { path: join(here, 'src/style-singleton.js') }
    })
    const edit = (name, filter, loader, from, to) =>
      build.onLoad({ filter }, async ({ path }) => {
        const before = await readFile(path, 'utf8')
        const contents = before.replace(from, to)
        if (contents !== before) patched.add(name)
        return { contents, loader }
      })
    // 360 kB of fonts as data: URLs; src/style.css names fonts that systems have.
    edit('fonts', /[/\\]graphiql[/\\]dist[/\\]style\.css$/, 'css', /@font-face\s*\{[^}]*\}/g, '')
    // A tab that holds buttons is none to a screen reader: a list of buttons is what it is.
    edit('tabs', /@graphiql[/\\]react[/\\]dist[/\\]ui[/\\]tabs\.js$/, 'js',
      /"aria-selected": (\w+), role: "tab"|role: "tablist", /g, (_, active) => (active ? `"aria-current": ${active}` : ''))
    // An icon's title is made from its function's name, which minifying takes away.
    edit('icons', /@graphiql[/\\]react[/\\]dist[/\\]icons[/\\]index\.js$/, 'js',
      /(generateIcon\()Svg(\w+)\)/g, '$1Object.defineProperty(Svg$2, "name", { value: "Svg$2" }))')
  },
}

await mkdir(out, { recursive: true })
const { metafile } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: { graphiql: 'src/main.jsx' },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  banner: { js: '/* Licences: /graphiql/THIRD_PARTY.txt */' },
  plugins: [patches],
  metafile: true,
  logLevel: 'info',
})
for (const name of ['styles', 'fonts', 'icons', 'tabs']) {
  if (!patched.has(name)) throw new Error(`The patch "${name}" no longer fits its package.`)
}
await copyFile(join(here, 'src/index.html'), join(out, 'index.html'))
// Served as they are: the best compression takes seconds.
for (const name of ['graphiql.js', 'graphiql.css']) {
  const bytes = await readFile(join(out, name))
  await writeFile(join(out, `${name}.br`), brotliCompressSync(bytes))
  await writeFile(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
await writeFile(join(out, 'THIRD_PARTY.txt'), await licences(Object.values(metafile.outputs)))

/** The licence of every package with a byte in the output, packages of one text together. */
async function licences(outputs) {
  const folders = new Set()
  for (const { inputs } of outputs) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]
      if (folder && bytesInOutput > 0) folders.add(folder)
    }
  }
  const byText = new Map()
  for (const folder of [...folders].sort()) {
    const { name, version, license, author } = JSON.parse(
      await readFile(join(here, folder, 'package.json'), 'utf8'),
    )
    const file = (await readdir(join(here, folder))).find((f) => /^(licen[cs]e|copying)/i.test(f))
    const by = typeof author === 'object' ? author.name : author?.replace(/\s*[<(].*/, '')
    const text = file
      ? (await readFile(join(here, folder, file), 'utf8')).replace(/\r/g, '').trim()
      : `${license} licence${by ? `, by ${by}` : ''} (the package holds no text of it)`
    const heading = `${name} ${version}`
    byText.set(text, [...(byText.get(text) ?? []), heading])
  }
  const rule = `\n\n${'-'.repeat(78)}\n\n`
  return (
    [
      'graphiql.js and graphiql.css hold code of these packages, under these licences.',
      ...[...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}`),
    ].join(rule) + '\n'
  )
}

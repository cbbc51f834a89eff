// What the server embeds beside the built files: each compressed as well as it can be, a list of them in Rust,
// and the licences of the packages inside.
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSED = /\.(js|css|html|json|svg|webmanifest)$/

export function embed(): Plugin {
  const packages = new Set<string>()
  let out = ''
  return {
    name: 'embed',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir
    },
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.type === 'chunk' ? chunk.moduleIds : []) {
          const folder = /^\0?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
          if (folder) packages.add(folder)
        }
      }
    },
    async closeBundle() {
      await writeFile(join(out, 'THIRD_PARTY.txt'), await licences([...packages].sort()))
      const entries = await readdir(out, { recursive: true, withFileTypes: true })
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
        .sort()
      const lines = []
      for (const name of files) {
        if (!COMPRESSED.test(name)) {
          lines.push(`    plain!("${name}"),`)
          continue
        }
        const bytes = await readFile(join(out, name))
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
        await writeFile(join(out, `${name}.br`), brotliCompressSync(bytes, quality))
        await writeFile(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
        lines.push(`    compressed!("${name}"),`)
      }
      await writeFile(join(out, 'files.rs'), `[\n${lines.join('\n')}\n]\n`)
    },
  }
}

/** The licence of every package in the output, packages of one text together. */
async function licences(folders: string[]): Promise<string> {
  const byText = new Map<string, string[]>()
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, string>
    const file = (await readdir(folder)).find((file) => /^(licen[cs]e|copying)/i.test(file))
    const text = file ? (await readFile(join(folder, file), 'utf8')).replace(/\r/g, '').trim() : `${license} licence`
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`])
  }
  const rule = `\n\n${'-'.repeat(78)}\n\n`
  const parts = [...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}`)
  return `${['The files of the web client contain code of these packages, under these licences.', ...parts].join(rule)}\n`
}

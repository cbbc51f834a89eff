// The code on the page for front ends is what runs here: every region of these files is in it.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { texts } from './operations.mjs'

const page = readFileSync(new URL('../../docs/front-ends.md', import.meta.url), 'utf8')
const REGION = /^ *(?:\/\/ #|# )region .*\n([^]*?)^ *(?:\/\/ #|# )endregion/gm

export async function snippets() {
  assert.ok(page.includes(`\`\`\`graphql\n${texts.Follow}\n\`\`\``), 'operations.graphql: Follow')
  for (const file of readdirSync(new URL('.', import.meta.url), { recursive: true })) {
    if (!/\.(js|mjs|py)$/.test(file)) continue
    for (const [, code] of readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(REGION)) {
      assert.ok(page.includes(`\n${code.trim()}\n\`\`\``), `docs/front-ends.md is not as ${file}`)
    }
  }
}

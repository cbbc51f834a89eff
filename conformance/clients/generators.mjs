// Type generators, which load the schema of the running server: gql.tada's CLI, and graphql-codegen
// with its client preset.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildASTSchema, lexicographicSortSchema, parse, printSchema, visit } from 'graphql'
import { operationsFile } from './operations.mjs'
import { dir } from './server.mjs'
import { all } from './job.mjs'

export async function generate(url) {
  await all([{ name: 'gql.tada', run: tada }, { name: 'graphql-codegen', run: codegen }], ({ run }) => run(url))
}

async function tada(url) {
  const file = join(mkdtempSync(join(dir, 'tada-')), 'schema.graphql')
  await execute('gql.tada', ['generate-schema', url, '--output', file])
  const printed = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')
  assert.equal(sorted(readFileSync(file, 'utf8')), sorted(printed))
}

async function codegen(url) {
  const folder = mkdtempSync(join(dir, 'codegen-'))
  const config = { schema: url, documents: fileURLToPath(operationsFile), generates: {} }
  config.generates[folder + '/'] = { preset: 'client' }
  writeFileSync(join(folder, 'codegen.json'), JSON.stringify(config))
  await execute('graphql-codegen', ['--config', join(folder, 'codegen.json')])
  const types = readFileSync(join(folder, 'graphql.ts'), 'utf8')
  for (const name of ['FollowSubscription', 'ReadingsQuery', 'AskMutation']) assert.ok(types.includes(`type ${name} =`))
}

/** Sorted, and without descriptions: introspection has more of them than the printed schema. */
function sorted(text) {
  const strip = (node) => (node.description ? { ...node, description: undefined } : undefined)
  const bare = visit(parse(text), { enter: strip })
  return printSchema(lexicographicSortSchema(buildASTSchema(bare)))
}

/** Where the packages are: graphql-codegen looks for its preset from there. */
const cwd = fileURLToPath(new URL('..', import.meta.url))

async function execute(name, flags) {
  const program = join(cwd, 'node_modules/.bin', name)
  const result = await promisify(execFile)(program, flags, { cwd }).catch((error) => error)
  assert.equal(result.code, undefined, `${result.stdout}\n${result.stderr}`)
}

// Compares schema.graphql with the schema of the last release, by graphql-inspector:
//
//     node schema.mjs
//
// Exits with 1 if a client of that release would break. docs/api.md has the rule, and says when
// released.graphql is replaced.
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

const read = (path) => buildSchema(readFileSync(new URL(path, import.meta.url), 'utf8'))
const all = await diff(read('released.graphql'), read('../schema.graphql'))
const changes = all.filter(({ type }) => !type.includes('DESCRIPTION'))
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
for (const { message, path } of breaking) console.log(`${path}: ${message}`)
console.log(`${changes.length} changes since the last release, ${breaking.length} of them breaking`)
process.exitCode = breaking.length === 0 ? 0 : 1

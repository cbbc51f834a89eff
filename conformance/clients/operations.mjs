// The operations of operations.graphql by their names, as text and as graphql-js parses them.
import { readFileSync } from 'node:fs'
import { parse, print } from 'graphql'

export const operationsFile = new URL('operations.graphql', import.meta.url)

const definitions = parse(readFileSync(operationsFile, 'utf8')).definitions

export const documents = Object.fromEntries(
  definitions.map((definition) => [definition.name.value, { kind: 'Document', definitions: [definition] }])
)

export const texts = Object.fromEntries(Object.entries(documents).map(([name, document]) => [name, print(document)]))

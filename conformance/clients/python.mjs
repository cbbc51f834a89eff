// Clients in Python, each a process of its own that is driven by lines of JSON: gql, and the client
// that ariadne-codegen generates from the running server. VENVS is a folder with the virtual
// environments `gql` and `ariadne`.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { texts, operationsFile } from './operations.mjs'
import { dir } from './server.mjs'

const venvs = process.env.VENVS

export const gql = {
  name: 'gql',
  open: (settings) => drive('gql', 'gql_client.py', settings),
  reconnects: false,
  codeOf
}
export const ariadne = {
  ...gql,
  name: 'ariadne-codegen',
  open: async (settings) => drive('ariadne', 'ariadne_client.py', settings, [await generated(settings.url)])
}

function codeOf(error) {
  return error.code ?? undefined
}

async function drive(venv, file, settings, parameters = []) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  // pydantic warns of every field named `register`.
  const flags = ['-B', '-W', 'ignore:Field name:UserWarning', path, ...parameters]
  const child = spawn(join(venvs, venv, 'bin/python'), flags, { stdio: ['pipe', 'pipe', 'pipe'] })
  // Warnings, and exceptions that nobody awaited.
  text(child.stderr).then((faults) => faults && console.error(faults))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const send = (value) => child.stdin.write(JSON.stringify(value) + '\n')
  send(settings)
  const run = async (name, variables, next) => {
    send({ name, text: texts[name], variables })
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error('the Python process has ended')
      const answer = JSON.parse(value)
      if (answer.next) next(answer.next)
      else if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
      else return answer.data
    }
  }
  return {
    run,
    subscribe: run,
    async close() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    }
  }
}

let generating

/** The folder of the package that ariadne-codegen has generated. */
function generated(url) {
  return (generating ??= generate(url))
}

async function generate(url) {
  const folder = join(dir, 'ariadne')
  mkdirSync(folder)
  const settings = {
    remote_schema_url: url,
    queries_path: fileURLToPath(operationsFile),
    target_package_path: folder,
    target_package_name: 'generated'
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  writeFileSync(join(folder, 'pyproject.toml'), ['[tool.ariadne-codegen]', ...lines, ''].join('\n'))
  await promisify(execFile)(join(venvs, 'ariadne/bin/ariadne-codegen'), { cwd: folder })
  return folder
}

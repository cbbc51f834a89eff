// Servers of the clients' own: target/debug/mula (or MULA, the binary) on SQLite, or on a private
// PostgreSQL cluster. A stopped server starts again at the same port, on the same database.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = process.env.MULA ?? join(root, 'target/debug/mula')

/** Everything that a run writes. */
export const dir = mkdtempSync(join(tmpdir(), 'mula-clients-'))

const running = new Set()
process.on('exit', () => {
  // SIGINT has PostgreSQL end its workers too.
  for (const child of running) child.kill('SIGINT')
  rmSync(dir, { recursive: true, force: true })
})

export class Server {
  #child

  static async start(database, settings) {
    const server = new Server()
    server.port = await freePort()
    server.url = `http://127.0.0.1:${server.port}/graphql`
    const data = mkdtempSync(join(dir, `${database}-`))
    const { DATABASE_URL, ...environment } = process.env
    server.settings = { ...environment, HOST: '127.0.0.1', PORT: server.port, DATA_DIR: data, ...settings }
    if (database === 'postgres') {
      server.settings.DATABASE_URL = await startPostgres()
      server.settings.SECRET_KEY = 'a secret of these clients alone: 6f1d0b7c'
    }
    await server.start()
    return server
  }

  async start() {
    this.#child = start(program, ['serve'], { env: this.settings, cwd: dir })
    const ready = new URL('/health/ready', this.url)
    await until('mula', this.#child, async () => (await fetch(ready).catch(() => null))?.ok)
  }

  /** Stops the server as an orchestrator does, and requires that it ends well. */
  async stop() {
    this.#child.kill('SIGTERM')
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    assert.equal(this.#child.exitCode, 0, 'mula ended with a fault')
  }
}

/** Starts a cluster and returns the URL of its database. */
async function startPostgres() {
  const bin = binaries()
  const data = mkdtempSync(join(dir, 'cluster-'))
  // PostgreSQL refuses to run as root.
  const user = process.getuid() === 0 ? accountOf('postgres') : {}
  if (user.uid) {
    chmodSync(dir, 0o755)
    chownSync(data, user.uid, user.gid)
  }
  const initdb = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'mula', '-A', 'trust', '--no-sync'], {
    ...user,
    cwd: data
  })
  assert.equal(initdb.status, 0, String(initdb.stderr))
  const port = await freePort()
  const flags = ['-D', data, '-k', data, '-p', port, '-h', '127.0.0.1', '-F', '-c', 'log_min_messages=panic']
  const server = start(join(bin, 'postgres'), flags.map(String), { ...user, cwd: data })
  const probe = ['-h', '127.0.0.1', '-p', String(port)]
  await until('PostgreSQL', server, () => spawnSync(join(bin, 'pg_isready'), probe).status === 0)
  return `postgres://mula@127.0.0.1:${port}/postgres`
}

/** The folder of the newest server's binaries. */
function binaries() {
  const versions = '/usr/lib/postgresql'
  const newest = existsSync(versions) ? readdirSync(versions).sort((a, b) => b - a) : []
  const folders = [...process.env.PATH.split(delimiter), ...newest.map((version) => join(versions, version, 'bin'))]
  const bin = folders.find((folder) => existsSync(join(folder, 'initdb')))
  assert.ok(bin, `no PostgreSQL server binaries in PATH or ${versions}/*/bin`)
  // In PATH there may be links to some of them.
  return dirname(realpathSync(join(bin, 'initdb')))
}

function accountOf(name) {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith(`${name}:`))
  const [, , uid, gid] = line.split(':').map(Number)
  return { uid, gid }
}

function start(path, flags, options) {
  const child = spawn(path, flags, { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
}

async function until(name, child, isReady) {
  for (let tries = 0; tries < 600; tries += 1) {
    assert.equal(child.exitCode, null, `${name} does not start`)
    if (await isReady()) return
    await sleep(50)
  }
  assert.fail(`${name} is not ready`)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

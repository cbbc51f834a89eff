// The built program, with a database of its own, and a way to it that can be cut.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const PROGRAM = process.env.MULA ?? resolve(import.meta.dirname, '../../../target/debug/mula')

export class Server {
  #process: ChildProcess | null = null
  #port = 0
  readonly #directory: string
  readonly #settings: Record<string, string>

  private constructor(directory: string, settings: Record<string, string>) {
    this.#directory = directory
    this.#settings = settings
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), 'mula-web-'))
    const server = new Server(directory, settings)
    await server.start()
    return server
  }

  get port(): number {
    return this.#port
  }

  /** On the same port and database as before. */
  async start(): Promise<void> {
    const env = {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(this.#port),
      DATA_DIR: this.#directory,
      BCRYPT_COST: '4',
      EMBEDDED_PACE: '12',
      ASK_RATE: 'off',
      LOGIN_RATE: 'off',
      REGISTER_RATE: 'off',
      ...this.#settings,
    }
    const child = spawn(PROGRAM, ['serve'], { env, cwd: this.#directory, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    this.#port = await new Promise<number>((resolve, reject) => {
      let output = ''
      const read = (bytes: Buffer) => {
        output += bytes.toString()
        const port = /GraphQL\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
        if (port) resolve(Number(port))
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.on('exit', (code) => reject(new Error(`the server ended (${code}): ${output}`)))
    })
  }

  /** At once, as a machine that loses its power. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async api<Data = Record<string, any>>(query: string, variables: object = {}, token?: string): Promise<Data> {
    const response = await fetch(`http://127.0.0.1:${this.port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] }
    if (errors) throw new Error(errors.map(({ message }) => message).join(' '))
    return data
  }
}

/** Between browser and server: passes all on, late if told so, until it is cut. */
export class Proxy {
  readonly #listener: Listener
  readonly #sockets = new Set<Socket>()
  /** Milliseconds that each piece is held back, in both directions. */
  delay = 0
  #isOpen = true
  #swallow: RegExp | null = null

  private constructor(server: Server) {
    this.#listener = createServer((client) => {
      if (!this.#isOpen) return client.destroy()
      const upstream = connect(server.port, '127.0.0.1')
      this.#pass(client, upstream, true)
      this.#pass(upstream, client, false)
    })
  }

  static async before(server: Server): Promise<Proxy> {
    const proxy = new Proxy(server)
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`
  }

  /** Ends all connections; new ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.#isOpen = false
    this.cut()
  }

  open(): void {
    this.#isOpen = true
  }

  /** Once: the next request that matches reaches the server, and its answer is lost. */
  loseAnswerTo(request: RegExp): void {
    this.#swallow = request
  }

  async stop(): Promise<void> {
    this.close()
    await new Promise((resolve) => this.#listener.close(resolve))
  }

  #pass(from: Socket, to: Socket, isRequest: boolean): void {
    this.#sockets.add(from)
    from.on('data', (bytes) => {
      if (isRequest && this.#swallow?.test(bytes.toString('latin1'))) {
        this.#swallow = null
        to.removeAllListeners('data')
        to.once('data', () => from.destroy())
      }
      setTimeout(() => to.writable && to.write(bytes), this.delay)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      setTimeout(() => to.destroy(), this.delay)
    })
  }
}

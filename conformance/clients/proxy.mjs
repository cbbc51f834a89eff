// A TCP proxy that adds 100 ms to each round trip, and cuts all its connections when told to.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Of each way, in milliseconds. */
const DELAY = 50

export class Proxy {
  /** By the sockets of clients, those of the server. */
  #connections = new Map()
  #listener

  static async start(target) {
    const proxy = new Proxy()
    proxy.#listener = createServer((client) => proxy.#join(client, connect(target, '127.0.0.1')))
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    proxy.url = `http://127.0.0.1:${proxy.#listener.address().port}/graphql`
    return proxy
  }

  #join(client, server) {
    this.#connections.set(client, server)
    client.on('close', () => this.#connections.delete(client))
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true)
      from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), DELAY))
      from.on('end', () => setTimeout(() => to.end(), DELAY))
      from.on('error', () => to.destroy())
      from.on('close', () => setTimeout(() => to.destroy(), DELAY))
    }
  }

  /** Resets every connection, as a network that fails does, and returns how many there were. */
  cut() {
    const { size } = this.#connections
    for (const pair of this.#connections) pair.forEach((socket) => socket.resetAndDestroy())
    return size
  }

  close() {
    this.#listener.close()
    this.cut()
  }
}

// A model's server that thinks for a while, and writes slowly.
import { createServer, type Server as Listener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const WORDS = 'Take the road that asks more of you, and walk it slowly.'.split(' ')

export class Model {
  readonly #listener: Listener

  private constructor() {
    this.#listener = createServer((request, response) => {
      request.resume()
      request.on('end', async () => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const send = (delta: object, finish_reason: string | null = null) =>
          response.write(`data: ${JSON.stringify({ id: 'a', model: 'slow-1', choices: [{ index: 0, delta, finish_reason }] })}\n\n`)
        for (let thoughts = 0; thoughts < 6; thoughts++) {
          send({ reasoning_content: 'Two roads. ' })
          await sleep(500)
        }
        for (const word of WORDS) {
          send({ content: `${word} ` })
          await sleep(200)
        }
        send({}, 'stop')
        const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }
        response.end(`data: ${JSON.stringify({ id: 'a', model: 'slow-1', choices: [], usage })}\n\ndata: [DONE]\n\n`)
      })
    })
  }

  static async start(): Promise<Model> {
    const model = new Model()
    await new Promise<void>((resolve) => model.#listener.listen(0, '127.0.0.1', resolve))
    return model
  }

  get settings(): Record<string, string> {
    const { port } = this.#listener.address() as AddressInfo
    return { MODEL_BASE_URL: `http://127.0.0.1:${port}/v1`, MODEL_NAME: 'slow-1' }
  }

  async stop(): Promise<void> {
    this.#listener.closeAllConnections()
    await new Promise((resolve) => this.#listener.close(resolve))
  }
}

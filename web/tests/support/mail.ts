// A mail server that takes every message.
import { createServer, type AddressInfo, type Server as Listener } from 'node:net'

export class Mail {
  readonly #listener: Listener
  /** The texts of the messages, as they arrived. */
  readonly messages: string[] = []

  private constructor() {
    this.#listener = createServer((client) => {
      let text: string | null = null
      const say = (line: string) => client.write(`${line}\r\n`)
      let rest = ''
      client.on('data', (bytes) => {
        rest += bytes.toString()
        for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
          const line = rest.slice(0, end)
          rest = rest.slice(end + 2)
          if (text !== null && line !== '.') text += `${line}\n`
          else if (text !== null) {
            this.messages.push(text)
            text = null
            say('250 taken')
          } else if (/^DATA/i.test(line)) {
            text = ''
            say('354 go on')
          } else if (/^QUIT/i.test(line)) client.end('221 bye\r\n')
          else say('250 yes')
        }
      })
      client.on('error', () => {})
      say('220 mail.example.com')
    })
  }

  static async start(): Promise<Mail> {
    const mail = new Mail()
    await new Promise<void>((resolve) => mail.#listener.listen(0, '127.0.0.1', resolve))
    return mail
  }

  get settings(): Record<string, string> {
    const { port } = this.#listener.address() as AddressInfo
    return {
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'mula@example.com',
      APP_URL: 'https://mula.example.com',
    }
  }

  /** The path of the last link to this page: `/app/reset#token=…`. */
  link(page: string): string | undefined {
    const lines = this.messages.map((message) => message.replace(/=\n/g, '').replace(/=3D/g, '='))
    const found = lines.map((text) => new RegExp(`https://mula.example.com(/app/${page}#token=[\\w.-]+)`).exec(text)?.[1])
    return found.filter((link) => link !== undefined).at(-1)
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#listener.close(() => resolve()))
  }
}

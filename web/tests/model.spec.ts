import { answerOf, ask, ended, expect, expectStored, Proxy, register, Server, signIn, test } from './support/test'
import { Model } from './support/model'

type Asking = Proxy & { server: Server }

test.use({
  way: async ({}, use) => {
    const model = await Model.start()
    const server = await Server.start(model.settings)
    const way = Object.assign(await Proxy.before(server), { server })
    await use(way)
    await way.stop()
    await server.stop()
    await model.stop()
  },
  account: async ({ way }, use) => use(await register((way as Asking).server)),
})

test('a slow model is seen to think, then to write, and is named', async ({ page, way, account }) => {
  await signIn(page, account)
  const id = await ask(page, 'Which road do I take, of the two?')
  await expect(page.getByText('Legba is thinking.')).toBeVisible()
  await expect(page.getByText('Legba is answering.')).toBeVisible()
  await expect(answerOf(page)).not.toContainText('Two roads.')
  await ended(page)
  await expect(page.getByText('Written by an AI model: slow-1.')).toBeVisible()
  await expectStored(page, (way as Asking).server, account.token, id)
})

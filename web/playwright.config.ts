import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'tests',
  // One server and one browser at a time: what is tested is the client, not how many fit on a machine.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 40_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    locale: 'en-US',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
})

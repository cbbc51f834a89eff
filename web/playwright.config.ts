import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'tests',
  // Each has a server and a browser of its own. They wait half of the time: two take half as long as one.
  workers: 2,
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

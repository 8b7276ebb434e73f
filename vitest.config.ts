import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One PostgreSQL 15 and one 18 for the whole run; see test/support/servers.ts.
    globalSetup: ['test/support/global-setup.ts'],
    // Real PostgreSQL servers start and stop inside the tests.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: two files at a time leave the servers room.
    maxWorkers: 2,
  },
})

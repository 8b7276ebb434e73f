import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const files = globSync('test/**/*.test.ts')

/**
 * Whoever changes what belongs to the whole process, or plays a whole run, gets a process of its own; and whoever measures the memory
 * of a child: Linux counts the parent's into its peak.
 */
const alone = files.filter(
  (file) =>
    /^test\/(cli|local|faults)\//.test(file) || /\bvi\.|virtual-time|lane-process/.test(readFileSync(file, 'utf8')),
)

export default defineConfig({
  test: {
    // Real PostgreSQL servers start and stop inside the tests.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: two files at a time leave the servers room.
    maxWorkers: 2,
    // One PostgreSQL 15 and one 18 for each of the two; see test/support/servers.ts.
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      // Loading the modules anew for every file took half of the processor's time.
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: alone, isolate: false } },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
})

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// What the workers load, and the commands that tests start, is compiled and freed of its types once: half of a start's time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

const files = globSync('test/**/*.test.ts')

/** The command has its signals, its environment, and sessions that are kept from step to step. */
const commands = files.filter((file) => /^test\/(cli|local|faults)\//.test(file))

/**
 * Whoever changes what belongs to the whole process has one of its own: fakes of modules, globals and time, poolers at an address that
 * was a server's. So does who measures the memory of a child: Linux counts the parent's into its peak.
 */
const alone = files.filter(
  (file) =>
    !commands.includes(file) && /\bvi\.|virtual-time|lane-process|support\/pooler/.test(readFileSync(file, 'utf8')),
)

const ends = 'test/support/setup.ts'
const environment = 'test/support/setup-environment.ts'

export default defineConfig({
  test: {
    tags: [
      {
        name: 'long',
        description:
          'Takes several seconds: whole runs, pairs of versions, kills and cuts. A shorter relative stands for its kind in `npm test`; ' +
          '`npm run test:all` runs it too.',
      },
    ],
    // Real PostgreSQL servers start and stop inside the tests.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: two files at a time leave the servers room.
    maxWorkers: 2,
    // One PostgreSQL 15 and one 18 for each of the three; see test/support/servers.ts.
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      { extends: true, test: { name: 'commands', include: commands, setupFiles: [ends] } },
      { extends: true, test: { name: 'alone', include: alone, setupFiles: [environment, ends] } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...commands, ...alone],
          // Loading the modules anew for every file took a third of the processor's time and more.
          isolate: false,
          setupFiles: [environment, ends],
        },
      },
    ],
  },
})

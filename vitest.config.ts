import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// What the workers load, and the commands that tests start, is compiled and freed of its types once: half of a start's time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

const files = globSync('test/**/*.test.ts')

/** The command has its signals, its environment, and sessions that are kept from step to step. */
const commands = files.filter((file) => /^test\/(cli|local|faults)\//.test(file))

/** Rooms that compute, and reach neither a server nor a file: their own tests cover them, and a gate holds that. */
const pure = globSync([
  'test/core/{names,present,task}/*.test.ts',
  'test/core/existing/compare-columns.test.ts',
  'test/core/postgres/frames.test.ts',
  'test/core/stream/{fold,pgoutput}.test.ts',
  'test/stages/access/{cidr,plan}.test.ts',
  'test/stages/copy/{flight-size,throttle}.test.ts',
  'test/stages/copy/pace/{count-lanes,decide-pace}.test.ts',
  'test/stages/precheck/{concurrency,in-turns,score}.test.ts',
  'test/stages/report/{estimate,outcome}.test.ts',
  'test/stages/schema/{frames,older-syntax,select,toc-bytes}.test.ts',
  'test/stages/validate/drill-down.test.ts',
  'test/statemachine/*.test.ts',
])

/**
 * Whoever changes what belongs to the whole process has one of its own: fakes of modules, globals and time, poolers at an address that
 * was a server's. So does who measures the memory of a child: Linux counts the parent's into its peak.
 */
const alone = files.filter(
  (file) =>
    !commands.includes(file) &&
    !pure.includes(file) &&
    /\bvi\.|virtual-time|lane-process|support\/pooler/.test(readFileSync(file, 'utf8')),
)

const ends = 'test/support/setup.ts'
const environment = 'test/support/setup-environment.ts'
const globalSetup = ['test/support/global-setup.ts']

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
    coverage: {
      include: [
        'lambdas/core/{documents,names,present,task}/**/*.ts',
        'lambdas/core/existing/compare-columns.ts',
        'lambdas/core/postgres/wire/{frames,growing-bytes}.ts',
        'lambdas/core/stream/{fold,lsn,pgoutput}.ts',
        'lambdas/stages/access/{normalise,plan}.ts',
        'lambdas/stages/copy/lane/flight-size.ts',
        'lambdas/stages/copy/pace/{count-lanes,decide-pace,throttle}.ts',
        'lambdas/stages/precheck/{in-turns,score}.ts',
        'lambdas/stages/report/{estimate,outcome}.ts',
        'lambdas/stages/schema/toc/*.ts',
        'lambdas/stages/schema/pgdump/frames.ts',
        'lambdas/stages/validate/drill-down/compare-*.ts',
        'statemachine/**/*.ts',
      ],
      // What asks a catalogue or reads a file has tests of its own elsewhere.
      exclude: [
        'lambdas/core/names/{catalogue,column-needs}.ts',
        'lambdas/core/present/costs.ts',
        'lambdas/stages/validate/drill-down/compare-large-objects.ts',
        '**/*.sql',
      ],
      reporter: ['text-summary'],
      thresholds: { lines: 96, functions: 95, branches: 90 },
    },
    projects: [
      { extends: true, test: { name: 'pure', include: pure, isolate: false, setupFiles: [environment, ends] } },
      // One PostgreSQL 15 and one 18 for each of these three; see test/support/servers.ts.
      { extends: true, test: { name: 'commands', include: commands, setupFiles: [ends], globalSetup } },
      { extends: true, test: { name: 'alone', include: alone, setupFiles: [environment, ends], globalSetup } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...pure, ...commands, ...alone],
          // Loading the modules anew for every file took a third of the processor's time and more.
          isolate: false,
          setupFiles: [environment, ends],
          globalSetup,
        },
      },
    ],
  },
})

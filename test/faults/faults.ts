/** `npm run faults`: migrations to which something is done, and judges that must find nothing. See docs/faults.md. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { KINDS, readCase, readDdlCase } from './case.ts'
import { readFollowCase } from './follow/case.ts'
import type { CaseResult } from './run-case.ts'
import { runCases } from './run-cases.ts'

const USAGE = `npm run faults -- [options]

  --kind K      one kind of fault: ${KINDS.join(', ')}
  --from N      the first seed (1)
  --seeds N     how many (200)
  --seed N      this one; may be given again
  --jobs N      migrations at once (2)
  --minutes N   begin none after so long
  --verbose     every answer of every step
`

const { values } = readOptions({
  options: {
    help: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string', multiple: true },
    kind: { type: 'string' },
    minutes: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

/** A table that is missing is missing in many ways. */
const MOST_PROBLEMS = 40

const first = Number(values.from)
const wanted = values.seed?.map(Number) ?? Array.from({ length: Number(values.seeds) }, (_, index) => first + index)
const cases =
  values.kind === 'follow'
    ? wanted.map(readFollowCase)
    : wanted
        .map(values.kind === 'ddl' ? readDdlCase : readCase)
        .filter(({ kind }) => values.kind === undefined || kind === values.kind)
const until = values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000

// Ending in order takes the servers and the migrations along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const results: CaseResult[] = []
await runCases(cases, {
  jobs: Number(values.jobs),
  until,
  tell: (result) => {
    results.push(result)
    print(result)
  },
})
summarise()
process.exit(results.some(({ problems }) => problems.length > 0) || results.length === 0 ? 1 : 0)

/** A command line that is wrong ends with what it may be, not with a stack. */
function readOptions<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`)
    process.exit(2)
  }
}

function print({ case: { kind, seed }, done, hit, seconds, problems, answers }: CaseResult): void {
  const verdict = problems.length > 0 ? 'WRONG ' : hit ? 'equal ' : 'missed'
  const line = [kind.padEnd(20), String(seed).padStart(4), verdict, `${seconds.toFixed(1).padStart(5)} s`, done]
  process.stdout.write(`${line.join('  ')}\n`)
  if (values.verbose || problems.length > 0) for (const answer of answers) process.stdout.write(`      ${answer}\n`)
  const shown = values.verbose ? problems : problems.slice(0, MOST_PROBLEMS)
  for (const problem of shown) process.stdout.write(`    ${problem}\n`)
  if (shown.length < problems.length)
    process.stdout.write(`    … and ${problems.length - shown.length} lines more (--verbose)\n`)
}

function summarise(): void {
  process.stdout.write('\nkind                  cases  equal  missed  wrong  median s\n')
  for (const kind of [...KINDS, 'all'] as const) {
    const own = results.filter((result) => kind === 'all' || result.case.kind === kind)
    const wrong = own.filter(({ problems }) => problems.length > 0).length
    const missed = own.filter(({ problems, hit }) => problems.length === 0 && !hit).length
    const median = own.map(({ seconds }) => seconds).sort((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0
    const cells = [own.length, own.length - wrong - missed, missed, wrong]
      .map((count) => String(count).padStart(5))
      .join('  ')
    process.stdout.write(`${kind.padEnd(20)}  ${cells}  ${median.toFixed(1).padStart(8)}\n`)
  }
}

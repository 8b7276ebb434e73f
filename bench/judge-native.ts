/**
 * For a developer's machine with native client programs: what does the installed pg_dump say about two databases?
 *
 *     node bench/judge-native.ts postgres://user:password@host:port/source postgres://…/destination
 *
 * Prints the statements that only one side has; exit status 1 if there are any. No test needs it: the tests' judge uses
 * pg_dump out of npm.
 */
import { spawnSync } from 'node:child_process'
import { compareSchemaTexts } from '../test/support/judges/schema-text.ts'

const [source, destination] = process.argv.slice(2)
if (source === undefined || destination === undefined) {
  process.stderr.write('usage: node bench/judge-native.ts SOURCE_URL DESTINATION_URL\n')
  process.exit(2)
}
const differences = compareSchemaTexts(dump(source), dump(destination))
for (const line of differences) process.stdout.write(`${line}\n`)
process.exit(differences.length > 0 ? 1 : 0)

function dump(url: string): string {
  const run = spawnSync('pg_dump', ['-s', '--no-owner', `--dbname=${url}`], { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (run.status === 0) return run.stdout
  process.stderr.write(run.error === undefined ? run.stderr : `pg_dump: ${run.error.message}\n`)
  return process.exit(2)
}

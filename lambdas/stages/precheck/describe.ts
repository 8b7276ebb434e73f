import type { Check } from './check.ts'
import type { Level } from './check-description.ts'
import { codesOf } from './codes.ts'

const HEAD = `# Prechecks

<!-- Written by scripts/write-prechecks.ts: change the checks, not this page. -->

Before anything is written, Sampan asks what would make the migration fail later. An **error** refuses the task. A
**warning** refuses it too, until its code stands in \`precheck.acknowledge\` of the task. An **info** only tells. The
score is the share of checks with nothing in the way, in percent; acknowledged warnings do not lower it.

`

const TITLES: Readonly<Record<Level, string>> = { error: 'Errors', warning: 'Warnings', info: 'Infos' }

/** The page of all checks, by level, as Markdown. */
export function describeChecks(checks: readonly Check[]): string {
  const parts = (['error', 'warning', 'info'] as const).map((level) => {
    const rows = checks.filter((check) => check.level === level).flatMap(rowsOf)
    return `## ${TITLES[level]}\n\n${table([['Code', 'Side', 'What it means', 'What to do'], ...rows])}`
  })
  return HEAD + parts.join('\n')
}

function rowsOf(check: Check): readonly (readonly string[])[] {
  return codesOf(check).map(({ code, cause, remedy }) => [`\`${code}\``, check.side, cause, remedy])
}

/** Columns of one width each, as the formatter wants them. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((text) => text.replaceAll('|', '\\|')))
  const [head = [], ...body] = cells
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('')
}

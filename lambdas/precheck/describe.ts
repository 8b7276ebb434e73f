import type { Check, Level } from './check.ts'
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
    return `## ${TITLES[level]}\n\n| Code | Side | What it means | What to do |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return HEAD + parts.join('\n')
}

function rowsOf(check: Check): readonly string[] {
  return codesOf(check).map(({ code, cause, remedy }) => {
    return `| \`${code}\` | ${check.side} | ${cell(cause)} | ${cell(remedy)} |`
  })
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

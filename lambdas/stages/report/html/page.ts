import { Html, html } from '../../../core/present/html.ts'
import { style } from '../../../core/present/page-style.ts'
import type { DatabaseReport, Report } from '../model.ts'
import { accessCard } from './access-card.ts'
import { databaseCard } from './database-card.ts'
import { databasesCard, needsAttention } from './databases-card.ts'
import { timeText } from './format.ts'
import { opening } from './opening.ts'
import { precheckCard } from './precheck-card.ts'
import { taskCard } from './task-card.ts'

/** So many databases are told one below the other; of more there is a table, and cards of these many. */
const SIDE_BY_SIDE = 5
const CARDS = 20

/**
 * The report as a page of its own: no script, nothing loaded from anywhere (the policy in it says so to the browser),
 * readable by eyes and by screen readers, light or dark as the reader's system is.
 */
export function reportPage(report: Report): string {
  // Where the checks are what the run came to, they come first.
  const stopped = report.status === 'refused' || report.status === 'prechecked'
  // Among many databases the reader looks for those that failed.
  const ran = report.databases
    .filter(({ status }) => status !== 'not-run')
    .toSorted((one, other) => rank(one) - rank(other))
  const many = ran.length > SIDE_BY_SIDE
  const shown = many
    ? ran.toSorted((one, other) => rank(one) - rank(other) || other.totals.bytes - one.totals.bytes).slice(0, CARDS)
    : ran
  const several = report.databases.length > 1
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>${report.run}: ${report.status}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${opening(report)}
${many ? databasesCard(ran, shown.length) : null}
${shown.map((database) => databaseCard(database, several))}
${stopped ? precheckCard(report) : null}
${accessCard(report)}
${stopped ? null : precheckCard(report)}
${taskCard(report)}
<footer>Made by Sampan, ${timeText(report.finishedAt)}. The same facts for programs: report.json beside this page.</footer>
</main>
</body>
</html>
`.text
}

function rank(database: DatabaseReport): number {
  return database.status === 'failed' ? 0 : needsAttention(database) ? 1 : 2
}

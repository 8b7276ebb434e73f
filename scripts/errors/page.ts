import type { Catalogue, CatalogueEntry } from '../../cli/errors/catalogue.ts'
import { AREAS } from './areas.ts'

const HEAD = `# Errors

<!-- Written by scripts/write-errors.ts from the sources: change the errors there, not this page. -->

Every code that Sampan prints, with its cause and its remedy; \`sampan explain CODE\` shows the same. \`{…}\` stands for what only the run
knows. Codes that begin with \`SRC_\` speak of the source, with \`DST_\` of the destination. A **check** is a finding of the precheck
([prechecks.md](prechecks.md)), a **note** stops nothing. Statements are to be filled in where they have \`{…}\`, and run on PostgreSQL 10 to 18.

`

/** The page of all codes, by area, as Markdown. */
export function describeErrors({ entries, logOnly }: Catalogue): string {
  const parts = AREAS.map((area) => [area, entries.filter((entry) => entry.area === area)] as const)
  const places = parts.map(([area, own]) => `- [${area}](#${anchor(area)}) (${own.length})\n`).join('')
  const sections = parts.map(([area, own]) => `## ${area}\n\n${own.map(section).join('\n')}`)
  const events = logOnly.map((code) => `\`${code}\``).join(', ')
  return `${HEAD}${places}\n${sections.join('\n')}\n## Only in the log\n\nEvents of \`log.jsonl\` that nobody needs to act on: ${events}.\n`
}

const anchor = (area: string): string => area.toLowerCase().replaceAll(' ', '-')

function section({ code, kind, level, cases, on, look, mend, commands }: CatalogueEntry): string {
  const tag = kind === 'error' ? '' : kind === 'check' ? ` (check, ${level})` : ' (note)'
  const said = cases.map(({ cause, remedy }) => `- ${asText(cause)}\\\n  → ${asText(remedy)}\n`).join('')
  const where = on === undefined ? '' : on === 'both' ? ' on both servers' : ` on the ${on}`
  return [
    `### ${code}\n\n${tag === '' ? '' : `_${tag.trim().slice(1, -1)}_\n\n`}${said}`,
    block(
      `Look${where}`,
      'sql',
      look?.map((one) => `${one};`),
    ),
    block(
      'Mend',
      'sql',
      mend?.map((one) => `${one};`),
    ),
    block('By command', 'text', commands),
  ].join('')
}

function block(title: string, language: string, lines: readonly string[] | undefined): string {
  return lines === undefined ? '' : `\n${title}:\n\n\`\`\`${language}\n${lines.join('\n')}\n\`\`\`\n`
}

/** Text that Markdown shall show as it is. */
const asText = (text: string): string => text.replaceAll(/[*_<>[\]|\\]/g, '\\$&')

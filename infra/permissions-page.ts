import { FUNCTION_SETTINGS } from './function-settings.ts'
import { type MadePage, row, write } from './made-page.ts'
import { WILDCARD_REASONS, WILDCARD_REASONS_OF_CDK } from './wildcards.ts'

/** Which function may do what, and why a policy has a `*`: the tables of docs/permissions.md. */
export const permissionsPage: MadePage = {
  page: 'permissions.md',
  make: () =>
    [
      row('Function', 'Rights beyond its log and its trace', 'in the VPC'),
      row('---', '---', '---'),
      ...Object.entries(FUNCTION_SETTINGS).map(([name, { rights, inVpc }]) =>
        row(name.replace(/Function$/, ''), rights.map((right) => `\`${right}\``).join(', '), inVpc ? 'yes' : 'no'),
      ),
      '',
      row('Statement', 'Why it has a `*`'),
      row('---', '---'),
      ...[...Object.entries(WILDCARD_REASONS), ...Object.entries(WILDCARD_REASONS_OF_CDK)].map(([statement, reason]) =>
        row(`\`${statement}\``, reason),
      ),
    ].join('\n'),
}

if (import.meta.main) write(permissionsPage)

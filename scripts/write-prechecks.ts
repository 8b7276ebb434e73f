/** Writes docs/prechecks.md, the table of all prechecks. Run it after a check was added or reworded. */
import { writeFileSync } from 'node:fs'
import { describeChecks } from '../lambdas/stages/precheck/describe.ts'
import { checks } from '../lambdas/stages/precheck/registry.ts'

writeFileSync(new URL('../docs/prechecks.md', import.meta.url), describeChecks(checks))

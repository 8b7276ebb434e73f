import { migrations } from '../../../core/ledger/migrations.ts'
import type { LedgerRun } from '../../../core/ledger/presence.ts'
import { taskFingerprint } from '../../../core/ledger/run.ts'
import { DAMAGED_REMEDY } from '../../../core/postgres/errors.ts'
import { type Check, passed } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { ledgerFacts } from '../facts/ledger.ts'

export const runSealed: Check = {
  code: 'RUN_SEALED',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['destination'],
  title: 'no other task of this name has been completed here',
  cause: 'another task of this name was completed and sealed: its destination is not written to again',
  remedy: 'for a new migration give the task another name and an empty destination',
  async run(context) {
    const { run } = await context.fact(ledgerFacts)
    if (run?.state !== 'sealed' || isSameTask(context, run)) return passed
    return [{ cause: `another task named "${context.event.run.id}" was completed at ${run.sealedAt}` }]
  },
}

export const runCompleted: Check = {
  code: 'RUN_COMPLETED',
  side: 'destination',
  level: 'info',
  scope: 'database',
  needs: ['destination'],
  title: 'this task has not been completed before',
  cause: 'this very task was completed and sealed: the database is left as it is',
  remedy: 'for a new migration give the task another name and an empty destination',
  async run(context) {
    const { run } = await context.fact(ledgerFacts)
    if (run?.state !== 'sealed' || !isSameTask(context, run)) return passed
    return [{ cause: `this task was completed at ${run.sealedAt}: the database is left as it is` }]
  },
}

function isSameTask({ event, database }: CheckContext, run: LedgerRun): boolean {
  const { name, as } = database
  return event.endpoints !== null && run.fingerprint === taskFingerprint(event.task, event.endpoints, { name, as })
}

export const taskChanged: Check = {
  code: 'RUN_TASK_CHANGED',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['destination'],
  title: 'an open run of this name was started by the same task',
  cause: 'an open run has this name, but its source, databases or selection were different',
  remedy: 'start the task as it was, or give the changed one another name and an empty destination',
  async run(context) {
    const { run } = await context.fact(ledgerFacts)
    if (run?.state !== 'open' || !run.planned || isSameTask(context, run)) return passed
    return [{ cause: `the open run "${context.event.run.id}" was started by a different task` }]
  },
}

export const ledgerUnusable: Check = {
  code: 'LEDGER_UNUSABLE',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['destination'],
  title: 'the schema "sampan" of the destination is Sampan’s, of a version it knows, and whole',
  cause: 'the schema "sampan" in the destination is somebody else’s, or a newer Sampan’s, or rows of it were deleted',
  remedy:
    'rename a schema of your own; run the newer Sampan, or, where its runs are over, drop the schema there, and of what they have migrated what is in the way',
  async run(context) {
    const { schemaPresent, version, run } = await context.fact(ledgerFacts)
    if (version !== null && version > migrations.length) {
      return [{ cause: `the ledger has migration ${version}, this Sampan knows ${migrations.length}` }]
    }
    if (run?.state === 'open' && run.damage !== null) {
      return [{ cause: `somebody has deleted rows of the ledger: ${run.damage}`, remedy: DAMAGED_REMEDY }]
    }
    if (!schemaPresent || version !== null) return passed
    return [{ cause: 'the schema "sampan" in the destination is not a ledger' }]
  },
}

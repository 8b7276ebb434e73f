import { type LedgerPresence, NO_LEDGER, readPresence } from '../../../core/ledger/presence.ts'
import type { CheckContext } from '../context.ts'

/** What the ledger of the destination database says about this run; a destination that is still to be made has none. */
export async function ledgerFacts(context: CheckContext): Promise<LedgerPresence> {
  return context.destinationMissing ? NO_LEDGER : readPresence(context.destination, context.event.run.id)
}

/** Has this run been in this database already? Then what it made there is no conflict. */
export async function runIsKnown(context: CheckContext): Promise<boolean> {
  return (await context.fact(ledgerFacts)).run !== null
}

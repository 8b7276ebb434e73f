import { ANOTHER_SERVER, findUnlike } from '../../../core/ledger/source-server.ts'
import { type Check, passed } from '../check.ts'
import { ledgerFacts } from '../facts/ledger.ts'

export const anotherServer: Check = {
  code: ANOTHER_SERVER,
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'the source of a run that goes on is the server it began with',
  cause: 'the name of the source leads to another server, or an older state of it, than when this run began',
  remedy:
    'have it lead to the server of before; or acknowledge this code: until all rows are copied, what came is compared with this server',
  async run(context) {
    const { run } = await context.fact(ledgerFacts)
    if (run?.state !== 'open' || !run.planned) return passed
    const unlike = await findUnlike(context.source, context.destination, context.event.run.id)
    return unlike === null ? passed : [unlike]
  },
}

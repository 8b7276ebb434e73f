import { type Check, passed } from '../check.ts'
import { CannotRun } from '../context.ts'
import { destinationRole } from '../facts/role.ts'

/** A standard account can migrate what it owns; what only a privileged one may do is told by its own checks. */
export const accountStandard: Check = {
  code: 'DST_ACCOUNT_STANDARD',
  side: 'destination',
  level: 'info',
  scope: 'task',
  needs: ['destination'],
  title: 'the account is a privileged account of the ApsaraDB instance',
  cause: 'the account is a standard account: it cannot create extensions, event triggers and LEAKPROOF functions',
  remedy: 'nothing to do if the databases need none of these; else log in as a privileged account (console, Accounts)',
  async run(context) {
    const { destination } = context.instances
    if (destination === null) throw new CannotRun('irrelevant', 'the destination is not given as an ApsaraDB instance')
    const { accounts } = destination
    if (!accounts) throw new CannotRun('unknown', 'the access key may not list the accounts (rds:DescribeAccounts)')
    const { name } = await context.fact(destinationRole)
    const account = accounts.find((each) => each.name === name)
    // One that SQL made does not show in the console.
    if (account === undefined) return [{ cause: `${name} is none of the console’s accounts: it is not privileged` }]
    return account.type === 'Super' ? passed : [{ cause: `${name} is a standard account of ${destination.instance}` }]
  },
}

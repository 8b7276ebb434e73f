import { type Check, count, findingOf, passed } from '../check.ts'
import { madeRoles } from '../facts/role.ts'
import { shownName } from '../facts/sql.ts'

export const rolesNotCreatable: Check = {
  code: 'ROLES_NOT_CREATABLE',
  side: 'destination',
  level: 'error',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the account may make the roles that the task wants made',
  cause: '"roles" of the task wants roles made that the destination lacks, and its account may not make roles',
  remedy:
    'grant the account CREATEROLE (a privileged account of ApsaraDB has it), make the roles by hand, or write "drop" in place of "create"',
  async run(context) {
    const { names, may } = await context.fact(madeRoles)
    if (may) return passed
    return findingOf(
      names.map((name) => shownName(name)),
      (number) => `the account may not make ${count(number, 'role')} that the task wants made`,
    )
  },
}

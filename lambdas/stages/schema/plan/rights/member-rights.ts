import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { unquoteIdentifier, withoutKeywordQuotes } from '../../../../core/postgres/identifiers.ts'
import type { SourceRights } from '../../../../core/structure/rights.ts'
import { prefixOf } from './rights-along.ts'

/** What pg_dump calls the objects of a kind where it gives rights on them. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ view: 'TABLE', 'materialized view': 'TABLE', 'foreign table': 'TABLE', aggregate: 'FUNCTION' },
  server: 'FOREIGN SERVER',
}

/**
 * The planned object that gives the rights on a member of an extension: in the archive it depends on nothing, and is known by its name, which has its quotes there. Null where
 * the plan has none, or leaves it out.
 */
export function aclOfMember(
  objects: readonly PlannedObject[],
  { kind, identity }: Pick<SourceRights, 'kind' | 'identity'>,
): PlannedObject | null {
  const prefix = prefixOf(identity)
  const schema = prefix === '' ? null : unquoteIdentifier(prefix.slice(0, -1))
  const name = `${WORDS[kind] ?? kind.toUpperCase().replace('-', ' ')} ${identity.slice(prefix.length)}`
  const found = objects.find(
    (object) =>
      object.kind === 'ACL' &&
      object.status === 'pending' &&
      alike(object.name) === alike(name) &&
      object.schema === schema,
  )
  return found ?? null
}

/** pg_dump writes `f(a, b)`, the server `f(a,b)`; and each quotes the key words that it knows. */
function alike(name: string): string {
  return withoutKeywordQuotes(name.replaceAll(', ', ','))
}

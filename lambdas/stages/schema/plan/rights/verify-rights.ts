import { type RequiredRights, requireRightsSql } from '../../../../core/ledger/calls.ts'
import { splitStatements, wordsOf } from '../statements.ts'

const STATEMENT =
  /^(?<verb>GRANT|REVOKE) (?<option>GRANT OPTION FOR )?(?<privileges>[A-Z].*?) ON (?<kind>TABLE|SEQUENCE|FUNCTION|PROCEDURE|SCHEMA|LANGUAGE|TYPE|FOREIGN DATA WRAPPER|FOREIGN SERVER) (?<target>.+) (?:TO|FROM) (?<grantee>"(?:[^"]|"")+"|[^\s"]+)(?<grantable> WITH GRANT OPTION)?$/s
const PRIVILEGE = /(?<name>[A-Z]+)(?: ?\((?<column>"(?:[^"]|"")+"|[^")]+)\))?/g

/** What is to be seen of one grantee when all statements are through. */
interface Wanted extends RequiredRights {
  readonly held: Set<string>
  /** Everything, or what was taken. */
  readonly lacking: Set<string>
}

/**
 * The statements of an ACL, and behind them the question whether they have taken effect: PostgreSQL only warns where the account may
 * not give or take a right (01006, 01007). For objects that are the server's or an extension's; what the run makes is the
 * account's own.
 */
export function verified(sql: string): string {
  const checks = wantedOf(sql).map((wanted) => `${requireRightsSql(wanted)};\n`)
  return sql + checks.join('')
}

function wantedOf(sql: string): readonly Wanted[] {
  const wanted = new Map<string, Wanted>()
  for (const statement of splitStatements(sql)) {
    const found = STATEMENT.exec(statement)?.groups
    if (found === undefined) continue
    const { verb, option, privileges = '', kind = '', target = '', grantee = '', grantable } = found
    const role = nameOf(grantee)
    for (const { groups } of privileges.matchAll(PRIVILEGE)) {
      const column = groups?.column === undefined ? null : nameOf(groups.column)
      const key = JSON.stringify([kind, target, column, role])
      const one = wanted.get(key) ?? { kind, target, column, grantee: role, held: new Set(), lacking: new Set() }
      wanted.set(key, one)
      const name = groups?.name ?? ''
      // Who may give a right on has the right itself too: `X*` stands for both.
      if (verb === 'REVOKE') one.lacking.add(option === undefined ? name : `${name}*`)
      else {
        one.held.add(grantable === undefined ? name : `${name}*`)
        one.lacking.delete(name)
      }
    }
  }
  return [...wanted.values()]
}

/** Without its quotes; null for PUBLIC. */
function nameOf(written: string): string | null {
  const [word] = wordsOf(written)
  return word === undefined || (!word.quoted && word.text === 'PUBLIC') ? null : word.text
}

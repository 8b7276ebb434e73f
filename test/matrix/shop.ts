import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { ask } from '../faults/ask.ts'
import type { Database } from './matrix.ts'

type Wishes = TaskInput['databases'][number]

export const NAMES: Partial<Wishes> = {
  names: { case: 'upper', schemas: { shop: 'Laden' } },
  tables: { 'shop.orders': { as: 'Bestellungen', columns: { customer: { as: 'Kunde' } } } },
}

export const TABLES: NonNullable<Wishes['tables']> = {
  'shop.customers': { where: 'id % 3 > 0' },
  'shop.orders': { where: 'amount > 10', keys: { customer: 'follow' } },
  'shop.events': { where: `at >= date '2025-06-01'` },
}

/** A query of each end, whose answers are to be equal: rows by their texts, and what depends on the names. */
const QUERIES: Readonly<Record<'names' | 'filters', readonly (readonly [source: string, destination: string])[]>> = {
  names: [
    [
      'SELECT id, customer, state, amount FROM shop.orders',
      'SELECT "ID", "Kunde", "STATE", "AMOUNT" FROM "Laden"."Bestellungen"',
    ],
    ['SELECT id, name, since FROM shop.customers', 'SELECT "ID", "NAME", "SINCE" FROM "Laden"."CUSTOMERS"'],
    ['SELECT id, at, what FROM shop.events', 'SELECT "ID", "AT", "WHAT" FROM "Laden"."EVENTS"'],
    ['SELECT body FROM shop.notes', 'SELECT "BODY" FROM "Laden"."NOTES"'],
    ['SELECT id, name FROM shop.open', 'SELECT "ID", "NAME" FROM "Laden"."OPEN"'],
    ['SELECT customer, amount FROM shop.totals', 'SELECT "CUSTOMER", "AMOUNT" FROM "Laden"."TOTALS"'],
  ],
  filters: [
    ['SELECT * FROM shop.customers WHERE mod(id, 3) <> 0', 'SELECT * FROM shop.customers'],
    [
      'SELECT o.* FROM shop.orders o JOIN shop.customers c ON c.id = o.customer WHERE amount > 10 AND mod(c.id, 3) <> 0',
      'SELECT * FROM shop.orders',
    ],
    [`SELECT * FROM shop.events WHERE at > '2025-05-31'`, 'SELECT * FROM shop.events'],
    ['SELECT * FROM shop.notes', 'SELECT * FROM shop.notes'],
    ['SELECT 1 WHERE true', `SELECT 1 FROM pg_constraint WHERE conname = 'customer' AND convalidated`],
  ],
}

export async function differencesOfShop(
  source: Database,
  destination: Database,
  kind: 'names' | 'filters',
): Promise<readonly string[]> {
  const digest = async ({ connection }: Database, query: string) => {
    const [row] = await ask(
      connection,
      connection.database,
      `SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(one, ',' ORDER BY one COLLATE "C")), '') AS digest
         FROM (SELECT ROW(q.*)::text AS one FROM (${query}) q) rows`,
    )
    return row?.digest
  }
  const found: string[] = []
  for (const [here, there] of QUERIES[kind]) {
    const [left, right] = [await digest(source, here), await digest(destination, there)]
    if (left !== right || left?.startsWith('0 ')) found.push(`${here}: ${left}; ${there}: ${right}`)
  }
  return found
}

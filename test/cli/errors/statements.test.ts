import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readCatalogue } from '../../../cli/errors/catalogue.ts'
import { adoptDatabase, adoptRole, createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const { entries } = readCatalogue()
const statements = [...new Set(entries.flatMap(({ look = [], mend = [] }) => [...look, ...mend]))]

/** Roles belong to the whole server. */
const suffix = randomBytes(4).toString('hex')
const values: Readonly<Record<string, string>> = {
  schema: 'shop',
  table: 'orders',
  index: 'orders_state',
  sequence: 'numbers',
  constraint: 'positive',
  condition: 'id > 0',
  value: '7',
  // Nobody’s.
  pid: '2147483647',
  slot: 'no_such_slot',
  extension: 'plpgsql',
  'event trigger': `watch_${suffix}`,
  user: `reader_${suffix}`,
  role: `owner_${suffix}`,
  'new role': `made_${suffix}`,
  'new database': `made_${suffix}`,
}

const SCHEMA = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.orders (id integer PRIMARY KEY, state text, CONSTRAINT positive CHECK (id > 0));
  CREATE INDEX orders_state ON shop.orders (state);
  CREATE SEQUENCE shop.numbers;
  CREATE ROLE ${values.user};
  CREATE ROLE ${values.role};
  CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER ${values['event trigger']} ON ddl_command_end EXECUTE PROCEDURE shop.watch()`

/** The PostgreSQL 10 of npm has control files of a newer version among its own, and cannot list its extensions. */
const isOfPackage = (message: string): boolean => /^unrecognized parameter "trusted" in file /.test(message)

describe.each([10, 15, 18] as const)('on PostgreSQL %i', (major) => {
  test('every statement that an error names runs as it is written', async () => {
    const server = major === 10 ? await oldestServer() : sharedServer(major)
    const database = await createDatabase(server, SCHEMA)
    for (const name of [values.user, values.role]) adoptRole(server, name ?? '')
    const client = await database.connect()
    const failed: string[] = []
    for (const statement of statements) {
      const sql = statement.replaceAll(/\{([^}]*)\}/g, (whole, name) =>
        name === 'database' ? database.name : (values[name] ?? whole),
      )
      const alone = sql.startsWith('CREATE DATABASE')
      try {
        if (!alone) await client.query('BEGIN')
        await client.query(sql)
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown)
        if (!isOfPackage(message)) failed.push(`${sql}: ${message}`)
      }
      await client.query('ROLLBACK')
      if (alone) adoptDatabase(server, values['new database'] ?? '')
    }
    expect(failed).toEqual([])
    expect(statements.length).toBeGreaterThan(50)
  })
})

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** How the loader reaches a server; `startServer` gives one. */
export interface SampleServer {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
}

export interface Sample {
  readonly database: string
  readonly tables: number
  readonly rows: number
}

const folder = new URL('sample/', import.meta.url)

/**
 * Makes the sample database, a shop with about 200,000 rows: the same rows every time, in some seconds.
 * One that is followed has no large objects, which are in no stream of changes.
 * The roles its rights speak of are made too; the destination needs them as well: see `createSampleRoles`.
 */
export async function loadSample(server: SampleServer, database = 'shop', followed = false): Promise<Sample> {
  await createSampleRoles(server)
  await withClient(server, 'postgres', async (client) => {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} TEMPLATE template0`)
  })
  return withClient(server, database, async (client) => {
    const scripts = (await readdir(folder)).filter((name) => /^\d+-.*\.sql$/.test(name)).toSorted()
    for (const script of scripts) await client.query(await readScript(script))
    if (followed) await client.query('SELECT lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata')
    return { database, ...(await count(client)) }
  })
}

/** Roles belong to a server, not to a database, and are not migrated: whoever prepares a destination makes them there. */
export async function createSampleRoles(server: SampleServer): Promise<void> {
  await withClient(server, 'postgres', async (client) => {
    await client.query(await readScript('roles.sql'))
  })
}

function readScript(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(name, folder)), 'utf8')
}

/** Tables that hold rows themselves (a partitioned table's partitions, not the table), and their rows. */
async function count(client: pg.Client): Promise<{ tables: number; rows: number }> {
  const { rows } = await client.query<{ tables: string; rows: string }>(`
    SELECT count(*) AS tables,
      sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %s', c.oid::regclass), true, true, '')))[1]::text::bigint) AS rows
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`)
  return { tables: Number(rows[0]?.tables), rows: Number(rows[0]?.rows) }
}

async function withClient<Result>(
  server: SampleServer,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database, application_name: 'sampan sample' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

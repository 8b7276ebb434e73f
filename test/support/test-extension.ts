import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { atFileEnd } from './file-end.ts'
import type { ServerAddress } from './servers.ts'

/** An extension's own files, which no test finds among those that come with a server. */
export interface TestExtension {
  readonly name: string
  readonly script: string
  /** More lines of its control file. */
  readonly control?: string
}

/** Lays an extension among those of a server, so that CREATE EXTENSION finds it; it is taken away when the file ends. */
export async function putExtension(server: ServerAddress, extension: TestExtension): Promise<void> {
  const { name, script, control = '' } = extension
  const directory = join(await shareOf(server), 'extension')
  await write(join(directory, `${name}.control`), `default_version = '1'\nrelocatable = false\n${control}\n`)
  await write(join(directory, `${name}--1.sql`), script)
}

async function write(path: string, text: string): Promise<void> {
  atFileEnd(() => rm(path, { force: true }))
  await writeFile(path, text)
}

async function shareOf({ host, port, superuser: user, password }: ServerAddress): Promise<string> {
  const client = new pg.Client({ host, port, user, password, database: 'postgres', application_name: 'test' })
  await client.connect()
  try {
    const { rows } = await client.query<{ setting: string }>(`SELECT setting FROM pg_config WHERE name = 'SHAREDIR'`)
    return rows[0]?.setting ?? ''
  } finally {
    await client.end()
  }
}

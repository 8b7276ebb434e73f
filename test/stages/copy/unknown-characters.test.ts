import { expect, test } from 'vitest'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

test.each([
  ['WIN1252', 'UTF8', `'x' || chr(129)`, 'UTF8', String.raw`[\x81\x8d\x8f-\x90\x9d]`],
  ['EUC_JP', 'EUC_JP', String.raw`convert_from('\xf5a1', 'EUC_JP')`, 'UTF8', undefined],
  ['SQL_ASCII', 'UTF8', String.raw`convert_from('\x78ff', 'SQL_ASCII')`, 'SQL_ASCII', undefined],
])(
  'bytes of %s that are no character there are told at once, by table and column, and the rows are found by the remedy',
  {
    tags: 'long',
    timeout: 120_000,
  },
  async (from, to, bad, asked, lacking) => {
    const source = await createDatabase(
      sharedServer(15),
      `SET client_encoding = '${asked}'; CREATE TABLE fine (id int, t text); INSERT INTO fine SELECT g, 'u' || g FROM generate_series(1, 1000) g;
     CREATE TABLE "Bad" (id int PRIMARY KEY, n int, b bytea, t text, "In it" varchar, v text[]);
     INSERT INTO "Bad" SELECT g, g, '\\x81', 'a', CASE WHEN g IN (7, 777) THEN ${bad} ELSE 'e' END, NULL FROM generate_series(1, 1000) g`,
      `ENCODING '${from}' LOCALE 'C'`,
    )
    const destination = await createDatabase(sharedServer(18), '', `ENCODING '${to}' LOCALE 'C'`)
    const name = 'unknown-characters'
    const precheck = { acknowledge: ['DST_VERSION_DIFFERS', 'ENCODING_SQL_ASCII'] }
    const failed = await migrate(source, destination, { name, precheck, lanes: 1 })
    const { error, tables } = failed.report.databases[0] ?? {}
    const there = from === 'SQL_ASCII' ? 'UTF8' : from
    const place = String.raw`\(\d+,\d+\)`
    expect(error).toMatchObject({
      code: 'SRC_CHARACTERS_UNKNOWN',
      message: expect.stringMatching(
        new RegExp(
          `^public.Bad cannot be copied: on the source its column In it holds bytes that are no character in ${there} \\(In it: rows ${place}, ${place}\\)$`,
        ),
      ),
    })
    expect(tables?.find((table) => table.name === 'public.Bad')?.attempts).toBe(1)
    const places = error?.message.match(/\(\d+,\d+\)/g)
    const bytes = /WHERE "In it"::text ~ '.*'/.exec(error?.remedy ?? '')?.[0]
    expect(bytes).toBe(lacking && `WHERE "In it"::text ~ '${lacking}'`)
    const client = await source.connect()
    const mended = `UPDATE "Bad" SET "In it" = '' ${bytes ?? 'WHERE ctid = ANY ($1::tid[])'}`
    expect((await client.query(mended, bytes === undefined ? [places] : [])).rowCount).toBe(2)
    const again = await migrate(source, destination, { name, precheck, lanes: 1 })
    expect(again.outcome.error).toBe(null)
  },
)

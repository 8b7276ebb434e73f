import { expect, test } from 'vitest'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { call } from './steps.ts'

const SECRET = 'secret-in-a-definition'

test('passwords in definitions that are not made on the destination are not kept in the ledger', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE SUBSCRIPTION held CONNECTION 'host=nowhere password=${SECRET}' PUBLICATION p
       WITH (connect = false, slot_name = NONE);`,
  )
  const destination = await createDatabase(sharedServer(18))
  try {
    expect(await call('planObjects', stepEvent(source, destination))).toMatchObject({ verdict: 'done' })
    const [kept] = await destination.query(
      `SELECT count(*) FILTER (WHERE o::text LIKE '%${SECRET}%') AS secret, count(*) FILTER (WHERE kind = 'SUBSCRIPTION') AS n
         FROM sampan.object o`,
    )
    expect(kept).toEqual({ secret: '0', n: '1' })
  } finally {
    await source.query('DROP SUBSCRIPTION held')
  }
})

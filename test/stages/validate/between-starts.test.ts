import { expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

test('what is written to the destination between two starts is seen by the second, however far the first one came', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE same (id int PRIMARY KEY); INSERT INTO same SELECT generate_series(1, 50);
     CREATE TABLE changed (id int PRIMARY KEY, note text); INSERT INTO changed SELECT g, 'n' FROM generate_series(1, 50) g;
     SELECT lo_from_bytea(0, 'large')`,
  )
  const destination = await createDatabase(await otherServer15())
  const name = 'between-starts'
  const failed = await migrate(source, destination, { name }, ({ step, call }, handler) => async (event, context) => {
    if (step === 'SealFunction' && call === 1) await destination.query('GRANT SELECT ON same TO PUBLIC')
    return handler(event, context)
  })
  expect(failed.report.databases[0]?.error).toMatchObject({ code: 'RIGHTS_WIDER' })
  await destination.query(`REVOKE SELECT ON same FROM PUBLIC; UPDATE changed SET note = 'x' WHERE id = 7`)
  const again = await migrate(source, destination, { name })
  expect(again.report.databases[0]?.error).toMatchObject({
    code: 'VALIDATION_DIFFERS',
    message: expect.stringMatching(/: public\.changed$/),
  })
  await destination.query(`UPDATE changed SET note = 'n' WHERE id = 7`)
  expect((await migrate(source, destination, { name })).outcome).toMatchObject({ exitStatus: 0, error: null })
})

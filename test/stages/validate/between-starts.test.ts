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

test('what is written to the destination while it is compared is compared once more; who does not stop is told', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE same (id int PRIMARY KEY); INSERT INTO same SELECT generate_series(1, 50);
     CREATE TABLE days (id int, note text) PARTITION BY RANGE (id);
     CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (1) TO (1000);
     INSERT INTO days SELECT g, 'n' FROM generate_series(1, 50) g`,
  )
  const started = async (name: string, sql: string, calls: number) => {
    const destination = await createDatabase(await otherServer15())
    const ended = await migrate(source, destination, { name }, ({ step, call }, handler) => async (event, context) => {
      // All parts are read. The server counts what a session has written when the session ends.
      if (step === 'SummariseValidationFunction' && call <= calls) await destination.query(sql)
      return handler(event, context)
    })
    return { ...ended, destination }
  }
  const changed = await started('changed-once', `UPDATE days SET note = 'x' WHERE id = 7`, 1)
  expect(changed.report.databases[0]?.error).toMatchObject({
    code: 'VALIDATION_DIFFERS',
    message: expect.stringMatching(/: public\.days_1$/),
  })
  const emptied = await started('emptied-once', 'TRUNCATE same', 1)
  expect(emptied.report.databases[0]?.error).toMatchObject({ code: 'VALIDATION_DIFFERS' })
  // Rows that are as they were are equal, whoever has written them.
  const again = await started('written-once', 'UPDATE days SET note = note', 1)
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(again.report.databases[0]?.events.map(({ code }) => code)).toContain('COMPARED_AGAIN')
  const restless = await started('written-always', 'UPDATE same SET id = id', 99)
  expect(restless.report.databases[0]?.error).toMatchObject({
    code: 'DST_WRITTEN_WHILE_COMPARED',
    message: expect.stringMatching(/: public\.same$/),
  })
  const { outcome } = await migrate(source, restless.destination, { name: 'written-always' })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
})

test('what is written to the destination behind its comparison, large objects too, is compared once more before it is sealed', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE same (id int PRIMARY KEY); INSERT INTO same SELECT generate_series(1, 50);
     CREATE TABLE days (id int, note text); INSERT INTO days SELECT g, 'n' FROM generate_series(1, 50) g; SELECT lo_from_bytea(4711, 'large')`,
  )
  const sealed = async (sql: string) => {
    const destination = await createDatabase(await otherServer15())
    return migrate(source, destination, {}, ({ step, call }, handler) => async (event, context) => {
      if (step === 'SealFunction' && call === 1) await destination.query(sql)
      return handler(event, context)
    })
  }
  const again = await sealed(
    `UPDATE days SET note = note; SELECT lo_put(4711, 0, 'l'); GRANT SELECT ON LARGE OBJECT 4711 TO pg_monitor; REVOKE SELECT ON LARGE OBJECT 4711 FROM pg_monitor`,
  )
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  const told = again.report.databases[0]?.events.filter(({ code }) => code === 'COMPARED_AGAIN') ?? []
  expect(told).toMatchObject([
    { step: 'Seal', message: expect.stringMatching(/large objects.*public\.days|public\.days.*large objects/) },
  ])
  expect(told[0]?.message).not.toContain('public.same')
  const changed = await sealed(`UPDATE days SET note = 'x' WHERE id = 7; SELECT lo_put(4711, 0, 'X')`)
  expect(changed.report.databases[0]?.error).toMatchObject({
    code: 'VALIDATION_DIFFERS',
    message: expect.stringMatching(/large objects.*public\.days|public\.days.*large objects/),
  })
})

import { expect, test } from 'vitest'
import type { Around } from '../support/cases/case.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

/** Key words of 16 and 17: what a 15 writes as they are, an 18 writes in quotes. */
const SOURCE = `
  CREATE TYPE json_scalar AS (a int); CREATE TYPE json_value AS ENUM ('a');
  CREATE TABLE system_user (id int PRIMARY KEY, owner text, kind json_value); ALTER TABLE system_user ENABLE ROW LEVEL SECURITY;
  CREATE POLICY json_exists ON system_user FOR SELECT USING (owner = 'a');
  CREATE FUNCTION json_object(one json_scalar, other json_value[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION g(one json_scalar) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE json_arrayagg(json_scalar) (SFUNC = array_append, STYPE = json_scalar[]);
  CREATE PROCEDURE merge_action(one system_user) LANGUAGE sql AS 'SELECT 1';
  REVOKE ALL ON FUNCTION g(json_scalar) FROM PUBLIC; INSERT INTO system_user VALUES (1, 'a', 'a')`

test('what is called by a key word of the newer server alone is known there, and its rights are compared', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(sharedServer(18))
  const widen: Around =
    ({ step, call }, handler) =>
    async (event, context) => {
      if (step === 'SealFunction' && call === 1)
        await destination.query(
          `GRANT SELECT ON "system_user" TO PUBLIC; GRANT EXECUTE ON FUNCTION g("json_scalar") TO PUBLIC`,
        )
      return handler(event, context)
    }
  const wider = await migrate(source, destination, { name: 'key-words' }, widen)
  expect(wider.report.databases[0]?.error).toMatchObject({
    code: 'RIGHTS_WIDER',
    message: expect.stringMatching(
      /^on 2 objects .*: function public\.g\(public\.json_scalar\): everybody may EXECUTE.*table public\.system_user: everybody may SELECT$/,
    ),
  })
  await destination.query(
    `REVOKE SELECT ON "system_user" FROM PUBLIC; REVOKE EXECUTE ON FUNCTION g("json_scalar") FROM PUBLIC`,
  )
  const sealed = await migrate(source, destination, { name: 'key-words' })
  expect(sealed.outcome).toMatchObject({ exitStatus: 0, error: null })
  // Those of the first start.
  const told = sealed.report.databases[0]?.events.filter(({ level }) => level !== 'info')
  expect([...new Set(told?.map(({ code }) => code))]).toEqual(['RIGHTS_WIDER'])
})

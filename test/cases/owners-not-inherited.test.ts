import { describe, expect, test } from 'vitest'
import { type Around, openCase } from '../support/cases/case.ts'
import { otherServer15, type ServerAddress, sharedServer, type TestDatabase } from '../support/servers.ts'

const servers = [
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const

const memberships = (destination: TestDatabase) =>
  destination.query(
    `SELECT r.rolname, g.rolname AS grantor, to_jsonb(m)::text AS options FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
       JOIN pg_roles g ON g.oid = m.grantor WHERE m.member = 'mover91'::regrole ORDER BY 1, 2`,
  )

/** Takes from the account, behind the plan, what lets it SET ROLE low91. */
const withoutSet =
  (destination: TestDatabase): Around =>
  ({ step, call }, handler) =>
  async (event, context) => {
    if (step === 'SealFunction' && call === 1) {
      await destination.query('GRANT low91, grants91 TO mover91 WITH SET FALSE')
    }
    return handler(event, context)
  }

describe.each(servers)(
  'an account that does not inherit the ADMIN option, on %d',
  (version, server: () => Promise<ServerAddress>) => {
    test('gives what it may SET ROLE to, and keeps what it can neither SET ROLE to nor grant', {
      tags: 'long',
    }, async () => {
      const opened = await openCase('owners-not-inherited', { destination: await server() })
      const before = await memberships(opened.destination)
      const run = await opened.run()
      expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
      expect(await run.checks()).toEqual([])
      expect(await run.destinationChecks()).toEqual([
        [[version < 16 ? 'kept91' : 'mover91']],
        [['0']],
        version < 16 ? [] : [['chief91'], ['sub91']],
      ])
      expect(await memberships(opened.destination)).toEqual(before)
    })
  },
)

test('an owner whose GRANT is refused in Seal is put down with the reason; with the cause mended the same task goes on', {
  tags: 'long',
}, async () => {
  const opened = await openCase('owners-not-inherited', { destination: sharedServer(18) })
  const { destination } = opened
  const failed = await opened.run({ name: 'not-inherited' }, withoutSet(destination))
  expect(failed.outcome.exitStatus).toBe(1)
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'OBJECTS_FAILED',
    message: expect.stringContaining('OWNER TABLE public.of_low (42501)'),
  })
  expect(failed.named('failed')).toEqual(['OWNER TABLE public.of_grants', 'OWNER TABLE public.of_low'])
  expect(
    await destination.query(`SELECT error_message FROM sampan.object WHERE status = 'failed' AND owner = 'low91'`),
  ).toEqual([
    {
      error_message:
        'the account may neither SET ROLE low91 nor grant it: it inherits from no role that has its ADMIN option',
    },
  ])
  await destination.query('GRANT low91, grants91 TO mover91 WITH SET TRUE')
  const sealed = await opened.run({ name: 'not-inherited' })
  expect(sealed.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await sealed.checks()).toEqual([])
})

test('an internal error that another attempt would meet again is put down, not tried until the retry window ends', {
  tags: 'long',
}, async () => {
  const opened = await openCase('owners-not-inherited', { destination: sharedServer(18) })
  const { destination } = opened
  const failed = await opened.run({ name: 'internal-error' }, ({ step, call }, handler) => async (event, context) => {
    if (step === 'SealFunction' && call === 1) {
      await destination.query(`CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'broken'; END $$`)
      await destination.query(
        `CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.refuse()`,
      )
    }
    return handler(event, context)
  })
  expect(failed.outcome.exitStatus).toBe(1)
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'OBJECTS_FAILED',
    message: expect.stringContaining('OWNER TABLE public.of_low (XX000)'),
  })
  await destination.query('DROP EVENT TRIGGER refuse')
  await destination.query('DROP FUNCTION public.refuse()')
  const sealed = await opened.run({ name: 'internal-error' })
  expect(sealed.outcome).toMatchObject({ exitStatus: 0, error: null })
})

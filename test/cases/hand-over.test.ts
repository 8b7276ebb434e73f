import { describe, expect, test } from 'vitest'
import { type Around, openCase } from '../support/cases/case.ts'
import { holdTable, SOMEBODY_WAITS, untilFound } from '../support/hold.ts'
import { otherServer15, type ServerAddress, sharedServer, type TestDatabase } from '../support/servers.ts'

const servers = [
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const

const memberships = (destination: TestDatabase) =>
  destination.query(
    `SELECT r.rolname, g.rolname AS grantor, to_jsonb(m)::text AS options FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
       JOIN pg_roles g ON g.oid = m.grantor WHERE m.member = 'mover53'::regrole ORDER BY 1, 2`,
  )

/** Once, at the first call of Seal. */
function aroundSeal(inflict: (seal: () => Promise<unknown>) => Promise<void>): Around {
  return ({ step, call }, handler) =>
    async (event, context) => {
      if (step !== 'SealFunction' || call > 1) return handler(event, context)
      let answer: ReturnType<typeof handler> | undefined
      const seal = () => (answer ??= handler(event, context))
      await inflict(seal)
      return seal()
    }
}

describe.each(servers)('owners that are given in part, on %d', (_, server: () => Promise<ServerAddress>) => {
  test('a call that dies between two of its transactions leaves nothing borrowed; the next one goes on', {
    tags: 'long',
  }, async () => {
    const opened = await openCase('owners-given-in-part', { destination: await server() })
    const { destination } = opened
    const before = await memberships(destination)
    let given: unknown
    const run = await opened.run(
      {},
      aroundSeal(async (seal) => {
        const release = await holdTable(destination, 'many.z20')
        const ended = seal()
        await untilFound(destination, SOMEBODY_WAITS)
        await destination.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
        await ended.catch(() => {})
        given = await destination.query(
          `SELECT count(*) FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relkind = 'r' AND relowner = 'first53'::regrole`,
        )
        expect(await memberships(destination)).toEqual(before)
        await release()
      }),
    )
    expect(given).toEqual([{ count: '100' }])
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(await memberships(destination)).toEqual(before)
    expect((await run.destinationChecks())[1]).toEqual([['0']])
  })

  test('owners that cannot be given are named; with the cause mended the same task goes on', {
    tags: 'long',
  }, async () => {
    const opened = await openCase('owners-given-in-part', { destination: await server() })
    const { destination } = opened
    const before = await memberships(destination)
    const failed = await opened.run(
      { name: 'given-in-part' },
      aroundSeal(async () => {
        await destination.query('ALTER ROLE then53 SUPERUSER')
      }),
    )
    expect(failed.outcome.exitStatus).toBe(1)
    expect(failed.report.databases[0]?.error).toMatchObject({
      code: 'OBJECTS_FAILED',
      message: expect.stringMatching(/^32 objects could not be given to their owners: OWNER TABLE many.z1 \(/),
    })
    expect(failed.named('migrated')).toContain('OWNER TABLE many.a1')
    expect(failed.named('failed')).toContain('OWNER TABLE many.z1')
    expect(await memberships(destination)).toEqual(before)
    await destination.query('ALTER ROLE then53 NOSUPERUSER')
    const sealed = await opened.run({ name: 'given-in-part' })
    expect(sealed.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await sealed.checks()).toEqual([])
    expect(await memberships(destination)).toEqual(before)
  })
})

import { expect, test } from 'vitest'
import { type Around, openCase } from '../support/cases/case.ts'
import { otherServer15, sharedServer } from '../support/servers.ts'

test.each([
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const)(
  'default privileges of the destination give nothing to what is migrated, on %d',
  { tags: 'long' },
  async (_, server) => {
    const opened = await openCase('default-privileges', { destination: await server() })
    const run = await opened.run({ precheck: { acknowledge: ['RIGHTS_WIDER'] } })
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    const toCome = [
      'functions that mover50 makes from now on: other50 may EXECUTE',
      'schemas that mover50 makes from now on: everybody may CREATE, USAGE',
      'sequences that mover50 makes from now on: other50 may SELECT, UPDATE, USAGE',
      expect.stringMatching(/^tables that mover50 makes from now on: everybody may DELETE, INSERT, .*UPDATE$/),
    ]
    expect(run.findings.find(({ code }) => code === 'RIGHTS_WIDER')?.details.toSorted()).toEqual(toCome)
    const told = run.events
      .filter(({ code }) => code === 'RIGHTS_WIDER')
      .map(({ message }) => message.replace(/^.*?: /, ''))
    expect(told.toSorted()).toEqual(toCome)
  },
)

test('rights that nobody has planned keep a run from being sealed, by name; taken back, it is sealed', {
  tags: 'long',
}, async () => {
  const opened = await openCase('rights-behind-the-back')
  /** Of an extension's functions too, which the run has taken from everybody. */
  const giveBefore: Around = (which, handler) => async (event, context) => {
    if (which.step === 'SealFunction')
      await opened.destination.query(
        'GRANT EXECUTE ON FUNCTION citext_hash(citext) TO PUBLIC; REVOKE EXECUTE ON FUNCTION citext_eq(citext, citext) FROM reader51',
      )
    return handler(event, context)
  }
  const failed = await opened.run({ name: 'behind-the-back' }, giveBefore)
  expect(failed.outcome).toMatchObject({ exitStatus: 1 })
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'RIGHTS_WIDER',
    message: expect.stringMatching(
      /function public\.citext_hash\(public\.citext\): everybody may EXECUTE.*table shop\.secret: everybody may SELECT/,
    ),
    remedy: expect.stringContaining('REVOKE'),
  })
  await opened.destination.query('DROP EVENT TRIGGER public_reads; REVOKE ALL ON shop.secret FROM PUBLIC, reader51')
  await opened.destination.query('REVOKE EXECUTE ON FUNCTION citext_hash(citext) FROM PUBLIC')
  const sealed = await opened.run({ name: 'behind-the-back' })
  expect(sealed.outcome).toMatchObject({ exitStatus: 0, error: null })
  const narrower = sealed.events.filter(({ code }) => code === 'RIGHTS_NARROWER').map(({ message }) => message)
  // The first start has told it too.
  expect([...new Set(narrower)]).toEqual([
    'not as on the source: function public.citext_eq(public.citext,public.citext): reader51 may not EXECUTE',
    'not as on the source: table shop.secret: reader51 may not SELECT',
  ])
})

test.each([
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const)('large objects keep their owners, on %d', { tags: 'long' }, async (_, server) => {
  const run = await (await openCase('large-object-owners', { destination: await server() })).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.checks()).toEqual([])
  const owners = run.objects.filter(({ kind, name }) => kind === 'OWNER' && name.startsWith('LARGE OBJECTS'))
  expect(owners.map(({ name, status, reason }) => `${name} ${status} ${reason}`)).toEqual([
    'LARGE OBJECTS 5001 to 5020 migrated null',
    'LARGE OBJECTS 5021 to 5040 migrated null',
    'LARGE OBJECTS 5041 to 5045 migrated null',
    'LARGE OBJECTS of gone52 skipped its owner gone52 is not on the destination: 2 large objects belong to mover52',
  ])
  expect(run.events.filter(({ code }) => code.startsWith('RIGHTS_') && code !== 'RIGHTS_BORROWED')).toEqual([])
})

test.each([
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const)(
  'owners and rights of every sort are as on the source, or told, on %d',
  { tags: 'long' },
  async (_, server) => {
    const run = await (await openCase('rights-of-many-kinds', { destination: await server() })).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(run.events.filter(({ code }) => /^RIGHTS_(WIDER|NARROWER)$/.test(code))).toEqual([])
    const told = run.objects.filter(({ status }) => status === 'transformed' || status === 'skipped')
    const absent = 'the destination has no role gone54'
    expect(Object.fromEntries(told.map(({ kind, name, reason }) => [`${kind} ${name}`, reason]))).toEqual({
      'SCHEMA ofgone': 'its owner gone54 is not on the destination: it belongs to mover54',
      'TABLE ofgone.t': 'its owner gone54 is not on the destination: it belongs to mover54',
      'ACL TABLE public.given': 'the grantor becomes the destination’s account',
      'ACL COLUMN public.given."c d"': `${absent}; the grantor becomes the destination’s account`,
      'POLICY public.doc gone': absent,
      'POLICY public.doc mine': `${absent}: it holds for low54, reads54`,
      'POLICY public.doc opened': `${absent}: it holds for low54`,
      'DEFAULT ACL DEFAULT PRIVILEGES FOR TABLES': `${absent}, or its account may not speak for it`,
      'ACL TABLE public.doc': absent,
    })
  },
)

test.each([
  [15, otherServer15],
  [18, async () => sharedServer(18)],
] as const)(
  'what a type or a table brings along has the rights that it has on the source, on %d',
  { tags: 'long' },
  async (_, server) => {
    const run = await (await openCase('rights-that-come-along', { destination: await server() })).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(run.events.filter(({ code }) => /^RIGHTS_(WIDER|NARROWER)$/.test(code))).toEqual([])
  },
)

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { handler as lane } from '../../../lambdas/stages/validate/lane-handler.ts'
import { handler as plan } from '../../../lambdas/stages/validate/plan-handler.ts'
import { readParts } from '../../../lambdas/stages/validate/read-parts.ts'
import { handler as seal } from '../../../lambdas/stages/validate/seal-handler.ts'
import { handler as summarise } from '../../../lambdas/stages/validate/summary-handler.ts'
import { SOMEBODY_WAITS, untilFound } from '../../support/hold.ts'
import { context, copied, ITEMS, RUN, sessionOf, VISITS, validate } from './migration.ts'

/** About 17 MB: 9 parts of 2 MB where a chunk is half a megabyte. */
const LARGE = `INSERT INTO items SELECT n, repeat(md5(n::text), 20), n FROM generate_series(1, 25000) n`

async function inSmallParts() {
  const migration = await copied([ITEMS], LARGE, { chunkMegabytes: 1 })
  return {
    ...migration,
    parts: () => migration.destination.query(`SELECT lower, upper, state, rows FROM sampan.digest_part ORDER BY id`),
  }
}

describe('a large table', () => {
  test('is read in parts by all lanes, each row once', { tags: 'long' }, async () => {
    const { event, parts } = await inSmallParts()
    expect((await validate(event)).verdict).toBe('done')
    const all = await parts()
    expect(all.length).toBeGreaterThan(3)
    expect(all[0]?.lower).toBeNull()
    expect(all.at(-1)?.upper).toBeNull()
    for (const [index, part] of all.slice(1).entries()) expect(part.lower).toBe(all[index]?.upper)
    expect(all.reduce((sum, part) => sum + Number(part.rows), 0)).toBe(25_000)
  })

  test('a part given back by a lane that died is read by another', async () => {
    const { event, destination, parts } = await inSmallParts()
    await plan(event, context())
    const dead = await destination.connect()
    await dead.query(`BEGIN`)
    await dead.query(`SELECT FROM sampan.digest_part ORDER BY bytes DESC, id LIMIT 1 FOR UPDATE`)
    const first = lane({ ...event, lane: 0 }, context())
    // Another lane does not wait: nothing is left that nobody holds.
    expect((await lane({ ...event, lane: 1 }, context())).verdict).toBe('done')
    await sleep(100)
    await dead.end()
    expect((await first).verdict).toBe('done')
    expect((await parts()).every((part) => part.state === 'done')).toBe(true)
  })

  test('a lane whose time is up answers more, and leaves nothing half done', { tags: 'long' }, async () => {
    const { event, destination, parts } = await inSmallParts()
    await plan(event, context())
    const holder = await destination.connect()
    await holder.query(`BEGIN`)
    await holder.query(`SELECT FROM sampan.digest_part FOR UPDATE`)
    expect((await lane({ ...event, lane: 0 }, context(1500))).verdict).toBe('more')
    await holder.query(`ROLLBACK`)
    expect((await parts()).every((part) => part.state === 'pending' && part.rows === null)).toBe(true)
  })

  test('a statement that takes too long is ended by the server and named', async () => {
    const { event, destination } = await inSmallParts()
    await plan(event, context())
    const session = await sessionOf(destination, { pipeline: true })
    const options = { run: RUN, digests: true, modernDigest: true, timeoutMilliseconds: 1 }
    const thrown = await readParts(session, options).catch((error: unknown) => error)
    await session.close()
    expect(thrown).toMatchObject({ retryable: true })
    expect(['VALIDATION_TOO_SLOW', 'DST_SQL_57014']).toContain((thrown as { code: string }).code)
  })
})

describe('the summary of the lanes', () => {
  const broken = { kind: 'other', code: 'DST_SQL_XX001', message: 'a page is broken', remedy: 'mend it' } as const

  test('is another round where parts are open and no lane failed', async () => {
    const { event } = await inSmallParts()
    await plan(event, context())
    const results = [{ lane: 0, verdict: 'yield' as const, error: null }]
    expect((await summarise({ ...event, results }, context())).verdict).toBe('yield')
  })

  test('is the failure of a lane where parts are open', async () => {
    const { event } = await inSmallParts()
    await plan(event, context())
    const results = [{ lane: 0, verdict: 'failed' as const, error: broken }]
    expect(await summarise({ ...event, results }, context())).toMatchObject({ verdict: 'failed', error: broken })
  })

  test('is done where others have read what a failed lane did not', async () => {
    const { event } = await inSmallParts()
    await plan(event, context())
    await lane({ ...event, lane: 0 }, context())
    const results = [{ lane: 1, verdict: 'failed' as const, error: broken }]
    expect((await summarise({ ...event, results }, context())).verdict).toBe('done')
  })
})

describe('a sealed run', () => {
  test('is sealed once more without harm, and takes no other step', async () => {
    const { event } = await copied([ITEMS], '')
    expect((await validate(event)).verdict).toBe('done')
    expect((await seal(event, context())).verdict).toBe('done')
    expect((await plan(event, context())).error?.code).toBe('RUN_SEALED')
    expect((await lane({ ...event, lane: 0 }, context())).error?.code).toBe('RUN_SEALED')
  })

  test('waits for a writer that is under way', async () => {
    const { event, destination } = await copied([ITEMS], '')
    await plan(event, context())
    await lane({ ...event, lane: 0 }, context())
    const writer = await destination.connect()
    await writer.query(`BEGIN`)
    await writer.query(`SELECT sampan.require_open('${RUN}')`)
    await writer.query(`UPDATE sampan.chunk SET state = 'pending'`)
    const sealing = seal(event, context())
    await untilFound(destination, SOMEBODY_WAITS)
    await writer.query(`COMMIT`)
    expect((await sealing).error?.code).toBe('CHUNKS_OPEN')
  })
})

describe('a comparison planned again by the same start', () => {
  test('reads once more what differed, and only that', { tags: 'long' }, async () => {
    const { event, destination } = await copied(
      [ITEMS, VISITS],
      `INSERT INTO items VALUES (1, 'a', 1); INSERT INTO visits VALUES ('a', 'epoch')`,
    )
    await destination.query(`DELETE FROM items`)
    expect((await validate(event)).error?.code).toBe('VALIDATION_DIFFERS')
    await destination.query(`INSERT INTO items VALUES (1, 'a', 1)`)
    await plan(event, context())
    const open = `SELECT r.name FROM sampan.digest_part p JOIN sampan.relation r ON r.oid = p.relation WHERE p.state = 'pending'`
    expect(await destination.query(open)).toEqual([{ name: 'items' }])
    expect((await validate(event)).verdict).toBe('done')
    expect(await destination.query(`SELECT count(*) FROM sampan.difference`)).toEqual([{ count: '0' }])
  })

  test('reads everything once more where a table was copied again', async () => {
    const { event, destination } = await copied([ITEMS, VISITS], `INSERT INTO items VALUES (1, 'a', 1)`)
    await plan(event, context())
    await lane({ ...event, lane: 0 }, context())
    await destination.query(`UPDATE sampan.chunk SET finished_at = now() WHERE id = 1`)
    await plan(event, context())
    expect(await destination.query(`SELECT count(*) FROM sampan.digest_part WHERE state = 'pending'`)).toEqual([
      { count: '2' },
    ])
  })

  test('with digests now where rows were only counted before, reads the tables for them', async () => {
    const { event, destination } = await copied([ITEMS], `INSERT INTO items VALUES (1, 'a', 1)`, {
      validation: { mode: 'counts' },
    })
    await plan(event, context())
    await lane({ ...event, lane: 0 }, context())
    await destination.query(`UPDATE items SET note = 'b'`)
    const full = { ...event, task: { ...event.task, validation: { mode: 'full' as const } } }
    expect((await validate(full)).error?.code).toBe('VALIDATION_DIFFERS')
  })
})

test('a table copied without digests is said to be only counted where digests are asked for', async () => {
  const { event, destination } = await copied([ITEMS, VISITS], '')
  await destination.query(`
    UPDATE sampan.relation SET digest_sql = NULL WHERE name = 'items';
    UPDATE sampan.chunk c SET digest = NULL FROM sampan.relation r WHERE r.oid = c.relation AND r.name = 'items'`)
  expect((await validate(event)).verdict).toBe('done')
  const [told] = await destination.query(`SELECT level, code, message FROM sampan.event`)
  expect(told).toMatchObject({ level: 'warning', code: 'COUNTS_ONLY' })
  expect(told?.message).toContain('public.items')
  expect(told?.message).not.toContain('public.visits')
})

test('large objects are compared page by page', { tags: 'long' }, async () => {
  const { event, source, destination } = await copied([ITEMS], `SELECT lo_from_bytea(4711, repeat('x', 600000)::bytea)`)
  const { largeObjectDigest } = await import('../../../lambdas/core/rows/large-objects.ts')
  const [known] = await source.query(
    `SELECT rows, digest FROM (${largeObjectDigest(null, null, true)}) d(rows, digest)`,
  )
  await destination.query(`
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
      VALUES ('${RUN}', 0, '', 'large objects', '{}', '{}', false, 600000);
    INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, rows, digest, finished_at)
      VALUES ('${RUN}', 99, 0, 'large_objects', 600000, 'done', 1, ${known?.rows}, ${known?.digest}, now())`)
  expect(known?.rows).toBe('4')
  await destination.query(`SELECT lo_put(4711, 300000, 'y')`)
  expect((await validate(event)).error?.message).toContain('large objects')
  await destination.query(`SELECT lo_put(4711, 300000, 'x')`)
  expect((await validate(event)).verdict).toBe('done')
})

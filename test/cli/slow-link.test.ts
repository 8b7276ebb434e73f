import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directories.ts'
import { startRelay } from '../support/relay.ts'
import { sideOf } from '../support/run.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { sampan } from './in-process.ts'

const MOST_SILENT_MILLISECONDS = 3_000

test('on a slow link the bytes never stand still for 3 seconds, and never go back, while one chunk is under way', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE large (id int PRIMARY KEY, filler text);
     INSERT INTO large SELECT n, md5(n::text) || repeat('f', 200) FROM generate_series(1, 24000) n; ANALYZE`,
  )
  const destination = await createDatabase(sharedServer(18))
  const relay = await startRelay({ port: source.connection.port, bytesPerSecond: 700_000 })
  const directory = await temporaryDirectory()
  const task = join(directory, 'task.json')
  await writeFile(
    task,
    JSON.stringify({
      name: 'slow-link',
      source: { ...sideOf(source.connection), port: relay.port },
      destination: sideOf(destination.connection),
      databases: [{ name: source.name, as: destination.name }],
      lanes: 1,
      chunkMegabytes: 64,
      precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    }),
  )
  const { status, stdout } = await sampan('run', task, '--out', join(directory, 'out'), '--json')
  expect(status).toBe(0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const looks = lines
    .filter(({ type, chunks }) => type === 'counts' && chunks > 0)
    .map(({ at, bytes, bytesDone, bytesMoving }) => ({ at: Date.parse(at), bytes, moved: bytesDone + bytesMoving }))
  const copying = lines.find(({ type, stage, state }) => type === 'stage' && stage === 'copy' && state === 'active')
  const values = [...new Set(looks.map(({ moved }) => moved))]
  // One chunk: without what is under way there would be two values, none and all.
  expect(values.length).toBeGreaterThan(4)
  expect(values).toEqual(values.toSorted((one, other) => one - other))
  const changes = values.map((value) => looks.find(({ moved }) => moved === value)?.at ?? 0)
  const gaps = [Date.parse(copying.at), ...changes.slice(1)].map((at, index, all) => at - (all[index - 1] ?? at))
  expect(Math.max(...gaps)).toBeLessThan(MOST_SILENT_MILLISECONDS)
  expect(values.at(-1)).toBe(looks[0]?.bytes)
})

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directories.ts'
import { falseServer } from '../support/false-server.ts'
import { spawnSampan } from './spawn-sampan.ts'

/** What the process under test does when it is told to, outside of everything that could catch it. */
const faults = {
  'an exception': "throw new Error('row of Nightingale\\n    at its place')",
  'a rejection': "Promise.reject(new Error('row of Nightingale'))",
  'what is no error': "throw 'row of Nightingale'",
}

test.each(Object.entries(faults))('%s that nobody catches ends a run in order', { tags: 'long' }, async (_, fault) => {
  const directory = await temporaryDirectory()
  const reached = Promise.withResolvers<void>()
  // It says nothing: the precheck waits for it. Whoever comes later need not.
  let silent = true
  const port = await falseServer((_, __, socket) => {
    if (!silent) socket.destroy()
    reached.resolve()
    return null
  })
  const side = { host: '127.0.0.1', port, user: 'u', password: 'correct horse', tls: { mode: 'disable' } }
  const task = { name: 'unexpected', source: side, destination: side, databases: [{ name: 'a', as: 'b' }] }
  await writeFile(join(directory, 'task.json'), JSON.stringify(task))
  const tool = join(directory, 'fault.mjs')
  await writeFile(tool, `process.on('SIGUSR2', () => { ${fault} })`)
  const out = join(directory, 'out')
  const { child, ended } = spawnSampan(['run', join(directory, 'task.json'), '--out', out], {
    NODE_OPTIONS: `--import=${tool}`,
  })
  await reached.promise
  silent = false
  child.kill('SIGUSR2')
  const { status, stdout, stderr } = await ended
  expect(status).toBe(1)
  expect(stderr).toMatch(/^INTERNAL {2}/m)
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))
  expect(report).toMatchObject({ error: { code: 'RUN_STOPPED' }, access: { open: [] } })
  const log = await readFile(join(out, 'log.jsonl'), 'utf8')
  expect(log).toContain('"INTERNAL"')
  const said = [stdout, stderr, log, JSON.stringify(report)].join('\n')
  expect(said).not.toMatch(/Nightingale|correct horse|its place/)
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at /m)
})

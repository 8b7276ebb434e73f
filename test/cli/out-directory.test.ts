import { execFileSync } from 'node:child_process'
import { link, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileArtefacts } from '../../lambdas/core/cloud/artefacts-file.ts'
import { appendPrivately } from '../../lambdas/core/runtime/private-files.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { falseServer } from '../support/false-server.ts'
import { spawnSampan } from './spawn-sampan.ts'

/** A directory to write into, a file of somebody's beside it, and a run that soon ends with a report. */
async function scene() {
  const directory = await temporaryDirectory()
  const [out, victim] = [join(directory, 'out'), join(directory, 'victim')]
  await mkdir(out)
  await writeFile(victim, 'precious', { mode: 0o644 })
  const port = await falseServer((_, __, socket) => {
    socket.write('no server at all')
    return null
  })
  const side = { host: '127.0.0.1', port, user: 'u', password: 'correct horse', tls: { mode: 'disable' } }
  const task = { name: 'planted', source: side, destination: side, databases: [{ name: 'a', as: 'b' }] }
  await writeFile(join(directory, 'task.json'), JSON.stringify(task))
  const run = () => spawnSampan(['run', join(directory, 'task.json'), '--out', out, '--execution', 'e']).ended
  return { out, victim, run }
}

const pipe = (path: string) => execFileSync('mkfifo', [path])

describe('what somebody has put into the output directory', () => {
  test('links give way to files of the run’s own, which nobody else may read', { tags: 'long' }, async () => {
    const { out, victim, run } = await scene()
    for (const name of ['report.html', 'report.json']) await symlink(victim, join(out, name))
    await link(victim, join(out, 'log.jsonl'))
    expect((await run()).status).toBe(3)
    expect(await readFile(victim, 'utf8')).toBe('precious')
    expect((await lstat(victim)).mode & 0o777).toBe(0o644)
    const made = await readdir(out, { recursive: true, withFileTypes: true })
    expect(made.map(({ name }) => name)).toEqual(expect.arrayContaining(['report.html', 'log.jsonl', 'precheck.json']))
    for (const entry of made) {
      const { mode } = await lstat(join(entry.parentPath, entry.name))
      expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600'])
      expect(entry.isSymbolicLink()).toBe(false)
    }
    // The log goes on in the next run.
    const before = await readFile(join(out, 'log.jsonl'), 'utf8')
    expect((await run()).status).toBe(3)
    expect((await readFile(join(out, 'log.jsonl'), 'utf8')).startsWith(before)).toBe(true)
  })

  test.each([
    ['log.jsonl', pipe, 'a named pipe'],
    ['report.html', pipe, 'a named pipe'],
    ['report.json', (path: string) => mkdir(path), 'a directory'],
    ['runs', pipe, 'a named pipe'],
    ['runs', (path: string) => symlink('/tmp', path), 'a symbolic link'],
  ])('in the place of %s is refused before anything begins', async (name, plant, what) => {
    const { out, run } = await scene()
    await plant(join(out, name))
    const { status, stderr } = await run()
    expect(status).toBe(2)
    expect(stderr).toContain(`OUT_NOT_PLAIN  ${join(out, name)} is ${what}`)
    expect(await readdir(out)).toEqual([name])
  })

  test('deeper down is neither followed nor waited for', async () => {
    const directory = await temporaryDirectory()
    const victim = await temporaryDirectory()
    const store = fileArtefacts(directory)
    await store.write('runs/a/e/access.json', '{}', 'application/json')
    await symlink(victim, join(directory, 'runs', 'b'))
    await writeFile(join(victim, 'x'), 'precious')
    const refused = { code: 'FILE_NOT_PLAIN' }
    await expect(store.write('runs/b/x', '{}', 'application/json')).rejects.toMatchObject(refused)
    await expect(store.read('runs/b/x')).rejects.toMatchObject(refused)
    await expect(store.remove('runs/b/x')).rejects.toMatchObject(refused)
    expect(await readFile(join(victim, 'x'), 'utf8')).toBe('precious')
    pipe(join(directory, 'runs', 'a', 'pipe'))
    await symlink(join(victim, 'x'), join(directory, 'runs', 'a', 'link'))
    await expect(store.read('runs/a/pipe')).rejects.toMatchObject(refused)
    await expect(store.read('runs/a/link')).rejects.toMatchObject(refused)
    await expect(store.write('runs/a/pipe', '{}', 'application/json')).rejects.toMatchObject(refused)
    for (const name of ['pipe', 'link']) {
      expect(() => appendPrivately(join(directory, 'runs', 'a', name), 'x')).toThrow(expect.objectContaining(refused))
    }
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { marksLacking, plainWords } from '../../../lambdas/core/postgres/plain-words.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const ENCODINGS = [
  ...Array.from({ length: 10 }, (_, index) => `LATIN${index + 1}`),
  'ISO_8859_5',
  'ISO_8859_6',
  'ISO_8859_7',
  'ISO_8859_8',
  'KOI8R',
  'KOI8U',
  'WIN1252',
  'UTF8',
]

test('no mark is put otherwise that a user can have written into a database of the encoding', {
  tags: 'long',
}, async () => {
  const database = await createDatabase(sharedServer(15), '')
  const writes = async (mark: string, encoding: string) =>
    database.query(`SELECT convert_to('${mark}', '${encoding}')`).then(
      () => true,
      () => false,
    )
  for (const encoding of ENCODINGS) {
    for (const mark of marksLacking(encoding))
      expect([encoding, mark, await writes(mark, encoding)]).toEqual([encoding, mark, false])
  }
  expect(await writes('’', 'LATIN7')).toBe(true)
  expect(plainWords('LATIN7')?.(['it’s … × ·'])).toEqual(['it’s ... × ·'])
  expect(plainWords('LATIN1')?.(['it’s … × ·', 1])).toEqual(["it's ... × ·", 1])
  expect(plainWords('UTF8')).toBeNull()
})

/** They go to every server as they are written. */
test('statements in files are of ASCII alone', () => {
  const root = fileURLToPath(new URL('../../../lambdas/', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sql'))
  expect(files.length).toBeGreaterThan(50)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  expect(files.filter((name) => /[^\x00-\x7f]/.test(readFileSync(join(root, name), 'utf8')))).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { readCatalogue } from '../../cli/errors/catalogue.ts'
import { printOutcome } from '../../cli/summary/print.ts'
import { listen, sampan } from './in-process.ts'

describe('sampan explain', () => {
  test('tells cause, remedy, and SQL to look and to mend', async () => {
    const { status, stdout, stderr } = await sampan('explain', 'dst_lock_held')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^DST_LOCK_HELD {2}/)
    expect(stdout).toContain('holds a lock on the destination')
    expect(stdout).toMatch(/Look, on the destination:\n {2}SELECT waiting\.pid/)
    expect(stdout).toContain('Mend:\n  SELECT pg_terminate_backend({pid});\n')
  })

  test('knows an SQLSTATE, as the report has it of an object, and one that has no words of its own', async () => {
    expect((await sampan('explain', '42501')).stdout).toMatch(/^DST_SQL_42501 /)
    expect((await sampan('explain', 'SRC_SQL_XX000')).stdout).toMatch(/^SRC_SQL_XX000 [\s\S]*appendix A/)
  })

  test('without a code lists all of them, by area', async () => {
    const { status, stdout } = await sampan('explain')
    expect(status).toBe(0)
    const listed = stdout.match(/^ {2}[A-Z]\w+/gm)?.map((line) => line.trim())
    expect(listed).toEqual(readCatalogue().entries.map(({ code }) => code))
  })

  test('asks back at a code that it does not know', async () => {
    expect(await sampan('explain', 'DST_LOKC_HELD')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^ERROR_CODE_UNKNOWN .*\n *did you mean DST_LOCK_HELD\?\n$/),
    })
  })

  test('answers as JSON', async () => {
    const { stdout } = await sampan('explain', 'SRC_LONG_TRANSACTIONS', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ code: 'SRC_LONG_TRANSACTIONS', kind: 'check', on: 'source' })
    const unknown = await sampan('explain', 'NO', '--json')
    expect({ ...JSON.parse(unknown.stdout), status: unknown.status }).toMatchObject({
      error: { code: 'ERROR_CODE_UNKNOWN' },
      status: 2,
    })
  })
})

describe('a wrong command line', () => {
  test.each([
    [['runn'], 'COMMAND_UNKNOWN', 'did you mean run?'],
    [['run', 'x', '--oot', 'y'], 'OPTION_UNKNOWN', 'did you mean --out?'],
    [['run', '--out'], 'ARGUMENT_MISSING', '--help'],
    [['schema', 'x'], 'ARGUMENTS_TOO_MANY', '--help'],
    [['run', 'x', '--execution', '../x'], 'OPTION_INVALID', '--help'],
  ])('%j has a code and a remedy', async (args, code, remedy) => {
    const { status, stderr } = await sampan(...args)
    expect({ status, lines: stderr.split('\n').length }).toEqual({ status: 2, lines: 3 })
    expect(stderr).toMatch(new RegExp(`^${code}  .*\\n +.*${remedy.replace('?', '\\?')}`))
  })
})

describe('the last line of a run', () => {
  const ended = { report: null, reportText: null, untouched: [], milliseconds: 1 }
  const print = (code: string) =>
    listen(() => printOutcome({ ...ended, exitStatus: 1, error: { code, message: 'm', remedy: 'r' } }, '/tmp', 'text'))

  test('that failed names the code to explain', async () => {
    expect((await print('DST_LOCK_HELD')).stdout).toMatch(/sampan explain DST_LOCK_HELD\n$/)
  })

  test('names none that nobody could explain', async () => {
    expect((await print('States.Timeout')).stdout).not.toContain('sampan explain')
  })
})

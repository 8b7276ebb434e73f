import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { sampan } from './in-process.ts'

/** What bash proposes for the last of the words. */
function complete(script: string, ...words: string[]): readonly string[] {
  const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`
  const asked = `${script}\n${line}; _sampan; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-uc', asked], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

test('bash completes commands, options of the command, codes and shells', async () => {
  const { stdout, status } = await sampan('completion', 'bash')
  expect(status).toBe(0)
  expect(complete(stdout, 'sampan', 're')).toEqual(['resume', 'reload', 'report'])
  expect(complete(stdout, 'sampan', 'run', '--no')).toEqual(['--notify', '--notify-still', '--notify-open'])
  expect(complete(stdout, 'sampan', 'plan', '--no')).toEqual([])
  expect(complete(stdout, 'sampan', 'explain', 'DST_LOCK_H')).toEqual(['DST_LOCK_HELD'])
  expect(complete(stdout, 'sampan', 'completion', 'f')).toEqual(['fish'])
  // Files are the shell's own.
  expect(complete(stdout, 'sampan', 'run', 'ta')).toEqual([])
})

test('zsh and fish are told every command and option of the help', async () => {
  const help = (await sampan('run', '--help')).stdout
  const options = [...help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option ?? '')
  expect(options).toContain('--out')
  const [zsh, fish] = [(await sampan('completion', 'zsh')).stdout, (await sampan('completion', 'fish')).stdout]
  for (const option of options) {
    expect(zsh).toContain(`'*${option}[`)
    expect(fish).toMatch(new RegExp(`seen_subcommand_from run' .*-l ${option.slice(2)}\\b`))
  }
  // An apostrophe must not end the text that it stands in.
  expect(zsh.replaceAll("'\\''", '').split("'").length % 2).toBe(1)
  expect(fish.replaceAll("\\'", '').split("'").length % 2).toBe(1)
  expect((await sampan('completion', 'tcsh')).stderr).toContain('OPTION_INVALID')
})

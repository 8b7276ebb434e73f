import { stripVTControlCharacters } from 'node:util'
import { runProgram } from '../../cli/program.ts'

interface Said {
  readonly status: unknown
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line of `sampan` that starts nothing, in this process. */
export function sampan(...args: string[]): Promise<Said> {
  return listen(() => runProgram(['node', 'sampan', ...args]))
}

/** Takes what `act` prints, without colours, and the exit status it sets, and puts both back. */
export async function listen(act: () => Promise<void>): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const before = process.exitCode
  const write = { stdout: process.stdout.write, stderr: process.stderr.write }
  process.exitCode = 0
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      said[name] += stripVTControlCharacters(String(text))
      return true
    }
  }
  try {
    await act()
    return { status: process.exitCode, ...said }
  } finally {
    process.stdout.write = write.stdout
    process.stderr.write = write.stderr
    process.exitCode = before
  }
}

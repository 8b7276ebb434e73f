import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../cli/sampan.ts', import.meta.url))

/** Runs the `sampan` command as a process of its own. */
export function spawnSampan(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, NO_COLOR: '1', ...environment }
  const child = spawn(process.execPath, ['--no-warnings', command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part) => {
    stdout += part
  })
  child.stderr.on('data', (part) => {
    stderr += part
  })
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, ended, output: () => stdout + stderr }
}

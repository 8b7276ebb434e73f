import { readFile } from 'node:fs/promises'
import { SampanError } from '../lambdas/core/runtime/errors.ts'
import { isRecord } from '../lambdas/core/task/rule.ts'

/**
 * Reads a task as JSON; `-` is standard input.
 * @throws SampanError TASK_FILE_UNREADABLE, TASK_NOT_JSON, TASK_IS_EVENT; never with a piece of the text in it, which may hold a password
 */
export async function readTaskFile(path: string): Promise<unknown> {
  const named = path === '-' ? 'standard input' : path
  const text = path === '-' ? await readStandardInput() : await readText(path)
  let task: unknown
  try {
    task = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const position = error instanceof Error ? errorPosition(text, error) : text.length
    if (text.trim() === '') throw noTask(`${named} is empty`)
    const lines = text.slice(0, position).split('\n')
    throw new SampanError({
      code: 'TASK_NOT_JSON',
      message: `${named} is not JSON: line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`,
      remedy: 'look for a missing comma or quote there, a comma before a closing bracket, or a comment',
    })
  }
  if (isEvents(task)) {
    throw new SampanError({
      code: 'TASK_IS_EVENT',
      message: `${named} has entries for \`aws events put-events\`, not a task`,
      remedy: `the task is the text of an entry’s Detail: jq -r '.[0].Detail' FILE | sampan validate -`,
    })
  }
  return task
}

/** A task is no list, so this is what a task is started with by an event. */
const isEvents = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => isRecord(entry) && 'DetailType' in entry)

function noTask(message: string): SampanError {
  return new SampanError({ code: 'TASK_NOT_JSON', message, remedy: 'write a task into it; `sampan --help` shows one' })
}

/**
 * Where JSON.parse gave up. V8 names the position in some messages and quotes the text in others; for those, the longest
 * beginning that is only unfinished, not wrong, is searched for.
 */
function errorPosition(text: string, error: Error): number {
  const named = / at position (\d+)/.exec(error.message)?.[1]
  if (named !== undefined) return Number(named)
  let [right, wrong] = [0, text.length]
  while (right < wrong) {
    const middle = Math.ceil((right + wrong) / 2)
    if (isUnfinished(text.slice(0, middle))) right = middle
    else wrong = middle - 1
  }
  return right
}

function isUnfinished(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const position = / at position (\d+)/.exec(message)?.[1]
    return (
      /^Unexpected end of JSON input/.test(message) || (position !== undefined && Number(position) >= beginning.length)
    )
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new SampanError({
      code: 'TASK_FILE_UNREADABLE',
      message: unreadable(path, code),
      remedy:
        code === 'EACCES'
          ? 'give this user the right to read it, or the command the task through standard input: -'
          : 'give the path of a task; `sampan --help` shows one',
      cause,
    })
  }
}

function unreadable(path: string, code: string): string {
  switch (code) {
    case 'ENOENT':
      return `there is no file ${path}`
    case 'EISDIR':
      return `${path} is a directory`
    case 'EACCES':
      return `this user may not read ${path}`
    default:
      return `${path} cannot be read (${code})`
  }
}

async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8')
}

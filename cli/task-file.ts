import { readFile } from 'node:fs/promises'
import { getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser'
import { SampanError } from '../lambdas/core/runtime/errors.ts'
import { isRecord } from '../lambdas/core/task/rule.ts'

/**
 * Reads a task as JSON, with comments and commas before a closing bracket where an editor or a person has left them; `-` is
 * standard input.
 * @throws SampanError TASK_FILE_UNREADABLE, TASK_NOT_JSON, TASK_KEY_TWICE, TASK_IS_EVENT; never with a piece of the text in it, which
 *   may hold a password
 */
export async function readTaskFile(path: string): Promise<unknown> {
  const named = path === '-' ? 'standard input' : path
  const task = parseTask(path === '-' ? await readStandardInput() : await readText(path), named)
  if (isEvents(task)) {
    throw new SampanError({
      code: 'TASK_IS_EVENT',
      message: `${named} has entries for \`aws events put-events\`, not a task`,
      remedy: `the task is the text of an entry’s Detail: jq -r '.[0].Detail' FILE | sampan validate -`,
    })
  }
  return task
}

function parseTask(text: string, named: string): unknown {
  const json = text.replace(/^\uFEFF/, '')
  if (json.trim() === '') {
    throw new SampanError({
      code: 'TASK_NOT_JSON',
      message: `${named} is empty`,
      remedy: 'write a task into it; `sampan --help` shows one',
    })
  }
  const errors: ParseError[] = []
  const tree = parseTree(json, errors, { allowTrailingComma: true })
  const [first] = errors
  if (first !== undefined || tree === undefined) {
    throw new SampanError({
      code: 'TASK_NOT_JSON',
      message: `${named} is not JSON: ${placeIn(json, first?.offset ?? 0)}`,
      remedy: 'look for a missing comma, quote or bracket there, or just before it',
    })
  }
  const twice = findRepeatedKey(tree)
  if (twice !== null) {
    throw new SampanError({
      code: 'TASK_KEY_TWICE',
      message: `${named} names ${JSON.stringify(twice.value)} twice in one object: the second time in ${placeIn(json, twice.offset)}`,
      remedy: 'remove one of the two: JSON would take the last one without a word',
    })
  }
  return getNodeValue(tree)
}

/** The first property that stands for the second time in its object; as a rule somebody has pasted a section. */
function findRepeatedKey(node: Node): Node | null {
  const seen = new Set<unknown>()
  for (const child of node.children ?? []) {
    const [key] = node.type === 'object' ? (child.children ?? []) : []
    if (key !== undefined && seen.has(key.value)) return key
    seen.add(key?.value)
    const below = findRepeatedKey(child)
    if (below !== null) return below
  }
  return null
}

function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

/** A task is no list, so this is what a task is started with by an event. */
const isEvents = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => isRecord(entry) && 'DetailType' in entry)

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

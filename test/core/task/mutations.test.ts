import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPath } from '../../../lambdas/core/task/describe.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { anyTask, smallTask } from './tasks.ts'

type Path = readonly (string | number)[]

/** The paths of all values inside a document, lists and objects included. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
}

/** A copy of a document with one value replaced. */
function replaceAt(value: unknown, [head, ...rest]: Path, replacement: unknown): unknown {
  if (head === undefined) return replacement
  if (Array.isArray(value)) return value.with(Number(head), replaceAt(value[Number(head)], rest, replacement))
  const record = value as Record<string, unknown>
  return { ...record, [head]: replaceAt(record[head], rest, replacement) }
}

describe('one wrong value anywhere in a valid task', () => {
  it('is found, and the problem’s path leads to it', () => {
    fc.assert(
      fc.property(anyTask, fc.nat(), fc.constantFrom(null, true, -1.5, [[]], { no: 1 }), (task, pick, wrong) => {
        const paths = pathsOf(task).filter((path) => path.length > 0)
        const path = paths[pick % paths.length] ?? []
        const { problems } = readTask(replaceAt(task, path, wrong))
        expect(problems.map((problem) => problem.path).some((found) => found.startsWith(formatPath(path)))).toBe(true)
        for (const problem of problems) {
          expect(problem.code).toMatch(/^TASK_[A-Z_]+$/)
          expect(`${problem.message}${problem.remedy}`).not.toMatch(/\n|undefined|\[object/)
        }
      }),
    )
  })

  it('is found where it is a field nobody knows', () => {
    fc.assert(
      fc.property(anyTask, fc.nat(), fc.string({ minLength: 1 }), (task, pick, key) => {
        const objects = pathsOf(task).filter((path) => {
          const value = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], task)
          return typeof value === 'object' && value !== null && !Array.isArray(value)
        })
        const path = objects[pick % objects.length] ?? []
        const unknown = JSON.parse(`{${JSON.stringify(`${key}?`)}: 1}`)
        const object = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], task)
        const { problems } = readTask(replaceAt(task, path, { ...(object as object), ...unknown }))
        expect(problems.length).toBeGreaterThan(0)
      }),
    )
  })

  it('is found where the key is one that objects have by nature', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify(smallTask()).replace('{', `{${JSON.stringify(key)}: {"a": 1},`)
      expect(readTask(JSON.parse(text)).problems.map((problem) => problem.path)).toEqual([key])
    }
  })
})

describe('a password', () => {
  const secretText = fc.stringMatching(/^hunter2-[A-Za-z0-9{}":, ]{8,30}$/)

  it('is in no message, wherever in the task it was put', () => {
    fc.assert(
      fc.property(anyTask, fc.nat(), secretText, (task, pick, password) => {
        const paths = pathsOf(task).filter((path) => path.length > 0 && formatPath(path) !== 'mode')
        const path = paths[pick % paths.length] ?? []
        // The few words a field takes are shown when misspelt: nobody keeps a password in onObjectError.
        fc.pre(
          !['mode', 'onObjectError', 'onDatabaseError', 'kind', 'case', 'conflicts'].includes(String(path.at(-1))) &&
            path.at(-2) !== 'keys',
        )
        const told = JSON.stringify(readTask(replaceAt(task, path, password)).problems)
        expect(told).not.toContain('hunter2')
      }),
    )
  })

  it('is in no message when it is a number', () => {
    const source = { host: 'a', user: 'u', password: 48151623 }
    expect(JSON.stringify(readTask({ ...smallTask(), source }).problems)).not.toContain('48151623')
  })
})

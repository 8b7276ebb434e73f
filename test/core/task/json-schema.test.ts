import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { taskExample } from '../../../lambdas/core/task/example.ts'
import { type JsonSchema, taskJsonSchema } from '../../../lambdas/core/task/json-schema.ts'
import { isRecord } from '../../../lambdas/core/task/rule.ts'
import { anyTask, smallTask } from './tasks.ts'

const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(taskJsonSchema())

/** Every named field below a schema, with its path. */
function fieldsOf(schema: JsonSchema, path = ''): [string, JsonSchema][] {
  const inner = [schema.items, ...(Array.isArray(schema.anyOf) ? schema.anyOf : [])].filter(isRecord)
  const properties = isRecord(schema.properties) ? Object.entries(schema.properties) : []
  return [
    ...properties.flatMap(([name, field]) =>
      isRecord(field)
        ? [[`${path}.${name}`, field] as [string, JsonSchema], ...fieldsOf(field, `${path}.${name}`)]
        : [],
    ),
    ...inner.flatMap((each) => fieldsOf(each, `${path}[]`)),
  ]
}

describe('the JSON Schema of a task', () => {
  it('accepts what the workflow accepts', () => {
    expect(validate(taskExample)).toBe(true)
    fc.assert(
      fc.property(anyTask, (task) => {
        expect(validate(task)).toBe(true)
      }),
    )
  })

  it('refuses unknown fields, two servers on one side, and a side without password', () => {
    const task = smallTask()
    expect(validate({ ...task, lane: 1 })).toBe(false)
    expect(validate({ ...task, source: { ...task.source, rdsInstance: 'a' } })).toBe(false)
    expect(validate({ ...task, source: { host: 'a' } })).toBe(false)
    expect(validate({ ...task, name: 'No Name' })).toBe(false)
  })

  it('asks a login by IAM for a user and for no password', () => {
    const task = smallTask()
    const byIam = { host: 'a', authentication: 'iam', user: 'u' }
    expect(validate({ ...task, source: byIam })).toBe(true)
    expect(validate({ ...task, source: { ...byIam, user: undefined } })).toBe(false)
    expect(validate({ ...task, source: { ...byIam, secret: 'env:A' } })).toBe(false)
    expect(validate({ ...task, destination: byIam })).toBe(false)
  })

  it('describes every field', () => {
    const undescribed = fieldsOf(taskJsonSchema())
      .filter(([path, field]) => typeof field.description !== 'string' && !/\.(file|secret)$/.test(path))
      .map(([path]) => path)
    expect(undescribed).toEqual([])
  })
})

import { z } from 'zod'
import { taskExample } from './example.ts'
import { isRecord } from './rule.ts'
import { taskSchema } from './task.ts'

/** As much of a JSON Schema as Sampan reads of its own. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

let published: JsonSchema | undefined

/**
 * The JSON Schema (draft 2020-12) of a task as a user writes it, for editors and other programs. It holds what JSON Schema
 * can say; rules over several fields beyond that (`retry`, unique names) are checked by `readTask`.
 */
export function taskJsonSchema(): JsonSchema {
  published ??= {
    ...z.toJSONSchema(taskSchema, {
      io: 'input',
      target: 'draft-2020-12',
      override: ({ jsonSchema, path }) => {
        const side = path.at(-1)
        if (side === 'source') Object.assign(jsonSchema, sideRules('rdsInstance'))
        if (side === 'destination') Object.assign(jsonSchema, sideRules('apsaraInstance'))
      },
    }),
    title: 'Sampan task',
    description: 'One migration of PostgreSQL databases: the execution input of the Sampan state machine.',
    examples: [taskExample],
  }
  return published
}

/** One way to name the server, one way to log in. */
function sideRules(instance: string): JsonSchema {
  const oneOf = (...fields: readonly string[]) => ({ oneOf: fields.map((field) => ({ required: [field] })) })
  const passwords = oneOf('secret', 'passwordFile', 'password')
  const certificate = { properties: { tls: { required: ['certificate'] } }, required: ['tls', 'user'] }
  const password = { anyOf: [passwords, { ...certificate, not: { anyOf: passwords.oneOf } }] }
  if (instance !== 'rdsInstance') return { allOf: [oneOf(instance, 'host'), password] }
  const byIam = { properties: { authentication: { const: 'iam' } }, required: ['authentication'] }
  const withoutPassword = { ...byIam, required: ['authentication', 'user'], not: { anyOf: passwords.oneOf } }
  return { allOf: [oneOf(instance, 'host'), { anyOf: [withoutPassword, { not: byIam, ...password }] }] }
}

/** The part of the schema that describes the value at a path, `null` where the path leaves the schema. */
export function schemaAt(path: readonly (string | number)[]): JsonSchema | null {
  let at: JsonSchema | null = taskJsonSchema()
  for (const segment of path) {
    at = at === null ? null : step(at, segment)
  }
  return at
}

function step(schema: JsonSchema, segment: string | number): JsonSchema | null {
  const next: unknown =
    typeof segment === 'number'
      ? schema.items
      : isRecord(schema.properties) && Object.hasOwn(schema.properties, segment)
        ? schema.properties[segment]
        : schema.additionalProperties
  if (isRecord(next)) return next
  if (!Array.isArray(schema.anyOf)) return null
  for (const option of schema.anyOf) {
    const found: JsonSchema | null = isRecord(option) ? step(option, segment) : null
    if (found !== null) return found
  }
  return null
}

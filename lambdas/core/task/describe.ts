import { type JsonSchema, schemaAt } from './json-schema.ts'
import { isRecord } from './rule.ts'
import { suggest } from './suggest.ts'

export type Path = readonly (string | number)[]

/** `databases[0].name`, `(task)` for the document itself. A key that is no identifier is quoted, a long one is cut. */
export function formatPath(path: Path): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (/^[A-Za-z_$][\w$]{0,63}$/.test(segment)) text += text === '' ? segment : `.${segment}`
    else text += `[${JSON.stringify(segment.length > 64 ? `${segment.slice(0, 63)}…` : segment)}]`
  }
  return text === '' ? '(task)' : text
}

/** The fields a task knows at a path. */
export function knownFields(path: Path): readonly string[] {
  const properties = schemaAt(path)?.properties
  return isRecord(properties) ? Object.keys(properties) : []
}

/**
 * What stands at a path: its type, and its value only where the field takes a number or one of a few words. Any other
 * text might be a secret in the wrong place.
 */
export function describeFound(path: Path, input: unknown): string {
  const value = valueAt(path, input)
  if (value === undefined) return 'is missing'
  if (value === null) return 'is null'
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : 'is a list'
  if (typeof value === 'object') return 'is an object'
  if (isSecret(path)) return value === '' ? 'is empty' : typeof value === 'string' ? 'is text' : `is a ${typeof value}`
  const schema = schemaAt(path)
  if (typeof value === 'number') return formOf(schema, 'integer') === null ? 'is a number' : `is ${value}`
  if (typeof value === 'boolean') return `is ${value}`
  if (value === '') return 'is empty'
  const shown = Array.isArray(schema?.enum) || schema?.const !== undefined
  return shown && typeof value === 'string' ? `is ${JSON.stringify(cut(value))}` : 'is text'
}

/** What should stand at a path, as the remedy: the nearest word, the range, or the field's own description. */
export function describeExpectation(path: Path, input: unknown): string {
  const schema = schemaAt(path)
  if (schema === null) return 'see `sampan schema` for the form of a task'
  const value = valueAt(path, input)
  const words = schemaWords(schema)
  const meant = meantWord(schema, value)
  if (meant !== null) return `did you mean ${quote(meant)}?`
  if (words.length > 0) return `give one of ${words.map(quote).join(', ')}`
  const integer = typeof value === 'number' || schema.type === 'integer' ? formOf(schema, 'integer') : null
  if (integer !== null) {
    const unquoted = typeof value === 'string' ? ', without quotes' : ''
    return `give a whole number from ${integer.minimum} to ${integer.maximum}${unquoted}`
  }
  const numberOrWord = describeNumberOrWord(schema, value)
  if (numberOrWord !== null) return numberOrWord
  const description = typeof schema.description === 'string' ? schema.description : ''
  if (Array.isArray(schema.anyOf) && description !== '') return description
  const form = expectedForm(schema)
  if (value === undefined) return description === '' ? `add it: ${form}` : `add it: ${description}`
  return description === '' ? `give ${form}` : `give ${form}: ${description}`
}

/** The schema itself, or that one of the forms it allows, which is of a type. */
function formOf(schema: JsonSchema | null, type: string): JsonSchema | null {
  const forms = [schema, ...(Array.isArray(schema?.anyOf) ? schema.anyOf : [])].filter(isRecord)
  return forms.find((form) => form.type === type) ?? null
}

function schemaWords(schema: JsonSchema): readonly string[] {
  return Array.isArray(schema.enum) ? schema.enum.filter((word) => typeof word === 'string') : []
}

/** For a field that takes a whole number or one of a few words, such as `lanes`. */
function describeNumberOrWord(schema: JsonSchema, value: unknown): string | null {
  const number = formOf(schema, 'integer')
  const forms = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isRecord) : []
  const words = forms.flatMap((form) => (typeof form.const === 'string' ? [quote(form.const)] : []))
  if (number === null || words.length === 0) return null
  const unquoted = typeof value === 'string' && /^\d+$/.test(value) ? ' without quotes' : ''
  return `give a whole number from ${number.minimum} to ${number.maximum}${unquoted}, or ${words.join(' or ')}`
}

/** The word meant, among those a field takes itself or in one of its forms. */
function meantWord(schema: JsonSchema, value: unknown): string | null {
  if (typeof value !== 'string') return null
  const forms = [schema, ...(Array.isArray(schema.anyOf) ? schema.anyOf.filter(isRecord) : [])]
  return suggest(
    value,
    forms.flatMap((form) => (typeof form.const === 'string' ? [form.const] : schemaWords(form))),
  )
}

function expectedForm(schema: JsonSchema): string {
  switch (schema.type) {
    case 'object':
      return 'an object'
    case 'array':
      return 'a list with at least one entry'
    default:
      return 'a text that is not empty'
  }
}

function isSecret(path: Path): boolean {
  return path.some((segment) => typeof segment === 'string' && /password|secret/i.test(segment))
}

function quote(text: string): string {
  return JSON.stringify(text)
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

/** What the user wrote at a path. */
export function valueAt(path: Path, input: unknown): unknown {
  let value = input
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[segment]
  }
  return value
}

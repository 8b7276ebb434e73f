import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

/** A node of the syntax tree, as far as anything here looks at it. */
export interface Syntax {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface SourceFile {
  readonly path: string
  readonly body: readonly Syntax[]
  readonly declarations: readonly Declaration[]
}

/** A constant or a function of a file. */
interface Declaration {
  readonly name: string
  readonly value: Syntax
  /** Offsets between which the name is known. */
  readonly from: number
  readonly to: number
}

/** Reads one TypeScript file. @param path below `root`, with / */
export function readSource(root: string, path: string): SourceFile {
  const { program, errors } = parseSync(path, readFileSync(`${root}/${path}`, 'utf8'))
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  const body = program.body as unknown as readonly Syntax[]
  return { path, body, declarations: declarationsIn(body, 0, Number.POSITIVE_INFINITY) }
}

/** @param from where the function around begins, and `to` where it ends */
function declarationsIn(value: unknown, from: number, to: number): readonly Declaration[] {
  if (Array.isArray(value)) return value.flatMap((one) => declarationsIn(one, from, to))
  if (!isSyntax(value)) return []
  const isFunction = /Function/.test(value.type)
  const inner = Object.values(value).flatMap((one) =>
    typeof one !== 'object'
      ? []
      : isFunction
        ? declarationsIn(one, value.start, value.end)
        : declarationsIn(one, from, to),
  )
  const name = nameOf(value.id)
  if (value.type === 'VariableDeclarator' && isSyntax(value.init))
    return [{ name, value: value.init, from, to }, ...inner]
  return value.type === 'FunctionDeclaration' ? [{ name, value, from, to }, ...inner] : inner
}

/** What a name stands for where it is used; of several the innermost. */
export function declaredAt({ declarations }: SourceFile, name: string, offset: number): Syntax | null {
  const known = declarations.filter((one) => one.name === name && one.from <= offset && offset < one.to)
  return known.toSorted((one, other) => other.from - one.from)[0]?.value ?? null
}

/** Calls `look` for every node, from the outside to the inside. */
export function visit(value: unknown, look: (node: Syntax) => void): void {
  if (Array.isArray(value)) for (const one of value) visit(one, look)
  else if (isSyntax(value)) {
    look(value)
    for (const inner of Object.values(value)) if (typeof inner === 'object') visit(inner, look)
  }
}

export function isSyntax(value: unknown): value is Syntax {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** The name of an identifier, or the text of a key; empty for anything else. */
export function nameOf(node: unknown): string {
  if (!isSyntax(node)) return ''
  return String(node.name ?? node.value ?? '')
}

/** The value of an object literal's property; `null` where it has none of that name. */
export function propertyOf(object: Syntax, name: string): Syntax | null {
  const found = (object.properties as readonly Syntax[]).find(
    (one) => one.type === 'Property' && nameOf(one.key) === name,
  )
  return isSyntax(found?.value) ? found.value : null
}

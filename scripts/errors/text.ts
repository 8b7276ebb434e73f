import { declaredAt, isSyntax, nameOf, type SourceFile, type Syntax, visit } from './syntax.ts'

/** Constants of other files that codes and texts are made of. */
export type Constants = ReadonlyMap<string, Syntax>

interface Scope {
  readonly file: SourceFile
  readonly constants: Constants
  readonly depth: number
  /** Part of a longer text: a choice of which one half is not known says nothing. */
  readonly isPart?: boolean
}

/** How far a name is followed: a constant of a constant, a function that calls another one. */
const DEEPEST = 4

/**
 * The texts of an expression where they can be told apart: of a function with several answers none, nobody knows which is given.
 */
export function textsOrNone(node: unknown, file: SourceFile, constants: Constants): readonly string[] {
  const texts = textsOf(node, file, constants)
  return texts.length > 1 && isSyntax(node) && node.type === 'CallExpression' ? [] : texts
}

/**
 * Every text that an expression may be, with what is only known at run time as `{its name}`; empty where nothing is known of it.
 */
export function textsOf(node: unknown, file: SourceFile, constants: Constants, depth = 0): readonly string[] {
  return unwrap(node, { file, constants, depth })
}

function unwrap(node: unknown, scope: Scope): readonly string[] {
  if (!isSyntax(node)) return []
  const inner = (value: unknown) => unwrap(value, scope)
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : []
    case 'TemplateLiteral':
      return template(node, scope)
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'ParenthesizedExpression':
      return inner(node.expression)
    case 'BinaryExpression':
      return node.operator === '+' ? both(inner(node.left), inner(node.right)) : []
    case 'ConditionalExpression':
      return choice(inner(node.consequent), inner(node.alternate), scope)
    case 'LogicalExpression': {
      const left = inner(node.left)
      return left.length === 0 ? [] : [...new Set([...left, ...inner(node.right)])]
    }
    case 'Identifier':
      return follow(node, scope)
    case 'CallExpression':
      return isSyntax(node.callee) && node.callee.type === 'Identifier' ? follow(node.callee, scope) : []
    default:
      return []
  }
}

function template(node: Syntax, scope: Scope): readonly string[] {
  const quasis = node.quasis as readonly { value: { cooked: string } }[]
  const expressions = node.expressions as readonly Syntax[]
  return quasis.reduce<readonly string[]>(
    (begun, quasi, index) => {
      const expression = expressions[index]
      const known = expression === undefined ? [''] : unwrap(expression, { ...scope, isPart: true })
      // What is only sometimes there is left out; of longer texts that differ, the name says what stands there.
      const some = known.includes('') ? [''] : known
      const isNamed = some.length > 1 && expression?.type !== 'ConditionalExpression'
      const filled = some.length === 0 || isNamed ? [placeholder(expression)] : some
      return both(
        begun,
        filled.map((text) => quasi.value.cooked + text),
      )
    },
    [''],
  )
}

function choice(one: readonly string[], other: readonly string[], { isPart = false }: Scope): readonly string[] {
  if (isPart && (one.length === 0 || other.length === 0)) return []
  return [...new Set([...one, ...other])]
}

function both(left: readonly string[], right: readonly string[]): readonly string[] {
  return left.flatMap((begin) => right.map((end) => begin + end))
}

/** What a name stands for: a constant, or all that a function may return. */
function follow(identifier: Syntax, scope: Scope): readonly string[] {
  const name = nameOf(identifier)
  const meant = declaredAt(scope.file, name, identifier.start) ?? importedAs(name, scope)
  if (meant === undefined || scope.depth >= DEEPEST) return []
  const deeper = { ...scope, depth: scope.depth + 1 }
  if (meant.type === 'ArrowFunctionExpression' && isSyntax(meant.body) && meant.body.type !== 'BlockStatement')
    return unwrap(meant.body, deeper)
  if (!/Function/.test(meant.type)) return unwrap(meant, deeper)
  const returned: (readonly string[])[] = []
  visit(meant.body, (node) => {
    if (node.type === 'ReturnStatement') returned.push(unwrap(node.argument, deeper))
  })
  return returned.some((texts) => texts.length === 0) ? [] : [...new Set(returned.flat())]
}

/** A constant of another file is told by its capitals: any other name may be a variable. */
function importedAs(name: string, { constants }: Scope): Syntax | undefined {
  return /^[A-Z][A-Z0-9_]+$/.test(name) ? constants.get(name) : undefined
}

/** An expression as a word in braces. */
function placeholder(node: unknown): string {
  const name = wordOf(node)
  return name === '' ? '…' : `{${name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()}}`
}

function wordOf(node: unknown): string {
  if (!isSyntax(node)) return ''
  switch (node.type) {
    case 'Identifier':
      return nameOf(node)
    case 'MemberExpression': {
      const property = nameOf(node.property)
      return property === 'length' ? 'number' : node.computed === true ? wordOf(node.object) : property
    }
    case 'CallExpression': {
      const [first] = node.arguments as readonly Syntax[]
      const callee = node.callee as Syntax
      const ofObject = callee.type === 'MemberExpression' ? wordOf(callee.object) : ''
      return /^(|JSON|Math|Object|Array)$/.test(ofObject)
        ? wordOf(first) || (callee.type === 'Identifier' ? nameOf(callee) : '')
        : ofObject
    }
    case 'LogicalExpression':
      return wordOf(node.left)
    case 'TSAsExpression':
    case 'ChainExpression':
    case 'TSNonNullExpression':
      return wordOf(node.expression)
    default:
      return ''
  }
}

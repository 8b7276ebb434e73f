import { globSync } from 'node:fs'
import { readStatements, type Statement, statementsIn } from './sql.ts'
import { isSyntax, nameOf, propertyOf, readSource, type SourceFile, type Syntax, visit } from './syntax.ts'
import { type Constants, textsOf, textsOrNone } from './text.ts'

/** A place where a code is made, with what it says there. */
export interface Place {
  readonly code: string
  /** Below the root, with /. */
  readonly file: string
  /** `null` where only the run knows it. */
  readonly cause: string | null
  readonly remedy: string | null
  /** `log`: only written to the log. `note`: told as an event of the run, in progress and report. */
  readonly kind: 'error' | 'note' | 'log'
}

export interface Scan {
  readonly places: readonly Place[]
  /** Every literal that looks like a code, by file, whether it is made into an error there or not. */
  readonly literals: ReadonlyMap<string, string>
  /** Codes of which a part is only known at run time, and nothing here knows what it may be: `file: code`. */
  readonly unresolved: readonly string[]
}

const CODE = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|INTERNAL|STOPPED)$/

/** Codes that their file puts something before: the errors of a connection are those of a side. */
const PREFIXES: Readonly<Record<string, readonly string[]>> = {
  'lambdas/core/postgres/connect-errors.ts': ['SRC_', 'DST_'],
  'lambdas/core/postgres/wire-diagnosis.ts': ['SRC_', 'DST_'],
  'lambdas/core/postgres/tls.ts': ['SRC_TLS_', 'DST_TLS_'],
}

/** The checks say themselves what they are about (precheck/registry.ts); the others are not Sampan. */
const NOT_READ = /vendor|fakes|\.d\.ts$|precheck\/checks\//

/** Reads every file of TypeScript and SQL that a user’s run may go through. @param root the repository */
export function scanSources(root: string): Scan {
  const files = pathsOf(root, 'ts').map((path) => readSource(root, path))
  const constants = exportedConstants(files)
  const literals = new Map<string, string>()
  for (const file of files) {
    visit(file.body, (node) => {
      if (node.type === 'Literal' && typeof node.value === 'string' && CODE.test(node.value))
        literals.set(node.value, file.path)
    })
  }
  const statements = [...files.flatMap(statementsIn), ...readStatements(root, pathsOf(root, 'sql'))]
  for (const { file, codes } of statements) for (const code of codes) literals.set(code, file)
  const unresolved = files.flatMap((file) => unresolvedIn(file, constants))
  return {
    places: [...files.flatMap((file) => placesIn(file, constants)), ...statements.flatMap(notesIn)],
    literals,
    unresolved,
  }
}

/** What SQL itself writes into the run’s story; its words are in words.ts. */
const notesIn = ({ file, isNote, codes }: Statement): readonly Place[] =>
  isNote ? codes.map((code) => ({ code, file, cause: null, remedy: null, kind: 'note' as const })) : []

function pathsOf(root: string, extension: string): readonly string[] {
  return globSync(`{lambdas,cli,local,statemachine}/**/*.${extension}`, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !NOT_READ.test(path))
    .toSorted()
}

/** Of these the catalogue knows the parts: SQLSTATEs (build.ts), and what another file of PREFIXES makes. */
const RESOLVED_ELSEWHERE =
  /^\{(prefix|side)\}_(SQL_)?\{(state|code|problem)\}$|^(SRC|DST)_(SQL_|TLS_)?\{(state|code|problem)\}$/

function unresolvedIn(file: SourceFile, constants: Constants): readonly string[] {
  const found: string[] = []
  visit(file.body, (node) => {
    const code = node.type === 'ObjectExpression' ? propertyOf(node, 'code') : null
    for (const text of code?.type === 'TemplateLiteral' ? textsOf(code, file, constants) : []) {
      const rest = text.replace(/^\{(prefix|side|codes)\}_/, '')
      if (rest.includes('{') && !RESOLVED_ELSEWHERE.test(text)) found.push(`${file.path}: ${text}`)
    }
  })
  return found
}

function exportedConstants(files: readonly SourceFile[]): Constants {
  const found = new Map<string, Syntax>()
  for (const file of files) {
    for (const node of file.body) {
      const { declaration } = node
      if (node.type !== 'ExportNamedDeclaration' || !isSyntax(declaration)) continue
      const named =
        declaration.type === 'VariableDeclaration' ? (declaration.declarations as readonly Syntax[]) : [declaration]
      for (const one of named) {
        const value = declaration.type === 'VariableDeclaration' ? one.init : one
        if (isSyntax(value)) found.set(nameOf(one.id), value)
      }
    }
  }
  return found
}

function placesIn(file: SourceFile, constants: Constants): readonly Place[] {
  const places: Place[] = []
  const add = (made: readonly string[], kind: Place['kind'], cause: readonly string[], remedy: readonly string[]) => {
    for (const [index, one] of made.entries()) {
      for (const code of codesOf([one], file)) {
        const said = (texts: readonly string[]) => inWordsOf(code, ofCode(texts, index, made.length))
        places.push({ code, file: file.path, kind, cause: said(cause), remedy: said(remedy) })
      }
    }
  }
  visit(file.body, (node) => {
    const texts = (value: unknown) => textsOf(value, file, constants)
    const said = (value: unknown) => textsOrNone(value, file, constants)
    if (node.type === 'ObjectExpression') {
      const property = (name: string) => propertyOf(node, name)
      const isNote = property('level') !== null && property('step') !== null
      add(
        texts(property('code')),
        isNote ? 'note' : 'error',
        said(property('message') ?? property('cause')),
        said(property('remedy')),
      )
    }
    if (node.type === 'CallExpression') {
      const [first, ...rest] = node.arguments as readonly Syntax[]
      if (!isSyntax(first) || !/^(Literal|TemplateLiteral|Identifier|ConditionalExpression)$/.test(first.type)) return
      const codes = texts(first)
      const words = rest.map(said).filter((one) => one.some((text) => text.includes(' ')))
      const isLog = /logger\.(info|warn|error)$|^(unless|has)$/.test(calleeOf(node.callee))
      if (isLog) add(codes, 'log', [], [])
      else if (words.length >= 2) add(codes, 'error', words.at(-2) ?? [], words.at(-1) ?? [])
    }
  })
  return places
}

/** Which of several texts is this code’s: of as many as there are codes its own, of one code’s variants the first. */
function ofCode(texts: readonly string[], index: number, codes: number): string | null {
  const text = codes === 1 || texts.length === 1 ? texts[0] : texts.length === codes ? texts[index] : null
  return text || null
}

/** What may be a code of this file, with both sides where only the run knows which. */
function codesOf(texts: readonly string[], file: SourceFile): readonly string[] {
  const sided = texts.flatMap((text) => {
    const either = /^\{(prefix|side|codes)\}_/
    return either.test(text) ? ['SRC_', 'DST_'].map((prefix) => text.replace(either, prefix)) : [text]
  })
  const whole = (PREFIXES[file.path] ?? ['']).flatMap((prefix) =>
    sided.map((text) => (/^(SRC|DST)_/.test(text) || !isPart(text) ? text : prefix + text)),
  )
  return [...new Set(whole.filter((text) => CODE.test(text)))]
}

const isPart = (text: string): boolean => /^[A-Z][A-Z0-9_]+$/.test(text)

/** `{side}` of a code that belongs to one. */
function inWordsOf(code: string, text: string | null): string | null {
  const side = code.startsWith('SRC_') ? 'source' : code.startsWith('DST_') ? 'destination' : null
  return side === null || text === null ? text : text.replaceAll('{side}', side)
}

function calleeOf(node: unknown): string {
  if (!isSyntax(node)) return ''
  if (node.type !== 'MemberExpression') return nameOf(node)
  return `${calleeOf(node.object)}.${nameOf(node.property)}`
}

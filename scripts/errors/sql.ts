import { readFileSync } from 'node:fs'
import { type SourceFile, visit } from './syntax.ts'

/** A text of SQL with the literals in it that look like codes. */
export interface Statement {
  readonly file: string
  /** It writes into the run’s story. */
  readonly isNote: boolean
  readonly codes: readonly string[]
}

/** Of .sql files. @param paths below `root` */
export function readStatements(root: string, paths: readonly string[]): readonly Statement[] {
  return paths.map((path) => statementOf(path, readFileSync(`${root}/${path}`, 'utf8').replaceAll(/--.*$/gm, '')))
}

/** Of the templates of a TypeScript file. */
export function statementsIn(file: SourceFile): readonly Statement[] {
  const found: Statement[] = []
  visit(file.body, (node) => {
    if (node.type !== 'TemplateLiteral') return
    const quasis = node.quasis as readonly { value: { cooked: string } }[]
    found.push(statementOf(file.path, quasis.map(({ value }) => value.cooked).join('…')))
  })
  return found
}

function statementOf(file: string, sql: string): Statement {
  const codes = [...sql.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)].map(([, code]) => code ?? '')
  return { file, isNote: /\bINSERT INTO sampan\.event\b/.test(sql), codes }
}

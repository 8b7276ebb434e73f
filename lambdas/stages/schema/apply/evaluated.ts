/** By kind, where its text matches. Even a plain index is planned, and with it every expression of its table's others. */
const EVALUATED: Readonly<Record<string, RegExp>> = {
  'TABLE DATA': /^/,
  TABLE: /\bGENERATED ALWAYS AS \(|\bPARTITION BY\b/,
  'TABLE ATTACH': /^/,
  INDEX: /^/,
  CONSTRAINT: /^/,
  'CHECK CONSTRAINT': /^/,
  'FK CONSTRAINT': /^/,
  STATISTICS: /^/,
  'MATERIALIZED VIEW DATA': /^/,
}

/** Whether making an object evaluates expressions of the user's, or plans a reading of its table: it needs the source's search path. */
export function isEvaluated(kind: string, sql: string): boolean {
  return EVALUATED[kind]?.test(sql) === true
}

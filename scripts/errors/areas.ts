/** Headings of the catalogue, in the order of the page. */
export const AREAS = [
  'Task',
  'Command line',
  'Connections and logins',
  'Answers of the servers',
  'Prechecks',
  'Access',
  'Clouds',
  'Objects',
  'Rows',
  'Comparing and sealing',
  'Running',
] as const

type Area = (typeof AREAS)[number]

const CONNECTION =
  /^((SRC|DST)_)?(CONNECT|CONNECTION|TLS|LOGIN|IAM|PASSWORD|PROTOCOL|TOO_MANY_CONN|DATABASE_MISSING|INCOMPLETE|POOLER)/

const FOLDERS: readonly (readonly [RegExp, Area])[] = [
  [/^cli\/.*(from|task-file|init|url|service)/, 'Task'],
  [/^cli\//, 'Command line'],
  [/^lambdas\/(core\/task|stages\/read-task)\//, 'Task'],
  [/^lambdas\/stages\/access\//, 'Access'],
  [/^lambdas\/core\/cloud\//, 'Clouds'],
  [/^lambdas\/(stages\/follow|core\/stream)\//, 'Rows'],
  [/^lambdas\/(stages\/schema|core\/structure)\//, 'Objects'],
  [/^lambdas\/stages\/(copy|snapshot)\//, 'Rows'],
  [/^lambdas\/stages\/validate\//, 'Comparing and sealing'],
]

/** Where a code belongs: by its name where that says it, else by the file it comes from. @param file `null`: a check’s, or a server’s */
export function areaOf(code: string, file: string | null): Area {
  if (/^(SRC|DST)_SQL_/.test(code)) return 'Answers of the servers'
  if (CONNECTION.test(code)) return 'Connections and logins'
  if (code.startsWith('TASK_')) return 'Task'
  if (code.startsWith('ACCESS_')) return 'Access'
  if (/^(VALIDATION|CHUNKS_OPEN|MATERIALIZED_VIEW|RIGHTS_NARROWER)/.test(code)) return 'Comparing and sealing'
  if (/^(OBJECTS_OPEN|CONSTRAINT_NOT_VALID|NOT_ANALYZED)$/.test(code)) return 'Objects'
  if (file === null) return 'Prechecks'
  return FOLDERS.find(([folder]) => folder.test(file))?.[1] ?? 'Running'
}

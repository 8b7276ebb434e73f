import { type Problem, readTask } from '../../lambdas/core/task/problems.ts'

/** Puts one question and gives the answer as it was typed, without blanks around it. */
export type Ask = (question: string) => Promise<string>

type Fields = Record<string, unknown>

interface Question {
  readonly text: string
  /** Taken for an empty answer. */
  readonly fallback?: string
  /** Puts the answer into the task. */
  readonly put: (task: Fields, answer: string) => void
  /** Where a task tells what is wrong with the answer: a problem there asks again. */
  readonly path: RegExp
  /** What is wrong with the answer beyond the rules of a task. */
  readonly refuse?: (answer: string) => string | null
}

const WHERE = 'env:NAME, file:/path, an ARN of Secrets Manager, or secret:NAME for its name'

/**
 * Asks for what a task needs, and asks again where an answer breaks a rule of the task.
 * @returns a valid task without any password
 */
export async function askTask(ask: Ask, tell: (line: string) => void): Promise<Fields> {
  const task: Fields = { source: {}, destination: {} }
  for (const side of ['source', 'destination'] as const) await askSide(side, task, ask, tell)
  const put = (text: string, question: Omit<Question, 'text'>) => askUntilRight({ text, ...question }, task, ask, tell)
  await put('Databases, separated by commas', {
    put: (into, answer) => {
      into.databases = names(answer).map((name) => ({ name }))
    },
    path: /^databases/,
    refuse: (answer) => (names(answer).length === 0 ? 'name at least one database' : null),
  })
  const [first] = task.databases as readonly { name: string }[]
  await put('Name of the run', {
    fallback: `${slug(first?.name ?? '')}-move`,
    put: (into, answer) => {
      into.name = answer
    },
    path: /^name$/,
  })
  return { name: task.name, source: task.source, destination: task.destination, databases: task.databases }
}

async function askSide(side: 'source' | 'destination', task: Fields, ask: Ask, tell: (line: string) => void) {
  const fields = task[side] as Fields
  const put = (text: string, field: string, more: Partial<Question> = {}) => {
    const path = new RegExp(`^${side}\\.${field}`)
    const into = (_: Fields, answer: string) => {
      if (answer === '') delete fields[field]
      else fields[field] = answer
    }
    return askUntilRight({ text: `${side}: ${text}`, put: into, path, ...more }, task, ask, tell)
  }
  const cloud = side === 'source' ? 'rds' : 'apsara'
  const instance = `${cloud}Instance`
  await put(
    `host name or address, or ${cloud}:INSTANCE for an instance of ${side === 'source' ? 'Amazon RDS' : 'ApsaraDB'}`,
    'host',
    {
      path: new RegExp(`^${side}(\\.(host|${instance}))?$`),
      put: (_, answer) => {
        delete fields.host
        delete fields[instance]
        const isInstance = answer.startsWith(`${cloud}:`)
        fields[isInstance ? instance : 'host'] = isInstance ? answer.slice(cloud.length + 1) : answer
      },
    },
  )
  const isInstance = fields[instance] !== undefined
  if (isInstance) await put('region of the instance', 'region', side === 'source' ? { fallback: 'us-east-1' } : {})
  else
    await put('port', 'port', {
      fallback: '5432',
      put: (_, answer) => {
        fields.port = Number(answer)
      },
    })
  await put('user', 'user', { refuse: (answer) => (answer === '' ? 'give the role to log in as' : null) })
  await put(`where the password is (${WHERE}; never the password itself)`, 'secret', {
    fallback: `env:${side.toUpperCase()}_PASSWORD`,
    put: (_, answer) => {
      fields.secret = answer.replace(/^secret:/, '')
    },
    // A bare word could be the password.
    refuse: (answer) => (/^(env|file|arn|secret):/.test(answer) ? null : `give ${WHERE}`),
  })
  await askTls(side, fields, isInstance && side === 'source', put)
}

type Put = (text: string, field: string, more?: Partial<Question>) => Promise<void>

async function askTls(side: string, fields: Fields, isRds: boolean, put: Put): Promise<void> {
  const tls: Fields = {}
  fields.tls = tls
  await put('TLS: verify-full, verify-ca, require, or disable in a network of your own', 'tls', {
    fallback: 'verify-full',
    put: (_, answer) => {
      tls.mode = answer
    },
    path: new RegExp(`^${side}\\.tls`),
  })
  // Amazon’s authority comes with Sampan.
  if (!isRds && /^verify/.test(String(tls.mode)))
    await put('file with the certificate of its authority, empty for those of the system', 'tls', {
      put: (_, answer) => {
        if (answer === '') delete tls.ca
        else tls.ca = answer === 'rds' ? 'rds' : { file: answer }
      },
      path: new RegExp(`^${side}\\.tls`),
    })
}

async function askUntilRight(question: Question, task: Fields, ask: Ask, tell: (line: string) => void): Promise<void> {
  const { text, fallback, put, path, refuse } = question
  for (;;) {
    const typed = await ask(fallback === undefined ? `${text}: ` : `${text} [${fallback}]: `)
    const answer = typed === '' ? (fallback ?? '') : typed
    const refused = refuse?.(answer) ?? null
    if (refused === null) put(task, answer)
    const problem = refused === null ? firstProblem(task, path) : null
    if (refused === null && problem === null) return
    tell(`  ${refused ?? `${problem?.path} ${problem?.message}: ${problem?.remedy}`}`)
  }
}

/** What is wrong where the answer stands; what is not asked yet is missing elsewhere. */
function firstProblem(task: Fields, path: RegExp): Problem | null {
  return (
    readTask(task).problems.find((problem) => path.test(problem.path) && problem.code !== 'TASK_PASSWORD_MISSING') ??
    null
  )
}

const names = (answer: string): readonly string[] =>
  answer
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 50) || 'database'

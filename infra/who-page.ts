import { readFileSync, rmSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import type { DeploymentOptions } from './deployment-options.ts'
import { FUNCTION_SETTINGS } from './function-settings.ts'
import { type MadePage, row, write } from './made-page.ts'
import { MigrationStack } from './migration-stack.ts'
import { readOptions } from './options.ts'

/** A statement of a role, as it stands in the template. */
interface Statement {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Everything that can be switched on, so that every statement there can be is in the table. */
const EVERYTHING: DeploymentOptions = {
  region: 'us-east-1',
  network: {
    vpcId: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0'],
    egressAddresses: ['203.0.113.7'],
  },
  key: 'create',
  secretKeys: ['arn:aws:kms:us-east-1:111122223333:key/your-secrets-key'],
  iamDatabaseUsers: ['migrator'],
  temporaryGroups: true,
  eventSources: ['my.pipeline'],
}

/** Instead of the access key. */
const BY_ROLE: DeploymentOptions = {
  alibabaRole: {
    arn: 'acs:ram::113511544585:role/sampan',
    provider: 'acs:ram::113511544585:oidc-provider/aws',
    issuer: 'https://your-issuer.tokens.sts.global.api.aws',
  },
}

/** Who may do what, of the policies as they are synthesised: docs/who-can-do-what.md. */
export const whoPage: MadePage = {
  page: 'who-can-do-what.md',
  make: () => whoTable([template(EVERYTHING), template({ ...EVERYTHING, ...BY_ROLE })]),
}

/** The template of a stack with everything switched on; nothing is bundled. */
function template(options: DeploymentOptions): Readonly<Record<string, { readonly Type: string }>> {
  const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as {
    readonly context: Record<string, unknown>
  }
  const app = new App({ context, analyticsReporting: false })
  const { artifactId } = new MigrationStack(app, 'Sampan', {
    options: readOptions(options),
    code: () => Code.fromInline('exports.handler = async () => {}'),
  })
  const assembly = app.synth()
  try {
    return assembly.getStackArtifact(artifactId).template.Resources
  } finally {
    rmSync(assembly.directory, { recursive: true, force: true })
  }
}

/** A row for each statement, with all roles that have it alike. */
function whoTable(templates: readonly Readonly<Record<string, { readonly Type: string }>>[]): string {
  const rows = new Map<string, { readonly cells: readonly string[]; readonly who: Set<string> }>()
  for (const [id, resource] of templates.flatMap((resources) => Object.entries(resources))) {
    if (resource.Type !== 'AWS::IAM::Role' && resource.Type !== 'AWS::IAM::Policy') continue
    for (const statement of statementsIn(resource)) {
      // Who may take the role is told without resources.
      if (statement.Resource === undefined) continue
      const cells = cellsOf(statement)
      const key = cells.join('|')
      const known = rows.get(key) ?? { cells, who: new Set() }
      known.who.add(whoseRole(id))
      rows.set(key, known)
    }
  }
  const sorted = [...rows.values()].sort((one, other) => (one.cells[0] ?? '').localeCompare(other.cells[0] ?? ''))
  return [
    row('Statement', 'Who', 'Actions', 'On', 'Only if'),
    row('---', '---', '---', '---', '---'),
    ...sorted.map(({ cells: [sid = '', ...rest], who }) => row(sid, whoText(who), ...rest)),
  ].join('\n')
}

function cellsOf({ Sid = '', Effect, Action, Resource, Condition }: Statement): readonly string[] {
  const code = (text: string) => `\`${text}\``
  const lines = (texts: readonly string[]) => texts.map(code).join('<br>')
  const conditions = Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => `${key} ${operator} ${listOf(value).map(shown).join(', ')}`),
  )
  return [
    `${Sid ? code(Sid) : 'of CDK'}${Effect === 'Deny' ? ' (**denied**)' : ''}`,
    lines(listOf(Action).map(String)),
    Sid === 'CallFunctions' ? 'the functions that a state calls' : lines(listOf(Resource).map(shown)),
    lines(conditions),
  ]
}

const DATABASE_FUNCTIONS = Object.entries(FUNCTION_SETTINGS).flatMap(([name, { inVpc }]) =>
  inVpc ? [name.replace(/Function$/, '')] : [],
)

/** All functions, and all of those that talk to the databases, are more than a line should name. */
function whoText(who: ReadonlySet<string>): string {
  if (who.size >= Object.keys(FUNCTION_SETTINGS).length) return 'every function'
  const all = DATABASE_FUNCTIONS.every((name) => who.has(name))
  const named = all ? [...who].filter((name) => !DATABASE_FUNCTIONS.includes(name)) : [...who]
  return [...(all ? ['every function in the VPC'] : []), ...named.sort()].join(', ')
}

/** `FunctionsOpenAccessRole1A2B3C4D`: OpenAccess. Other roles are the workflow’s, the scheduler’s, the events’. */
function whoseRole(id: string): string {
  const name = id.replace(/[0-9A-F]{8}$/, '')
  const own = /^Functions(\w+)Role$/.exec(name)?.[1]
  return own ?? `_${name.replace(/Role$/, '').replace(/DefaultPolicy$/, '')}_`
}

function statementsIn(value: unknown): readonly Statement[] {
  if (Array.isArray(value)) return value.flatMap(statementsIn)
  if (typeof value !== 'object' || value === null) return []
  if ('Statement' in value && Array.isArray(value.Statement)) return value.Statement as readonly Statement[]
  return Object.values(value).flatMap(statementsIn)
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** A value as a reader knows it: references by the names of what they refer to, ARNs without partition, region and account. */
function shown(value: unknown): string {
  return flat(value)
    .replace(/<AWS::(\w+)>/g, '$1')
    .replace(/^arn:Partition:([a-z0-9-]+):[^:]*:[^:]*:/, '$1:')
    .replace(/([A-Za-z])[0-9A-F]{8}(?=[.>])/g, '$1')
    .replace(/^lambda:function:Sampan-\w+$/, 'the function itself')
}

function flat(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  if ('Ref' in value) return `<${String(value.Ref)}>`
  if ('Fn::GetAtt' in value) return `<${listOf(value['Fn::GetAtt']).join('.')}>`
  if ('Fn::Join' in value) {
    const [delimiter, parts] = value['Fn::Join'] as readonly [string, readonly unknown[]]
    return parts.map(flat).join(delimiter)
  }
  return JSON.stringify(value)
}

if (import.meta.main) write(whoPage)

import type { Template } from 'aws-cdk-lib/assertions'

/** A statement as it stands in a template. */
export interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Principal?: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface Found {
  /** Logical id of the resource. */
  readonly resource: string
  readonly type: string
  readonly statement: Statement
}

/** Every statement of every policy document, wherever in a resource it stands. */
export function statementsOf(template: Template): readonly Found[] {
  const resources = template.toJSON().Resources as Readonly<Record<string, { readonly Type: string }>>
  return Object.entries(resources).flatMap(([resource, definition]) =>
    documentsIn(definition).map((statement) => ({ resource, type: definition.Type, statement })),
  )
}

function documentsIn(value: unknown): readonly Statement[] {
  if (Array.isArray(value)) return value.flatMap(documentsIn)
  if (typeof value !== 'object' || value === null) return []
  if ('Statement' in value && Array.isArray(value.Statement)) return value.Statement as readonly Statement[]
  return Object.values(value).flatMap(documentsIn)
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** A value with its references as `<Name>`. */
export function flat(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  if ('Ref' in value) return `<${String(value.Ref)}>`
  if ('Fn::GetAtt' in value) return `<${listOf(value['Fn::GetAtt']).join('.')}>`
  if ('Fn::Join' in value) {
    const [delimiter, parts] = value['Fn::Join'] as readonly [string, readonly unknown[]]
    return parts.map(flat).join(delimiter)
  }
  return JSON.stringify(value)
}

/** The statements of one function's role, by their ids. */
export function rightsOf(template: Template, functionId: string): ReadonlyMap<string, Statement> {
  const role = new RegExp(`^Functions${functionId}Role[0-9A-F]{8}$`)
  // Who may take the role is told without resources.
  const found = statementsOf(template).filter(({ resource, statement }) => role.test(resource) && statement.Resource)
  return new Map(found.map(({ statement }) => [statement.Sid ?? '', statement]))
}

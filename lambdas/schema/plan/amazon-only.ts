import type { TocEntry } from '../toc/entry.ts'
import { remarkKinds } from './kinds.ts'

/** What only Amazon's servers have. Kept as data: a new name is one more line. */
const extensions: ReadonlySet<string> = new Set([
  'aws_commons',
  'aws_lambda',
  'aws_ml',
  'aws_s3',
  'apg_plan_mgmt',
  'log_fdw',
  'pg_tle',
  'pgactive',
  'rds_activity_stream',
  'rds_tools',
])

const schemas: ReadonlySet<string> = new Set([
  'aws_commons',
  'aws_lambda',
  'aws_ml',
  'aws_s3',
  'apg_plan_mgmt',
  'pgactive',
  'pgtle',
  'rds_tools',
])

const roles: ReadonlySet<string> = new Set([
  'rdsadmin',
  'rds_superuser',
  'rds_replication',
  'rds_iam',
  'rds_password',
  'rds_ad',
  'rds_extension',
  'rdsrepladmin',
  'rdstopmgr',
  'rdswriteforwarduser',
])

/** Kinds that Amazon's own account makes in a user's database. */
const ownedByAmazon: ReadonlySet<string> = new Set(['EVENT TRIGGER', 'FUNCTION', 'SCHEMA', 'PUBLICATION'])

export function isAmazonRole(role: string): boolean {
  return roles.has(role)
}

/** Why an entry stays behind; null where it is the user's own. */
export function amazonOnly(entry: Pick<TocEntry, 'kind' | 'tag' | 'schema' | 'owner'>): string | null {
  if (entry.kind === 'EXTENSION' && extensions.has(entry.tag))
    return `the extension ${entry.tag} exists on Amazon RDS only`
  const schema = entry.kind === 'SCHEMA' ? entry.tag : entry.schema
  if (schema !== null && schemas.has(schema)) return `the schema ${schema} belongs to an extension of Amazon RDS`
  if (
    entry.owner === 'rdsadmin' &&
    ownedByAmazon.has(entry.kind) &&
    entry.tag !== 'public' &&
    !remarkKinds.has(entry.kind)
  ) {
    return 'it belongs to rdsadmin, Amazon’s own account'
  }
  return null
}

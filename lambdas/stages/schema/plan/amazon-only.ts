import { AWS_EXTENSIONS } from '../../../core/task/aws-names.ts'
import { remarkKinds } from '../../../core/task/select/selectable.ts'
import type { TocEntry } from '../toc/entry.ts'

/** Schemas that extensions of Amazon RDS make. */
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

/** Kinds that Amazon's own account makes in a user's database. */
const ownedByAmazon: ReadonlySet<string> = new Set(['EVENT TRIGGER', 'FUNCTION', 'SCHEMA', 'PUBLICATION'])

/** Why an entry stays behind; null where it is the user's own. */
export function amazonOnly(entry: Pick<TocEntry, 'kind' | 'tag' | 'schema' | 'owner'>): string | null {
  if (entry.kind === 'EXTENSION' && AWS_EXTENSIONS.has(entry.tag))
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

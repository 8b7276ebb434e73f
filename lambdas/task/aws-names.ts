/** What Amazon RDS puts into every server for its own ends; there is nothing to migrate it to. */

/** Extensions that only exist on RDS or Aurora. */
export const AWS_EXTENSIONS: ReadonlySet<string> = new Set([
  'apg_plan_mgmt',
  'aurora_stat_utils',
  'aws_commons',
  'aws_lambda',
  'aws_ml',
  'aws_s3',
  'log_fdw',
  'pg_tle',
  'pgactive',
  'rds_activity_stream',
  'rds_tools',
])

/** Is this one of the roles of RDS itself? */
export function isAwsRole(name: string): boolean {
  return /^rds_/.test(name) || name === 'rdsadmin' || name === 'rdsrepladmin' || name === 'rdstopmgr'
}

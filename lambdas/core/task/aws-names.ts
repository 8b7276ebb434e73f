/** Names of Amazon RDS. What it puts into every server for its own ends has nothing to be migrated to. */

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
  return /^rds_/.test(name) || ['rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rdswriteforwarduser'].includes(name)
}

/** The region in an RDS host name (`name.id.us-east-1.rds.amazonaws.com`); `null` where it is another name. */
export function regionOfHost(host: string): string | null {
  return /\.([a-z]{2}(?:-[a-z0-9]+)+)\.rds\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1] ?? null
}

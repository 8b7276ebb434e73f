import { Fn, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Migration, type MigrationProps, rule } from './migration.ts'

export interface MigrationStackProps extends StackProps, MigrationProps {}

/** What `cdk deploy` deploys here: the migration in a stack of its own. */
export class MigrationStack extends Stack {
  constructor(scope: Construct, id: string, { options, code, ...props }: MigrationStackProps) {
    super(scope, id, {
      description: 'Sampan: moves PostgreSQL databases from Amazon RDS to ApsaraDB RDS for PostgreSQL',
      stackName: options.name,
      ...props,
    })
    new Migration(this, { options, code })
    // Of the stack, so that what CDK itself adds to it is ruled too.
    rule(this, options)
  }

  /** Of the region, told by CloudFormation when it deploys: to look them up here would take an account. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()))
  }
}

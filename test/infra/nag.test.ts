import { App, Stack } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describe, expect, it } from 'vitest'
import type { DeploymentOptions } from '../../infra/deployment-options.ts'
import { IN_VPC, nagFindings, outdir, TASK } from './stack.ts'

const deployments: Readonly<Record<string, DeploymentOptions>> = {
  'with the defaults': {},
  'in a VPC, with a key of its own, to be destroyed': { ...IN_VPC, key: 'create', removal: 'destroy' },
  'with everything a task may need': {
    ...IN_VPC,
    key: 'arn:aws:kms:us-east-1:111122223333:key/0a1b',
    sourceRegions: ['eu-central-1'],
    secretKeys: ['arn:aws:kms:us-east-1:111122223333:key/2c3d'],
    iamDatabaseUsers: ['migrator'],
    temporaryGroups: true,
    schedules: [{ name: 'tonight', at: '2026-12-24T02:00:00', task: TASK }],
    alarmMails: ['dba@example.com'],
  },
}

describe('cdk-nag (AwsSolutions)', () => {
  it.each(Object.entries(deployments))('finds nothing in a stack %s', (_, options) => {
    expect(nagFindings(options)).toEqual([])
  })

  it('would find a bucket that anybody may read without TLS', () => {
    const app = new App({ outdir })
    new Bucket(new Stack(app, 'Careless'), 'Bucket')
    const rules = new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName)
    expect(rules).toContain('AwsSolutions-S10')
  })
})

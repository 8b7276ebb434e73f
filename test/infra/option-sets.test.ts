import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { expect, test } from 'vitest'
import { deployment } from '../../infra/deployment.ts'
import type { DeploymentOptions } from '../../infra/deployment-options.ts'
import { EXISTING, IN_VPC, makeStack, TASK } from './stack.ts'

const key = 'arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f'

/** What people deploy; each differs from the others in more than a figure. */
const SETS: Readonly<Record<string, DeploymentOptions>> = {
  'as it comes': deployment,
  'without a VPC': { network: null },
  'in a VPC that is there, by its addresses': { network: { ...EXISTING, sourceBy: 'addresses' }, size: 'small' },
  'in a VPC of its own, joined to two others, leaving by a kept address': {
    region: 'us-east-1',
    account: '111122223333',
    network: {
      create: true,
      allocationId: 'eipalloc-0123456789abcdef0',
      address: '203.0.113.9',
      peers: [
        { vpcId: 'vpc-0123456789abcdef1', cidr: '10.1.0.0/16', routeTableIds: ['rtb-0123456789abcdef1'] },
        {
          vpcId: 'vpc-0123456789abcdef2',
          cidr: ['10.2.0.0/16', '100.64.0.0/20'],
          routeTableIds: ['rtb-0123456789abcdef2'],
        },
      ],
    },
  },
  'with a key of its own, to be destroyed': { ...IN_VPC, key: 'create', removal: 'destroy', name: 'Staging' },
  'with another’s key, bucket and log groups': {
    ...IN_VPC,
    key,
    secretKeys: [key],
    documentsBucket: 'documents-of-before',
    documentsKey: key.replace('0a1b2c3d4e5f', '000000000000'),
    logGroups: { functions: '/sampan/Sampan/functions', workflow: '/aws/vendedlogs/states/Sampan' },
  },
  'from several regions, with everything a run may do': {
    ...IN_VPC,
    region: 'us-east-1',
    sourceRegions: ['us-east-1', 'eu-central-1'],
    temporaryGroups: true,
    reserveConcurrency: true,
    iamDatabaseUsers: ['migrator'],
    unverifiedHosts: ['*.internal'],
    size: 'xlarge',
  },
  'with starts, alarms and named groups': {
    ...IN_VPC,
    securityGroups: ['sg-0123456789abcdef0'],
    alibabaSecret: null,
    alarmMails: ['dba@example.com'],
    eventSources: ['my.pipeline'],
    schedules: [{ name: 'tonight', at: '2026-12-24T02:00:00', task: TASK }],
  },
}

test('there are eight sets', () => expect(Object.keys(SETS)).toHaveLength(8))

// As `npm run synth` does it: what the library or cdk-nag refuses is thrown. Without the bundles, which have a test of their own.
test.each(Object.entries(SETS))('a stack %s is synthesised', { tags: 'long' }, (_, options) => {
  const { app, stack } = makeStack(options)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  const { template } = app.synth().getStackArtifact(stack.artifactId)
  expect(Object.keys(template.Resources).length).toBeGreaterThan(80)
})

import { describe, expect, it } from 'vitest'
import type { DeploymentOptions } from '../../infra/deployment-options.ts'
import { layoutRemarks } from '../../infra/layout-remarks.ts'
import { readOptions } from '../../infra/options.ts'
import { ALIBABA_ROLE, EXISTING, TASK } from './stack.ts'

describe('the options of a deployment', () => {
  it('all have a default', () => {
    expect(readOptions({})).toMatchObject({ name: 'Sampan', size: 'medium', network: null, key: 'aws' })
  })

  it('of the command line are over those of the file, text and JSON alike', () => {
    const options = readOptions(
      { size: 'small', environment: 'test', logDays: 30 },
      {
        'sampan:size': 'large',
        'sampan:logDays': '7',
        'sampan:network': '{"vpcId":"vpc-0a1b","subnetIds":["subnet-0a1b"],"egressAddresses":["203.0.113.7"]}',
        'another:context': 'ignored',
      },
    )
    expect(options).toMatchObject({
      size: 'large',
      environment: 'test',
      logDays: 7,
      network: { vpcId: 'vpc-0a1b', egressAddresses: ['203.0.113.7'], databasePorts: [5432] },
    })
  })

  it('of the command line may take the VPC away again', () => {
    const file = { network: { vpcId: 'vpc-0a1b', subnetIds: ['subnet-0a1b'] } }
    expect(readOptions(file, { 'sampan:network': 'null' }).network).toBeNull()
  })

  it('are refused with all their problems at once', () => {
    const wrong = {
      'sampan:size': 'huge',
      'sampan:logDays': '8',
      'sampan:sise': 'large',
      'sampan:key': 'arn:aws:s3:::x',
    }
    let message = ''
    try {
      readOptions({}, wrong)
    } catch (error) {
      message = String(error)
    }
    for (const part of ['size:', 'logDays:', 'sise', 'key:']) expect(message).toContain(part)
  })

  it('keep the access key of Alibaba Cloud from the functions that log in to databases', () => {
    expect(() => readOptions({ alibabaSecret: 'sampan/alibaba' })).toThrow(/alibabaSecret/)
    expect(() => readOptions({ alibabaSecret: 'key', secrets: ['key'] })).toThrow(/alibabaSecret/)
    // IAM sees the ARN: secret:prod-* is secret:prod-AbCdEf too.
    expect(() => readOptions({ alibabaSecret: 'prod', secrets: ['prod-*'] })).toThrow(/alibabaSecret/)
    expect(() => readOptions({ secrets: ['sampan-alibaba-*'] })).toThrow(/alibabaSecret/)
    expect(() => readOptions({ secrets: ['sampan-alibaba-Ab*'] })).toThrow(/alibabaSecret/)
    expect(readOptions({ secrets: ['sampan-alibaba-databases*'] }).secrets).toEqual(['sampan-alibaba-databases*'])
    expect(readOptions({ alibabaSecret: 'sampan/alibaba', secrets: ['sampan/db/*'] }).secrets).toEqual(['sampan/db/*'])
  })

  it('name a RAM role whose provider and issuer go together, and let its secret be', () => {
    expect(readOptions({ alibabaRole: ALIBABA_ROLE }).alibabaRole?.audience).toBe('sts.aliyuncs.com')
    // Nobody is given it.
    expect(() => readOptions({ alibabaRole: ALIBABA_ROLE, secrets: ['sampan*'] })).not.toThrow()
    for (const [name, wrong] of [
      ['arn', 'acs:ram::113511544585:role/Sampan'],
      ['provider', 'acs:ram::113511544586:oidc-provider/aws'],
      ['issuer', `${ALIBABA_ROLE.issuer}/`],
      ['audience', '/x'],
    ] as const)
      expect(() => readOptions({ alibabaRole: { ...ALIBABA_ROLE, [name]: wrong } })).toThrow(`alibabaRole.${name}`)
  })

  it('refuse tags, boundaries and paths that AWS would refuse later', () => {
    for (const wrong of [
      { tags: { 'aws:x': 'y' } },
      { tags: { 'sampan:stack': 'y' } },
      { tags: { x: 'y'.repeat(257) } },
      { tags: Object.fromEntries(Array.from({ length: 41 }, (_, n) => [`t${n}`, 'x'])) },
      { permissionsBoundary: 'boundary' },
      { rolePath: 'migrations' },
    ]) {
      expect(() => readOptions(wrong)).toThrow(Object.keys(wrong)[0])
    }
    expect(readOptions({ tags: { 'cost centre': 'R&D'.replace('&', '-') } }).tags).toEqual({ 'cost centre': 'R-D' })
  })

  it('name roles of one other account, and one that logs in where somebody logs in by IAM', () => {
    const sourceRole = { arn: 'arn:aws:iam::210987654321:role/sampan', externalId: 'a-shared-word' }
    expect(readOptions({ sourceRole }).sourceRole).toEqual(sourceRole)
    const elsewhere = { ...sourceRole, readerArn: 'arn:aws:iam::111111111111:role/reader' }
    expect(() => readOptions({ sourceRole: elsewhere })).toThrow(
      /sourceRole.readerArn: must be a role of the same account/,
    )
    expect(() => readOptions({ sourceRole, iamDatabaseUsers: ['migrator'] })).toThrow(
      /sourceRole.readerArn: must be given/,
    )
    expect(() => readOptions({ sourceRole: { ...sourceRole, externalId: 'x' } })).toThrow(/externalId/)
  })

  it('may not let every secret of the account be read', () => {
    expect(() => readOptions({ secrets: ['*'] })).toThrow(/secrets/)
  })

  const at = '2026-12-24T02:00:00'
  const schedule = (change: object = {}) => ({ name: 'tonight', at, task: TASK, ...change })
  const key = 'arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f'
  const made = (change: object) => ({ network: { create: true, ...change } }) as DeploymentOptions

  it.each<[DeploymentOptions, RegExp]>([
    [{ schedules: [schedule(), schedule()] }, /schedules\.1\.name: is there twice: tonight/],
    [{ schedules: [schedule({ timezone: 'Mars/Olympus' })] }, /schedules\.0\.timezone: must be a time zone/],
    [{ schedules: [schedule({ timezone: '+01:00' })] }, /schedules\.0\.timezone/],
    [{ schedules: [schedule({ task: { name: 'orders' } })] }, /schedules\.0\.task: source/],
    [{ network: { ...EXISTING, subnetIds: ['subnet-0a', 'subnet-0a'] } }, /network\.subnetIds\.1: is there twice/],
    [{ network: { ...EXISTING, databasePorts: [] } }, /network\.databasePorts: must have a port/],
    [{ alarmMails: ['dba@example.com', 'dba@example.com'] }, /alarmMails\.1: is there twice/],
    [made({ zones: ['us-east-1a', 'us-east-1a'] }), /network\.zones\.1: is there twice/],
    [
      { region: 'us-east-1', ...made({ zones: ['us-east-1a', 'us-west-2a'] }) },
      /network\.zones\.1: is not in the region/,
    ],
    [made({ cidr: '8.8.8.0/24' }), /network\.cidr: must be private/],
    [made({ cidr: '2001:db8::/24' }), /network\.cidr: must be an IPv4 block/],
    [{ key: 'arn:aws:kms:us-east-1:111122223333:alias/mine' }, /key: must be/],
    [{ documentsBucket: 'before', key: 'create' }, /documentsKey: must be given/],
    [{ documentsKey: key }, /documentsKey: is what encrypts/],
  ])('are refused as %j', (options, problem) => {
    expect(() => readOptions(options)).toThrow(problem)
  })

  it('let no password into the template', () => {
    const task = { ...TASK, source: { ...Object(TASK.source), password: 'not-to-be-told' } }
    expect(() => readOptions({ schedules: [schedule({ task })] })).toThrow(/task: source\.password: would stand/)
    expect(() => readOptions({ schedules: [schedule({ task })] })).not.toThrow(/not-to-be-told/)
  })

  it('may name a schedule of the past, which is told: it may have done its work', () => {
    const options = readOptions({ schedules: [schedule({ timezone: 'Asia/Singapore' })] })
    const remarks = (now: string) => layoutRemarks(options, new Date(now)).map(({ id }) => id)
    expect(remarks('2026-12-23T17:59:59Z')).not.toContain('sampan:past-tonight')
    expect(remarks('2026-12-23T18:00:01Z')).toContain('sampan:past-tonight')
  })
})

import { describe, expect, it } from 'vitest'
import { readOptions } from '../../infra/options.ts'

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
    expect(readOptions({ alibabaSecret: 'sampan/alibaba', secrets: ['sampan/db/*'] }).secrets).toEqual(['sampan/db/*'])
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
})

import { describe, expect, it } from 'vitest'
import { FUNCTION_SETTINGS } from '../../infra/function-settings.ts'
import { WILDCARD_REASONS, WILDCARD_REASONS_OF_CDK } from '../../infra/wildcards.ts'
import { FUNCTIONS } from '../../statemachine/functions.ts'
import { type Found, flat, listOf, rightsOf, statementsOf } from './policies.ts'
import { ALIBABA_ROLE, IN_VPC, synthesise } from './stack.ts'

/** Everything that can be switched on, so that every statement there can be is in it. */
const template = synthesise({
  ...IN_VPC,
  key: 'create',
  removal: 'destroy',
  sourceRegions: ['eu-central-1'],
  secretKeys: ['arn:aws:kms:us-east-1:111122223333:key/0a1b'],
  iamDatabaseUsers: ['migrator'],
  temporaryGroups: true,
  alibabaRole: ALIBABA_ROLE,
})
const usual = synthesise({ ...IN_VPC, key: 'create' })
const ours = statementsOf(template)
const ids = (name: string) => [...rightsOf(template, name).keys()].sort()

/** What every function inside the VPC has, with a customer key. */
const INSIDE = ['JoinVpc', 'NotByItsCode', 'Trace', 'UseKey', 'WriteLogs']
const OUTSIDE = ['Trace', 'UseKey', 'WriteLogs']

/** In the source's regions only. */
const THERE = { 'aws:RequestedRegion': [{ Ref: 'AWS::Region' }, 'eu-central-1'] }

describe('wildcards in policies', () => {
  const wild = ours.filter(
    ({ statement }) =>
      statement.Effect === 'Allow' &&
      [...listOf(statement.Action), ...listOf(statement.Resource ?? [])].some((one) => flat(one).includes('*')),
  )
  const written = wild.filter(({ statement }) => statement.Sid !== undefined)
  const byCdk = wild.filter(({ statement }) => statement.Sid === undefined)
  const actionsOf = ({ statement }: Found) => listOf(statement.Action).join(' ')

  it('each has a statement id, and the id a reason', () => {
    const without = written.filter(({ statement }) => !Object.hasOwn(WILDCARD_REASONS, statement.Sid ?? ''))
    expect(without).toEqual([])
    expect(byCdk.filter((found) => !Object.hasOwn(WILDCARD_REASONS_OF_CDK, actionsOf(found)))).toEqual([])
  })

  it('no reason is left over', () => {
    const used = new Set(written.map(({ statement }) => statement.Sid))
    expect(Object.keys(WILDCARD_REASONS).filter((sid) => !used.has(sid))).toEqual([])
    const usedByCdk = new Set(byCdk.map(actionsOf))
    expect(Object.keys(WILDCARD_REASONS_OF_CDK).filter((actions) => !usedByCdk.has(actions))).toEqual([])
  })

  it('no action has one but those of the key’s own policy', () => {
    const actions = written
      .filter(({ type }) => type !== 'AWS::KMS::Key')
      .flatMap(({ statement }) => listOf(statement.Action))
    expect(actions.filter((action) => String(action).includes('*'))).toEqual([])
  })

  it('a resource that is nothing but * is one of eight whose actions know no resources', () => {
    const whole = written
      .filter(({ type, statement }) => type !== 'AWS::KMS::Key' && listOf(statement.Resource).includes('*'))
      .map(({ statement }) => statement.Sid)
    expect([...new Set(whole)].sort()).toEqual(
      [
        'DeliverLogs',
        'DescribeGroups',
        'DescribeRules',
        'GetToken',
        'JoinVpc',
        'ReadMetrics',
        'ReadQuotas',
        'Trace',
      ].sort(),
    )
  })
})

describe('the role of a function', () => {
  it('of each function is its own', () => {
    const roles = Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
      flat(Properties.Role),
    )
    expect(new Set(roles).size).toBe(roles.length)
  })

  it('has no managed policy', () => {
    const roles = Object.entries(template.findResources('AWS::IAM::Role'))
    const managed = roles.filter(([id, { Properties }]) => !id.startsWith('Custom') && Properties.ManagedPolicyArns)
    expect(managed.map(([id]) => id)).toEqual([])
  })

  it('of the judge allows nothing but to write a log, of those that carry the task between states documents too', () => {
    expect(ids('JudgeCrash')).toEqual(OUTSIDE)
    for (const name of ['ReadTask', 'TakeDatabase', 'KeepError'])
      expect(ids(name)).toEqual(['KeepDocuments', 'ListDocuments', ...OUTSIDE].sort())
  })

  it('of a lane allows to read database secrets and metrics, and nothing of EC2, RDS, S3 and Alibaba', () => {
    expect(ids('CopyLane')).toEqual(
      ['DecryptSecrets', ...INSIDE, 'ReadDatabaseSecrets', 'ReadMetrics', 'SignInByIam'].sort(),
    )
  })

  it('of OpenAccess opens, and closes what it opened too late', () => {
    expect([...rightsOf(usual, 'OpenAccess').keys()].sort()).toEqual(
      [
        ...['CloseInGroups', 'DescribeDatabases', 'DescribeRules', 'FindOpenRuns', 'HandOverRules', 'KeepDocuments'],
        ...['ListDocuments', 'ListOpenRuns', 'MarkRules', 'OpenInGroups', 'OpenRules', 'ReadAlibabaSecret', 'TagRules'],
        ...OUTSIDE,
      ].sort(),
    )
  })

  it.each(['CloseAccess', 'ExecutionEnded', 'SweepAccess'])('of %s closes and does not open', (name) => {
    const found = ids(name)
    expect(found).toEqual(expect.arrayContaining(['CloseInGroups', 'HandOverRules', 'ListOpenRuns']))
    expect(found).not.toEqual(expect.arrayContaining(['OpenInGroups']))
    expect(found).not.toContain('ReadDatabaseSecrets')
  })

  it('of nobody modifies instances and makes groups, unless the deployment allows temporary groups', () => {
    const modifying = (from: typeof template) =>
      statementsOf(from).filter(({ statement }) =>
        listOf(statement.Action).some((action) =>
          /^(rds:Modify|ec2:(Create|Delete)SecurityGroup$)/.test(String(action)),
        ),
      )
    expect(modifying(usual)).toEqual([])
    const tagged = modifying(template).filter(({ statement }) => String(statement.Sid).endsWith('Groups'))
    expect(new Set(tagged.map(({ statement }) => statement.Sid))).toEqual(
      new Set(['AttachGroups', 'DropGroups', 'MakeGroups']),
    )
    expect(rightsOf(template, 'CloseAccess').get('DropGroups')?.Condition).toEqual({
      Null: { 'aws:ResourceTag/sampan:execution': 'false' },
      StringEquals: THERE,
    })
  })

  it('adds and removes rules only in groups that their owner has tagged, or that an option names', () => {
    const changing = (from: typeof template) =>
      statementsOf(from).filter(({ statement }) => /^(Open|Close)InGroups$/.test(statement.Sid ?? ''))
    expect(changing(template).length).toBeGreaterThan(4)
    for (const { statement } of changing(template))
      expect(statement.Condition).toEqual({
        StringEquals: { 'aws:ResourceTag/sampan:allowed': 'true', ...THERE },
      })
    const named = changing(synthesise({ securityGroups: ['sg-0a1b2c3d'] }))
    for (const { statement } of named) {
      expect(statement.Condition).toBeUndefined()
      expect(listOf(statement.Resource).map(flat).join()).toMatch(/:security-group\/sg-0a1b2c3d$/)
    }
  })

  it('asks nothing of a rule’s tags where IAM does not look at them: removing knows the group alone', () => {
    const removing = statementsOf(template).filter(({ statement }) =>
      listOf(statement.Action).includes('ec2:RevokeSecurityGroupIngress'),
    )
    expect(removing.length).toBeGreaterThan(0)
    const resources = removing.flatMap(({ statement }) => listOf(statement.Resource).map(flat))
    expect(resources.filter((arn) => !/:security-group\//.test(arn))).toEqual([])
  })

  it('marks only rules with the tag of an execution, and may not give that tag to a rule or a group that has none', () => {
    const tagged = { Null: { 'aws:ResourceTag/sampan:execution': 'false' } }
    expect(rightsOf(template, 'CloseAccess').get('HandOverRules')?.Condition).toMatchObject(tagged)
    const tagging = statementsOf(template).filter(({ statement }) =>
      listOf(statement.Action).includes('ec2:CreateTags'),
    )
    const free = tagging.filter(
      ({ statement }) => !/ResourceTag|CreateAction/.test(JSON.stringify(statement.Condition)),
    )
    expect(free).toEqual([])
  })

  it('opens only rules that carry the tag from the beginning, and tags nothing else', () => {
    const rights = rightsOf(template, 'OpenAccess')
    const tagging = { Null: { 'aws:RequestTag/sampan:execution': 'false' } }
    expect(rights.get('OpenRules')?.Condition).toEqual({ ...tagging, StringEquals: THERE })
    expect(rights.get('TagRules')?.Condition).toMatchObject({
      ...tagging,
      StringEquals: { 'ec2:CreateAction': 'AuthorizeSecurityGroupIngress' },
    })
  })

  it('makes network interfaces for Lambda, never by the function’s code', () => {
    const rights = rightsOf(template, 'CopyLane')
    expect(rights.get('NotByItsCode')).toMatchObject({ Effect: 'Deny', Action: rights.get('JoinVpc')?.Action })
    expect(flat(rights.get('NotByItsCode')?.Condition?.ArnEquals?.['lambda:SourceFunctionArn'])).toMatch(
      /:function:Sampan-CopyLane$/,
    )
  })

  it('reads secrets of the names and regions that the options give, and no others', () => {
    const secrets = listOf(rightsOf(template, 'CopyLane').get('ReadDatabaseSecrets')?.Resource).map(flat)
    expect(secrets).toEqual([
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:sampan/*',
      'arn:<AWS::Partition>:secretsmanager:eu-central-1:<AWS::AccountId>:secret:sampan/*',
    ])
    const alibaba = listOf(rightsOf(usual, 'SweepAccess').get('ReadAlibabaSecret')?.Resource).map(flat)
    expect(alibaba).toEqual([
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:sampan-alibaba-??????',
    ])
  })

  it('of each function reads the secrets that its work needs: of databases, or the access key', () => {
    const alibaba = ['OpenAccess', 'CloseAccess', 'ExecutionEnded', 'SweepAccess']
    const nothing = ['KeepError', 'TakeDatabase', 'ReadTask', 'JudgeCrash']
    for (const name of Object.keys(FUNCTION_SETTINGS).map((each) => each.replace(/Function$/, ''))) {
      const secrets = statementsOf(usual)
        .filter(
          ({ resource, statement }) => resource.startsWith(`Functions${name}Role`) && statement.Effect === 'Allow',
        )
        .filter(({ statement }) => listOf(statement.Action).includes('secretsmanager:GetSecretValue'))
        .flatMap(({ statement }) => listOf(statement.Resource).map((arn) => flat(arn).replace(/^.*:secret:/, '')))
      // A database that its account may not make is ordered from Alibaba Cloud; the command's function asks it where the instance answers.
      const both = ['sampan/*', 'sampan-alibaba-??????']
      const expected = nothing.includes(name) ? [] : alibaba.includes(name) ? both.slice(1) : both.slice(0, 1)
      expect([name, secrets]).toEqual([name, ['PlanObjects', 'ChangeRun'].includes(name) ? both : expected])
    }
  })

  it('is narrowed to given security groups', () => {
    const narrow = synthesise({ securityGroups: ['sg-0a1b2c3d'] })
    const groups = listOf(rightsOf(narrow, 'OpenAccess').get('OpenInGroups')?.Resource).map(flat)
    expect(groups).toEqual(['arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:security-group/sg-0a1b2c3d'])
  })

  it('can be asked for by every function of the settings', () => {
    for (const name of Object.keys(FUNCTION_SETTINGS)) {
      expect(rightsOf(template, name.replace(/Function$/, '')).size, name).toBeGreaterThan(0)
    }
  })
})

describe('the role of the state machine', () => {
  const machine = ours.filter(({ resource }) => resource.startsWith('Workflow'))
  const bySid = new Map(machine.map(({ statement, type }) => [statement.Sid, { statement, type }]))

  it('calls exactly the functions that the states name, by their ARNs', () => {
    const called = listOf(bySid.get('CallFunctions')?.statement.Resource).map(flat)
    expect(called).toHaveLength(FUNCTIONS.length)
    expect(called.filter((arn) => arn.includes('*') || !arn.startsWith('<Functions'))).toEqual([])
  })

  it('manages the lanes by a policy apart from the role, since both would need each other', () => {
    expect(bySid.get('StartChildren')?.type).toBe('AWS::IAM::Policy')
    expect(listOf(bySid.get('ManageChildren')?.statement.Resource).map(flat)).toEqual([
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:Sampan:*',
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:Sampan/*',
    ])
  })
})

describe('a source in another account', () => {
  const sourceRole = {
    arn: 'arn:aws:iam::210987654321:role/sampan',
    readerArn: 'arn:aws:iam::210987654321:role/sampan-reader',
    externalId: 'a-shared-word',
  }
  const other = synthesise({ sourceRole, iamDatabaseUsers: ['migrator'] })
  const names = Object.keys(FUNCTION_SETTINGS).map((name) => name.replace(/Function$/, ''))

  it('nobody has a right on EC2’s groups or RDS of the stack’s own account, and only what opens and closes may assume the role', () => {
    const mayOpen = ['OpenAccess', 'CloseAccess', 'ExecutionEnded', 'SweepAccess']
    for (const name of names) {
      const rights = rightsOf(other, name)
      const actions = [...rights.values()].flatMap(({ Action }) => listOf(Action).map(flat))
      expect(
        actions.filter((action) => /^(rds|rds-db|cloudwatch):|SecurityGroup/.test(action)),
        name,
      ).toEqual([])
      expect(rights.get('AssumeSourceRole')?.Resource, name).toBe(mayOpen.includes(name) ? sourceRole.arn : undefined)
    }
    expect(rightsOf(other, 'CopyLane').get('AssumeSourceReader')?.Resource).toBe(sourceRole.readerArn)
    expect(rightsOf(other, 'ReadTask').get('AssumeSourceReader')).toBeUndefined()
  })

  it('each function knows the role it may assume, and no other', () => {
    const roleOf = (name: string) =>
      Object.values(other.findResources('AWS::Lambda::Function')).find(
        ({ Properties }) => Properties.FunctionName === `Sampan-${name}`,
      )?.Properties.Environment.Variables
    expect(roleOf('OpenAccess')).toMatchObject({
      SAMPAN_SOURCE_ROLE: sourceRole.arn,
      SAMPAN_SOURCE_EXTERNAL_ID: 'a-shared-word',
    })
    expect(roleOf('CopyLane')).toMatchObject({ SAMPAN_SOURCE_ROLE: sourceRole.readerArn })
    expect(roleOf('ReadTask')).not.toHaveProperty('SAMPAN_SOURCE_ROLE')
  })

  it('the outputs say what the roles there need: whom they trust, and rights in their own account', () => {
    const outputs = other.toJSON().Outputs
    const text = (name: string) => flat(outputs[name].Value)
    expect(text('SourceRoleTrust')).toContain('"sts:ExternalId":"a-shared-word"')
    const rights = JSON.parse(text('SourceRoleRights')) as { Statement: { Sid: string; Resource: string | string[] }[] }
    expect(rights.Statement.map(({ Sid }) => Sid)).toEqual(expect.arrayContaining(['OpenInGroups', 'CloseInGroups']))
    expect(text('SourceRoleRights')).toContain(':rds:<AWS::Region>:210987654321:db:*')
    expect(text('SourceRoleRights')).not.toContain('<AWS::AccountId>')
    expect(text('SourceReaderRights')).toContain('rds-db:connect')
    expect(text('SourceReaderTrust')).toContain('CopyLane')
    // CloudFormation takes 4 KiB.
    for (const name of ['SourceRoleTrust', 'SourceRoleRights', 'SourceReaderTrust', 'SourceReaderRights']) {
      expect(text(name).length, name).toBeLessThan(4096)
    }
  })
})

describe('a RAM role by a token instead of an access key', () => {
  const byToken = synthesise({ ...IN_VPC, alibabaRole: { ...ALIBABA_ROLE, audience: 'sampan' } })
  const callers = ['ChangeRun', 'CloseAccess', 'ExecutionEnded', 'OpenAccess', 'PlanObjects', 'SweepAccess']
  const names = Object.keys(FUNCTION_SETTINGS).map((name) => name.replace(/Function$/, ''))

  it('gives those that call Alibaba Cloud tokens for its audience alone, and nobody the secret', () => {
    const given = names.filter((name) => rightsOf(byToken, name).has('GetToken'))
    expect(given.sort()).toEqual(callers)
    expect(rightsOf(byToken, 'OpenAccess').get('GetToken')).toMatchObject({
      Action: 'sts:GetWebIdentityToken',
      Condition: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['sampan'] },
        Null: { 'sts:IdentityTokenAudience': 'false' },
        StringEquals: { 'sts:SigningAlgorithm': 'RS256' },
        NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
      },
    })
    for (const name of names) expect(rightsOf(byToken, name).has('ReadAlibabaSecret'), name).toBe(false)
    for (const name of names) expect(rightsOf(usual, name).has('GetToken'), name).toBe(false)
  })

  it('tells the functions the role, and no secret', () => {
    const found = Object.values(byToken.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) => Properties.FunctionName === 'Sampan-OpenAccess',
    )?.Properties.Environment.Variables
    expect(found).toMatchObject({
      SAMPAN_ALIBABA_ROLE: ALIBABA_ROLE.arn,
      SAMPAN_ALIBABA_OIDC_PROVIDER: ALIBABA_ROLE.provider,
      SAMPAN_ALIBABA_AUDIENCE: 'sampan',
    })
    expect(found).not.toHaveProperty('SAMPAN_ALIBABA_SECRET')
  })

  it('tells the trust policy that the role needs: this account’s issuer, the audience, the roles of those functions', () => {
    const text = flat(byToken.toJSON().Outputs.AlibabaRoleTrust.Value)
    const [statement = {}] = (JSON.parse(text) as { Statement: Record<string, unknown>[] }).Statement
    expect(statement).toMatchObject({
      Principal: { Federated: [ALIBABA_ROLE.provider] },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'oidc:iss': [ALIBABA_ROLE.issuer], 'oidc:aud': ['sampan'] } },
    })
    const { 'oidc:sub': subjects } = (statement.Condition as { StringEquals: { 'oidc:sub': string[] } }).StringEquals
    expect(subjects.map((one) => /^<Functions(\w+)Role[0-9A-F]{8}\.Arn>$/.exec(one)?.[1]).sort()).toEqual(callers)
    expect(usual.toJSON().Outputs).not.toHaveProperty('AlibabaRoleTrust')
  })
})

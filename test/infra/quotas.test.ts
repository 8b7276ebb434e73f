import { expect, test } from 'vitest'
import { flat, listOf, statementsOf } from './policies.ts'
import { IN_VPC, synthesise } from './stack.ts'

const many = (nth: (number: number) => string, length = 120) => Array.from({ length }, (_, number) => nth(number))
const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
]

test('a role longer than IAM takes is refused when the stack is synthesised, with the option to shorten', () => {
  const iamDatabaseUsers = many((number) => `database-owner-${number}`, 200)
  expect(() => synthesise({ ...IN_VPC, iamDatabaseUsers })).toThrow(
    /the role of Sampan-\w+ would have 1\d,\d{3} characters of policy, and IAM takes 10,240: shorten iamDatabaseUsers \(200\)/,
  )
})

test('every right in eight regions fits, and reaches into no other', () => {
  const everything = { ...IN_VPC, temporaryGroups: true, sourceRegions: regions }
  const statements = statementsOf(synthesise(everything)).map(({ statement }) => statement)
  const open = statements.filter(({ Resource }) => listOf(Resource).some((one) => /:(ec2|rds):\*:/.test(flat(one))))
  expect(open.length).toBeGreaterThan(10)
  for (const { Sid, Condition } of open) {
    const named = Condition?.StringEquals?.['aws:RequestedRegion']
    expect(listOf(named).map(flat), Sid).toEqual(['<AWS::Region>', ...regions])
  }
})

test.each(['secrets', 'unverifiedHosts'])(
  'more %s than the variables of a function hold are refused likewise',
  (option) => {
    expect(() => synthesise({ [option]: many((number) => `host-of-number-${number}.example.internal`) })).toThrow(
      new RegExp(`Sampan-ReadTask would have \\d,\\d{3} bytes of variables, and Lambda takes 4,096: shorten ${option}`),
    )
  },
)

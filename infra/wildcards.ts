/**
 * Why a statement of a policy has a `*` in its actions or resources: one reason per statement id. A test lists every `*` of
 * the synthesised stack and fails where it finds none here, or finds one here that no statement needs any more;
 * docs/permissions.md shows the same table.
 */
export const WILDCARD_REASONS = {
  WriteLogs: 'Lambda names its log streams itself; all of them lie in the one log group of this stack',
  Trace: 'X-Ray’s writing actions know no resources',
  JoinVpc:
    'Lambda makes its network interfaces before it knows their ids; NotByItsCode forbids the same to the function’s own code',
  ListOpenRuns:
    'one small object per execution that may have something open, all below open/ in the stack’s own bucket',
  KeepDocuments: 'one object per document of a run, all below runs/ in the stack’s own bucket',
  ReadDatabaseSecrets: 'secrets are named by the tasks of later days; the option `secrets` says which names may be',
  DescribeDatabases: 'tasks of later days name the instances; the action reads descriptions, no data',
  SignInByIam: 'the resource id of an instance is not known before a task names it; the database users are listed',
  DescribeRules: 'the describing actions of EC2 know no resources',
  OpenInGroups:
    'tasks of later days name the instances, and those their groups: only groups that their owner tagged `sampan:allowed`, or that the option `securityGroups` names',
  OpenRules: 'a rule has no id before it is made; it must carry the tag of its run',
  TagRules: 'a rule has no id before it is made; tags can be set only while this action makes it',
  MarkRules: 'a rule has no id before it is made; only tags of Sampan, and only on rules that a run has made',
  HandOverRules: 'as MarkRules',
  CloseInGroups:
    'as OpenInGroups. Within such a group IAM cannot tell a run’s rules from others: it knows no resource but the group for this action',
  DescribeGroups: 'the describing actions of EC2 know no resources',
  MakeInVpcs: 'only with temporaryGroups: a group is made in the VPC of an instance that a later task names',
  MakeGroups: 'only with temporaryGroups: a group has no id before it is made; it must carry the tag of its run',
  TagGroups: 'as MakeGroups; tags can be set only while this action makes the group',
  OpenInOwnGroups: 'only with temporaryGroups, and only groups that a run has made',
  CloseInOwnGroups: 'only with temporaryGroups, and only groups that a run has made',
  DropGroups: 'only with temporaryGroups, and only groups that a run has made',
  AttachGroups:
    'only with temporaryGroups: tasks of later days name the instances; IAM cannot narrow it to their groups',
  GetToken:
    'only with alibabaRole: the action knows no resources; tokens for its one audience, of five minutes at most',
  ReadMetrics:
    'the reading actions of CloudWatch know no resources; figures only: for the automatic throttle, and to say whether the source is busy',
  ReadQuotas: 'the quotas are the account’s; the action knows no resources',
  ReadExecutions: 'every execution of this one state machine has an ARN of its own',
  DeliverLogs: 'the actions of CloudWatch Logs for vended logs know no resources',
  ManageChildren: 'each lane is a child execution with an ARN of its own, all of this one state machine',
  AccountMayManageKey:
    'the policy of a key is about that key alone; without this statement nobody could change it again',
  LogsMayUseKey: 'the policy of a key is about that key alone; the condition names the log groups',
  ServicesMayUseKey: 'the policy of a key is about that key alone; topic and queue themselves say who may send',
} as const

/** Statement ids that may have a `*`. */
export type WildcardStatement = keyof typeof WILDCARD_REASONS

/** The same for statements that CDK writes itself, without an id: by their actions. */
export const WILDCARD_REASONS_OF_CDK: Readonly<Record<string, string>> = {
  's3:PutObject': 'S3 itself delivers the access log of the one bucket into the other, one object per hour',
  's3:DeleteObject* s3:GetBucket* s3:List* s3:PutBucketPolicy':
    'only with removal = destroy: CDK’s helper empties the buckets before they are deleted, those two alone',
}

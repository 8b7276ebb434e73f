import { AwsError, awsCall } from './aws-errors.ts'
import { ec2 } from './ec2-client.ts'
import type { CloudEnvironment } from './environment.ts'

/** A security group of Sampan's own making. */
export interface OwnGroup {
  readonly id: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}

/** Making and removing whole security groups of one region. */
export interface OwnGroups {
  /** Groups that carry the tag; with no value, whatever its value. */
  tagged(key: string, value?: string): Promise<readonly OwnGroup[]>
  /** Makes an empty group, tagged from its first moment. A name that is taken is left to `tagged` to find. */
  create(vpcId: string, name: string, tags: Readonly<Record<string, string>>): Promise<void>
  /** @returns false while something still uses the group */
  remove(id: string): Promise<boolean>
}

export function ownGroups(environment: CloudEnvironment, region: string, signal?: AbortSignal): OwnGroups {
  const options = signal ? { abortSignal: signal } : {}
  return {
    tagged: (key, value) =>
      awsCall('list security groups (ec2:DescribeSecurityGroups)', async () => {
        const filter =
          value === undefined ? { Name: 'tag-key', Values: [key] } : { Name: `tag:${key}`, Values: [value] }
        const { client, sdk } = await ec2(environment, region)
        const groups: OwnGroup[] = []
        for await (const page of sdk.paginateDescribeSecurityGroups({ client }, { Filters: [filter] }, options)) {
          for (const group of page.SecurityGroups ?? []) {
            const tags = Object.fromEntries((group.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']))
            groups.push({ id: group.GroupId ?? '', name: group.GroupName ?? '', tags })
          }
        }
        return groups
      }),

    async create(vpcId, name, tags) {
      const { client, sdk } = await ec2(environment, region)
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      const command = new sdk.CreateSecurityGroupCommand({
        GroupName: name,
        Description: 'Made by Sampan for one run; removed at its end',
        VpcId: vpcId,
        TagSpecifications: [{ ResourceType: 'security-group', Tags }],
      })
      try {
        await awsCall(`make the security group ${name} (ec2:CreateSecurityGroup, ec2:CreateTags)`, () =>
          client.send(command, options),
        )
      } catch (error) {
        if (!(error instanceof AwsError) || error.awsCode !== 'InvalidGroup.Duplicate') throw error
      }
    },

    async remove(id) {
      const { client, sdk } = await ec2(environment, region)
      try {
        await awsCall(`remove the security group ${id} (ec2:DeleteSecurityGroup)`, () =>
          client.send(new sdk.DeleteSecurityGroupCommand({ GroupId: id }), options),
        )
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        if (error.awsCode === 'DependencyViolation') return false
        if (error.awsCode !== 'InvalidGroup.NotFound') throw error
      }
      return true
    },
  }
}

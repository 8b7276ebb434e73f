/** Everything a deployment may choose. Every option has a default that deploys. */
export interface DeploymentOptions {
  /** Name of the stack and beginning of the names of what is in it. */
  readonly name?: string | undefined
  /** Tags of your own on everything the stack makes, such as a cost centre. Those of AWS and of Sampan itself keep their names. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Managed policy that bounds every role of the stack, by its ARN; `null`: none. */
  readonly permissionsBoundary?: string | null | undefined
  /** Path of every role of the stack. */
  readonly rolePath?: string | undefined
  /** Tag `sampan:environment` on everything. */
  readonly environment?: string | undefined
  /** Account and region to deploy to; without them the command line's. */
  readonly account?: string | undefined
  readonly region?: string | undefined
  /** Memory of the lanes and the default number of lanes. */
  readonly size?: 'small' | 'medium' | 'large' | 'xlarge' | undefined
  /** The VPC the workers run in: one that is there, `create`, or `null`: no VPC, which reaches only servers that are open to everybody. */
  readonly network?: 'create' | MadeNetworkChoice | ExistingNetworkChoice | null | undefined
  /** What happens to reports and logs when the stack is deleted. What a first deployment that fails has made always goes. */
  readonly removal?: 'retain' | 'destroy' | undefined
  /** An existing bucket for the reports, such as the one that an earlier stack has left; `null`: the stack makes one. */
  readonly documentsBucket?: string | null | undefined
  /** Existing log groups, such as those that an earlier stack has left; without them the stack makes its own. */
  readonly logGroups?: { readonly functions?: string | undefined; readonly workflow?: string | undefined } | undefined
  /** Encryption at rest: `aws` = keys of the services, `create` = a customer key made by the stack, or a key's ARN. */
  readonly key?: string | undefined
  /** What encrypts `documentsBucket`: a customer key by its ARN, or `aws`, a key of S3's own. Without it: as `key`. */
  readonly documentsKey?: string | undefined
  /** Days that logs are kept, one of those CloudWatch Logs takes; 90 by default. */
  readonly logDays?: number | undefined
  /** Days after which the documents of a run are deleted; among them, while it runs, the record of what is open. */
  readonly reportDays?: number | undefined
  /** Names of the Secrets Manager secrets the functions may read, `*` allowed at the end; any region of this account. */
  readonly secrets?: readonly string[] | undefined
  /** Name of the secret with the Alibaba Cloud access key; `null`: none, for destinations given by host. */
  readonly alibabaSecret?: string | null | undefined
  /**
   * A RAM role of Alibaba Cloud that is assumed by a token of AWS, so that no access key is kept: the role (`arn`), the OIDC provider in RAM
   * that vouches for the tokens (`provider`), the issuer of this AWS account, and the audience, a client ID of the provider. With it
   * `alibabaSecret` is not read. The output `AlibabaRoleTrust` is the role's trust policy.
   */
  readonly alibabaRole?:
    | {
        readonly arn: string
        readonly provider: string
        readonly issuer: string
        readonly audience?: string | undefined
      }
    | null
    | undefined
  /** ARNs of the customer keys that encrypt those secrets; none where they use `aws/secretsmanager`. */
  readonly secretKeys?: readonly string[] | undefined
  /** Regions whose RDS instances may be migrated; default the stack's own. */
  readonly sourceRegions?: readonly string[] | undefined
  /**
   * Where the sources are in another account: a role there for what opens and closes access (`arn`), and one for the functions that talk
   * to the databases (`readerArn`), for the CPU of the instance and for logging in by IAM; both ask for `externalId`. The outputs
   * `SourceRole…` and `SourceReader…` have their policies. `null`: the sources are in the stack's account.
   */
  readonly sourceRole?:
    | { readonly arn: string; readonly readerArn?: string | undefined; readonly externalId: string }
    | null
    | undefined
  /**
   * Security groups in which a run may add and remove rules. Default: every group of those regions that its owner has tagged
   * `sampan:allowed` = `true`, since tasks name the instance.
   */
  readonly securityGroups?: readonly string[] | undefined
  /**
   * Where the groups of a source are full, make groups for the run and attach them to the instance. Costs the right to modify
   * instances, which IAM cannot narrow to their groups.
   */
  readonly temporaryGroups?: boolean | undefined
  /** Hours after which the sweep may close what a run opened, whatever the run does. */
  readonly accessHours?: number | undefined
  /**
   * Prefix lengths of the broadest blocks that a task may open; together it opens at most sixteen of them. No acknowledgement of a task
   * goes beyond.
   */
  readonly broadestBlock?: { readonly ipv4?: number | undefined; readonly ipv6?: number | undefined } | undefined
  /** The account’s quota of inbound rules per security group. */
  readonly rulesPerGroup?: number | undefined
  /**
   * Functions at work that are reserved for closing access and judging, two for each of them. AWS takes a reservation only where 100
   * stay for the rest, so not in new accounts; without it the precheck sees to it that lanes leave room.
   */
  readonly reserveConcurrency?: boolean | undefined
  /** Database users of RDS that may be logged in as by IAM; none by default. */
  readonly iamDatabaseUsers?: readonly string[] | undefined
  /** Who gets the alarms by mail. Each address is asked to confirm. */
  readonly alarmMails?: readonly string[] | undefined
  /** Tell too when an alarm is over. Each alarm then also says so once when it is made. */
  readonly alarmsWhenOver?: boolean | undefined
  /**
   * Hosts to which tasks may switch TLS off or leave it unverified, `*.` allowed at the beginning; none by default. Instances that a
   * task names by their id need no entry: their clouds tell the address.
   */
  readonly unverifiedHosts?: readonly string[] | undefined
  /**
   * Hosts that tasks may name at all, `*.` allowed at the beginning; without them any. Instances that a task names by their id need no
   * entry.
   */
  readonly hosts?: readonly string[] | undefined
  /** `source` of the events on the account’s default bus that may start a migration; none by default: the stack has a bus of its own. */
  readonly eventSources?: readonly string[] | undefined
  /** Starts that are deployed with the stack. */
  readonly schedules?: readonly ScheduleChoice[] | undefined
}

/** A VPC that is there. */
interface ExistingNetworkChoice {
  readonly create?: false | undefined
  readonly vpcId: string
  /** Private subnets whose way out is a NAT gateway. Two, in different zones, outlive the loss of a zone. */
  readonly subnetIds: readonly string[]
  /**
   * The addresses the workers leave by, for the ApsaraDB whitelist. `discover`, the default of the command, asks EC2 for the NAT gateways of
   * the subnets when the stack is synthesised; the construct wants them given.
   */
  readonly egressAddresses?: 'discover' | readonly string[] | undefined
  /**
   * How the workers come in to the source: `group` by a rule for their security group (the source is in this VPC or a peer
   * of it, and is reached by its private address), `addresses` by rules for the egress addresses (a public source), `auto` by what the
   * instance is: the group where it is in this VPC or has no public address, else the addresses.
   */
  readonly sourceBy?: 'auto' | 'group' | 'addresses' | undefined
  /** TCP ports the workers may call besides 443; 5432 by default. */
  readonly databasePorts?: readonly number[] | undefined
}

/** A VPC that the stack makes. */
interface MadeNetworkChoice {
  readonly create: true
  /** Its private block of /16 to /24, 10.255.0.0/24 by default. It must overlap with none of the peers. */
  readonly cidr?: string | undefined
  /** Two zones; default the first two that the account has in the region. */
  readonly zones?: readonly string[] | undefined
  /** An Elastic IP that is there already, so that the address stays when the stack goes; without it the stack makes one. */
  readonly allocationId?: string | undefined
  /** The public address of `allocationId`. */
  readonly address?: string | undefined
  /** VPCs of private sources in this account and region: a peering is made to each, with routes both ways. */
  readonly peers?: readonly PeerChoice[] | undefined
  /** TCP ports the workers may call besides 443; 5432 by default. */
  readonly databasePorts?: readonly number[] | undefined
}

interface PeerChoice {
  readonly vpcId: string
  /** Its block, or all that it has. */
  readonly cidr: string | readonly string[]
  /** Of the subnets that the instance is in. */
  readonly routeTableIds: readonly string[]
}

/** A start that is deployed with the stack. */
interface ScheduleChoice {
  readonly name: string
  /** Once: `2026-12-24T02:00:00`, in `timezone`. */
  readonly at: string
  /** Of the IANA database; `Etc/UTC` by default. */
  readonly timezone?: string | undefined
  /** The task to start, as it would be given to the console. It stands in the template, so it may hold no password. */
  readonly task: Readonly<Record<string, unknown>>
}

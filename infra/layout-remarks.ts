import { type Options, SIZES } from './options.ts'
import { isPast } from './schedule-options.ts'

/** What is worth knowing of a layout before it is deployed; the rest is for `sampan doctor`, which looks at the account. */
export interface LayoutRemark {
  readonly level: 'info' | 'warning'
  readonly id: string
  readonly text: string
}

/** What the chosen network means for what the workers reach, which schedules start nothing, and what a new account may not take. Pure: nothing is looked up. */
export function layoutRemarks(options: Options, now = new Date()): readonly LayoutRemark[] {
  // A schedule that has done its work may stand there: refused, it would be in the way of every later deployment.
  const past = options.schedules.filter((schedule) => isPast(schedule, now))
  return [
    ...networkRemarks(options),
    ...memoryRemarks(options),
    ...past.map(({ name, at, timezone }) => ({
      level: 'warning' as const,
      id: `sampan:past-${name}`,
      text: `the schedule ${name} lies in the past (${at} ${timezone}): unless it has started already, it never will`,
    })),
  ]
}

/**
 * What a function may have in accounts whose quota AWS has not raised yet, megabytes: more fails the whole deployment. That there is such
 * a quota says https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, how much it is only the refusal.
 */
const NEW_ACCOUNT_MEGABYTES = 3_008

function memoryRemarks({ size }: Options): readonly LayoutRemark[] {
  const { megabytes } = SIZES[size]
  if (megabytes <= NEW_ACCOUNT_MEGABYTES) return []
  const text = `lanes have ${megabytes} MB at the size ${size}; a new account’s quota is ${NEW_ACCOUNT_MEGABYTES}, and a deployment beyond it is rolled back: have it raised, or choose "large"`
  return [{ level: 'warning', id: 'sampan:memoryQuota', text }]
}

function networkRemarks({ network, sourceRegions, region }: Options): readonly LayoutRemark[] {
  const remarks: LayoutRemark[] = []
  const say = (level: LayoutRemark['level'], id: string, text: string) =>
    remarks.push({ level, id: `sampan:${id}`, text })
  if (network === null) {
    say(
      'warning',
      'noVpc',
      'network is null: workers leave by addresses that nobody knows, so they reach only servers that are open to everybody. Choose "create" or a VPC of yours (docs/network.md)',
    )
    return remarks
  }
  const others = sourceRegions.filter((one) => one !== region)
  if (network.create) {
    const unjoined = network.peers.length === 0 ? '; private ones need network.peers' : ''
    say(
      'info',
      'madeVpc',
      `a NAT gateway and its address cost by the hour (docs/costs.md); public sources come in reach${unjoined}`,
    )
  } else if (network.egressAddresses !== 'discover' && network.egressAddresses.length === 0) {
    say(
      'warning',
      'noAddress',
      'network.egressAddresses is empty: nothing is put into the ApsaraDB whitelist, so the workers must reach it by a private way that is let in already',
    )
  }
  if (others.length > 0)
    say(
      'warning',
      'otherRegions',
      `a security group means something in its own region only: in ${others.join(', ')} the workers come in by their address, which reaches public instances only`,
    )
  return remarks
}

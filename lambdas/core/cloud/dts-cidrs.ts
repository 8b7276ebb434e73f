import { SampanError } from '../runtime/errors.ts'
import { alibaba } from './alibaba.ts'
import type { CloudEnvironment } from './environment.ts'

/** The address blocks DTS says it comes from, as published: not normalised. */
export interface DtsBlocks {
  /** Which action's list is to be used. */
  readonly source: 'WhiteIpList' | 'DescribeDTSIP'
  readonly blocks: readonly string[]
  /** The other action's list to compare with, `null` where it could not be had. */
  readonly compare: readonly string[] | null
  /** Why one of the two could not be had, in one line. */
  readonly missing: string | null
}

/**
 * Asks DTS for the blocks of one region, twice: `WhiteIpList` (public addresses only) is what is used, `DescribeDTSIP`
 * (public and internal ones) is what it is compared with. Where the first is refused, the second takes its place.
 * @throws SampanError `DTS_CIDRS_UNKNOWN` where neither answers
 */
export async function dtsBlocks(
  environment: CloudEnvironment,
  region: string,
  signal?: AbortSignal,
): Promise<DtsBlocks> {
  const ask = async (action: string, parameters: Record<string, string>, field: string) => {
    const answer = await alibaba(environment).call({
      product: 'dts',
      region,
      action,
      parameters,
      ...(signal ? { signal } : {}),
    })
    const list = blocksOf(answer[field])
    if (list.length > 0) return list
    throw new SampanError({
      code: 'DTS_CIDRS_EMPTY',
      message: `${action} names no address block for ${region}`,
      remedy: 'check destination.region',
    })
  }
  // Only the destination region's blocks are wanted, so that region stands on both sides of the question.
  const white = await settle(
    ask('WhiteIpList', { Region: region, DestinationRegion: region, Type: 'internet' }, 'IpList'),
  )
  const parameters = { SourceEndpointRegion: region, DestinationEndpointRegion: region }
  const described = await settle(ask('DescribeDTSIP', parameters, 'DynamicMessage'))

  if ('list' in white) {
    const compared = 'list' in described ? described.list : null
    const missing = 'list' in described ? null : described.error.message
    return { source: 'WhiteIpList', blocks: white.list, compare: compared, missing }
  }
  if ('list' in described) {
    return { source: 'DescribeDTSIP', blocks: described.list, compare: null, missing: white.error.message }
  }
  throw new SampanError({
    code: 'DTS_CIDRS_UNKNOWN',
    message: `the address blocks of DTS in ${region} cannot be had: ${white.error.message}`,
    remedy: 'allow dts:WhiteIpList, or set access.dtsCidrs to "none" (Sampan itself does not need them) or to a list',
    cause: white.error,
  })
}

function blocksOf(value: unknown): readonly string[] {
  if (typeof value !== 'string') return []
  return value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** A refusal is an answer of its own kind; what may pass is the step's to repeat. */
async function settle(
  asked: Promise<readonly string[]>,
): Promise<{ readonly list: readonly string[] } | { readonly error: SampanError }> {
  try {
    return { list: await asked }
  } catch (error) {
    if (error instanceof SampanError && !error.retryable) return { error }
    throw error
  }
}

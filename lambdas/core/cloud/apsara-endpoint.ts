import type { z } from 'zod'
import type { ApsaraEndpoint } from './apsara.ts'
import type { netAnswer } from './apsara-answers.ts'

type NetAnswer = z.output<typeof netAnswer>

/**
 * The endpoint to write to: the public one of the primary instance, else its private one. A read/write splitting endpoint is a proxy that
 * sends statements to read-only instances, and offers no TLS.
 * https://www.alibabacloud.com/help/en/rds/developer-reference/api-rds-2014-08-15-describedbinstancenetinfo
 */
export function chooseEndpoint(answer: NetAnswer): ApsaraEndpoint | undefined {
  const all = answer.DBInstanceNetInfos.DBInstanceNetInfo.filter(
    ({ ConnectionStringType: type }) => type !== 'ReadWriteSplitting',
  )
  // `Inner` is the classic network, which nothing outside Alibaba Cloud reaches.
  const chosen = all.find((one) => one.IPType === 'Public') ?? all.find((one) => one.IPType === 'Private')
  if (!chosen?.ConnectionString || !chosen.Port) return undefined
  return { host: chosen.ConnectionString, port: chosen.Port, publicEndpoint: chosen.IPType === 'Public' }
}

/** For which networks an entry of a whitelist holds. */
export type WhitelistNetwork = 'MIX' | 'VPC' | 'Classic'

/**
 * In the enhanced whitelist mode (`safety`) a group holds for the VPC or for the classic network and the Internet, not for both.
 * https://www.alibabacloud.com/help/en/rds/developer-reference/api-rds-2014-08-15-migratesecurityipmode
 */
export function whitelistNetwork(answer: NetAnswer): WhitelistNetwork {
  if (answer.SecurityIPMode !== 'safety') return 'MIX'
  return chooseEndpoint(answer)?.publicEndpoint === false ? 'VPC' : 'Classic'
}

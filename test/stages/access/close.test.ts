import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { closeAccess } from '../../../lambdas/stages/access/close.ts'
import { closeLeftovers } from '../../../lambdas/stages/access/leftovers.ts'
import { openAccess } from '../../../lambdas/stages/access/open.ts'
import { whitelistGroup } from '../../../lambdas/stages/access/open-whitelist.ts'
import { sweep } from '../../../lambdas/stages/access/sweep.ts'
import type { Fault } from '../../../local/fakes/faults.ts'
import { times } from '../../../local/fakes/faults.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
beforeEach(async () => {
  access = await startAccess()
})
afterEach(() => access.stop())

const group = whitelistGroup('local', 'orders')
const hints = { regions: ['us-east-1'], whitelists: [{ region: 'ap-southeast-1', instance: 'pgm-1' }] }

test('closing leaves exactly the rules that stood before, and the record says so', async () => {
  await access.open()
  expect(access.isAsBefore()).toBe(false)
  expect(await access.close()).toEqual({ closed: 5 })
  expect(access.isAsBefore()).toBe(true)
  const record = await access.record()
  expect(record).toMatchObject({ open: [], intended: [], closedAt: '2026-09-01T10:00:00.000Z' })
  expect(record.closed.map((entry) => entry.how)).toEqual(times(5, { kind: 'none' }).map(() => 'revoked'))
  expect(record.opened).toHaveLength(6)
})

test('closing twice, and closing what was never opened, does nothing', async () => {
  expect(await access.close()).toEqual({ closed: 0 })
  expect(await access.store.list('')).toEqual([])
  await access.open()
  await access.close()
  expect(await access.close()).toEqual({ closed: 0 })
  expect((await access.record()).closed).toHaveLength(5)
})

test('what has been closed is not opened again by the same execution', async () => {
  await access.open()
  await access.close()
  await expect(access.open()).rejects.toMatchObject({ code: 'ACCESS_CLOSED_MEANWHILE' })
  expect((await access.record()).open).toEqual([])
  expect(access.isAsBefore()).toBe(true)
})

test('a question that EC2 refuses keeps no rule open that the record names', async () => {
  await access.open()
  const denied: Fault = { kind: 'error', code: 'UnauthorizedOperation', status: 403 }
  access.clouds.state.faults.next('DescribeSecurityGroupRules', denied)
  await expect(access.close()).rejects.toMatchObject({ code: 'ACCESS_LEFT_OPEN' })
  expect(access.isAsBefore()).toBe(true)
  await access.close()
  expect((await access.record()).open).toEqual([])
})

test('only documented filters are asked for, so that nothing stays open where another one is refused', async () => {
  await access.open()
  await access.close()
  const asked = access.clouds.state.calls.filter((call) => call.action === 'DescribeSecurityGroupRules')
  const names = asked.flatMap(({ parameters }) =>
    Object.entries(parameters).flatMap(([key, value]) => (/^Filter\.\d+\.Name$/.test(key) ? [String(value)] : [])),
  )
  expect(new Set(names.map((name) => name.replace(/^tag:.+/, 'tag:')))).toEqual(new Set(['group-id', 'tag:']))
})

test('executions of one run use one whitelist group between them, so that an instance never runs out of them', async () => {
  const before = access.apsara.ipArrays.size
  for (const execution of ['first', 'second', 'third']) {
    await access.open({}, execution)
    await access.close(execution)
  }
  expect(access.apsara.ipArrays.size).toBe(before + 1)
})

test('two executions of one run share its whitelist group: the first to end leaves it to the second', async () => {
  await access.open({}, 'first')
  await access.open({}, 'second')
  await access.close('first')
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect((await access.record('first')).closed.map((entry) => entry.how)).toContain('handed-over')
  await access.close('second')
  expect(access.isAsBefore()).toBe(true)
})

test('a second execution that found its address there before the first removed it gets it back', async () => {
  await access.open({}, 'first')
  const opened: Promise<unknown>[] = []
  // The first has just looked who else is there, and is about to empty the group.
  access.clouds.state.faults.next('ModifySecurityIps', {
    kind: 'meanwhile',
    run: () => void opened.push(access.open({}, 'second')),
  })
  await access.close('first')
  await Promise.all(opened)
  expect(access.apsara.ipArrays.get(group)?.addresses).toContain('52.1.2.3')
  await access.close('second')
  expect(access.isAsBefore()).toBe(true)
})

test('a rule that somebody removed meanwhile counts as closed', async () => {
  await access.open()
  const sg = access.clouds.state.ec2.groups.get('sg-1')
  if (sg) sg.rules = sg.rules.filter((rule) => rule.cidrIpv4 !== '47.88.133.0/24')
  await access.close()
  const gone = (await access.record()).closed.find((entry) => entry.cidr === '47.88.133.0/24')
  expect(gone?.how).toBe('gone')
  expect(access.isAsBefore()).toBe(true)
})

test('an address somebody took out of the whitelist meanwhile counts as closed', async () => {
  await access.open()
  access.apsara.ipArrays.set(group, { attribute: '', addresses: ['127.0.0.1'] })
  await access.close()
  expect((await access.record()).open).toEqual([])
})

test('an ApsaraDB instance that was released has nothing open', async () => {
  await access.open()
  access.clouds.state.alibaba.instances.clear()
  await access.close()
  expect((await access.record()).open).toEqual([])
})

describe('whatever happens while opening, closing restores what stood before', () => {
  const lost: Fault = { kind: 'answer-lost' }
  const denied: Fault = { kind: 'error', code: 'UnauthorizedOperation', status: 403 }
  const nothing: Fault = { kind: 'none' }
  const many = Array.from({ length: 50 }, (_, index) => `47.${index}.0.0/24`)
  const cases: readonly (readonly [name: string, action: string, faults: readonly Fault[]])[] = [
    ['the first batch is refused', 'AuthorizeSecurityGroupIngress', [denied]],
    ['the second of three batches is refused', 'AuthorizeSecurityGroupIngress', [nothing, denied]],
    [
      'the answer to the second batch is lost and the next call refused',
      'AuthorizeSecurityGroupIngress',
      [nothing, lost, denied],
    ],
    ['EC2 throttles without end', 'AuthorizeSecurityGroupIngress', [nothing, ...times(5, { kind: 'throttle' })]],
    ['the whitelist is refused', 'ModifySecurityIps', [{ kind: 'error', code: 'Forbidden.RAM', status: 403 }]],
    [
      'the whitelist’s answer is lost and the next call refused',
      'ModifySecurityIps',
      [lost, { kind: 'error', code: 'Forbidden.RAM', status: 403 }],
    ],
  ]
  test.each(cases)('%s', { tags: 'long' }, async (_, action, faults) => {
    access.clouds.state.faults.next(action, ...faults)
    const outcome = await access.open({ access: { dtsCidrs: many } }).then(
      () => 'opened',
      () => 'failed',
    )
    if (!faults.includes(lost)) expect(outcome).toBe('failed')
    await access.close()
    expect(access.isAsBefore()).toBe(true)
    expect((await access.record()).open).toEqual([])
  })

  test('a crash after every single call', { tags: 'long' }, async () => {
    // Each round opens afresh and dies at one call later than the round before; closing only knows record and tags.
    let opened = false
    let rounds = 0
    for (let calls = 0; !opened; calls++) {
      const execution = `crash-${calls}`
      const dying = new AbortController()
      const { state } = access.clouds
      while (state.faults.take('*')) {}
      const die: Fault = { kind: 'meanwhile', run: () => dying.abort(new Error('the Lambda died')) }
      state.faults.next('*', ...times(calls, { kind: 'none' }), die)
      const tools = { ...access.tools, signal: dying.signal }
      const event = access.event({ access: { dtsCidrs: many } }, execution)
      opened = await openAccess(event, tools).then(
        () => !dying.signal.aborted,
        () => false,
      )
      while (state.faults.take('*')) {}
      // As the status rule does: without the task.
      await access.close(execution, [])
      expect([execution, access.isAsBefore()]).toEqual([execution, true])
      if (calls > 60) throw new Error('opening never completed')
      rounds = calls
    }
    expect(rounds).toBeGreaterThan(10)
  })

  test('a crash between adding and remembering, and the record lost with it', async () => {
    access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', lost, ...times(5, { kind: 'reset' }))
    await access.open().catch(() => undefined)
    await access.store.write('runs/orders/e1/access.json', JSON.stringify(await emptied()), 'application/json')
    await access.close()
    expect(access.isAsBefore()).toBe(true)
    expect((await access.record()).closed).toHaveLength(4)
  })

  const emptied = async () => ({ ...(await access.record()), intended: [], opened: [], open: [] })
})

describe('whatever happens while closing, closing again restores what stood before', () => {
  const cases: readonly (readonly [name: string, action: string, faults: readonly Fault[]])[] = [
    ['EC2 throttles without end', 'RevokeSecurityGroupIngress', times(5, { kind: 'throttle' })],
    ['the answer is lost', 'RevokeSecurityGroupIngress', [{ kind: 'answer-lost' }]],
    [
      'the right to revoke is missing for a while',
      'RevokeSecurityGroupIngress',
      [{ kind: 'error', code: 'UnauthorizedOperation', status: 403 }],
    ],
    [
      'the whitelist cannot be changed for a while',
      'ModifySecurityIps',
      [{ kind: 'error', code: 'Forbidden.RAM', status: 403 }],
    ],
    ['the whitelist’s answer is lost', 'ModifySecurityIps', [{ kind: 'answer-lost' }]],
  ]
  test.each(cases)('%s', async (_, action, faults) => {
    await access.open()
    access.clouds.state.faults.next(action, ...faults)
    const error = await access.close().then(
      () => null,
      (thrown) => thrown,
    )
    if (error) {
      expect(error.code).toBe('ACCESS_LEFT_OPEN')
      await access.close()
    }
    expect(access.isAsBefore()).toBe(true)
    expect((await access.record()).open).toEqual([])
  })
})

test('one cloud that refuses does not keep the other one open', async () => {
  await access.open()
  access.clouds.state.faults.next('RevokeSecurityGroupIngress', {
    kind: 'error',
    code: 'UnauthorizedOperation',
    status: 403,
  })
  const error = await access.close().catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'ACCESS_LEFT_OPEN', retryable: false })
  expect(error.message).toMatch(/47\.88\.133\.0\/24 to port 5432 in sg-1 \(sgr-/)
  expect(error.remedy).toMatch(/aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-1/)
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['127.0.0.1'])
  expect((await access.record()).open.map((entry) => entry.kind)).not.toContain('whitelist-entry')
})

test('stale readings are waited for', async () => {
  await access.open()
  access.clouds.state.faults.next('RevokeSecurityGroupIngress', {
    kind: 'meanwhile',
    run: () => {
      access.clouds.state.ec2.staleDescriptions = 3
    },
  })
  await access.close()
  expect((await access.record()).open).toEqual([])
})

test('a rule that two executions rely on stays until the second closes', async () => {
  await access.open({}, 'first')
  await access.open({}, 'second')
  await access.close('first')
  expect(access.peers()).toContain('47.88.133.0/24')
  expect((await access.record('first')).closed.map((entry) => entry.how)).toContain('handed-over')
  await access.close('first')
  expect(access.peers()).toContain('47.88.133.0/24')
  await access.close('second')
  expect(access.isAsBefore()).toBe(true)
})

test('a second execution that comes to rely on a rule while the first is removing it has one of its own', async () => {
  await access.open({}, 'first')
  const { state } = access.clouds
  let second: Promise<unknown> | null = null
  // The first has read who relies on its rules. Its removal arrives when the second has asked it to stay, and has looked again.
  const held = async () => {
    const from = state.calls.length
    let opened = false
    second = access.open({}, 'second').finally(() => {
      opened = true
    })
    const asked = () => state.calls.slice(from).map(({ action }) => action)
    const hasLooked = () =>
      asked()
        .slice(asked().indexOf('CreateTags') + 1)
        .includes('DescribeSecurityGroupRules')
    await vi.waitFor(() => expect(opened || (asked().includes('CreateTags') && hasLooked())).toBe(true), {
      timeout: 20_000,
    })
  }
  state.faults.next('RevokeSecurityGroupIngress', { kind: 'meanwhile', run: held })
  await access.close('first')
  await second
  expect(access.peers()).toEqual(expect.arrayContaining(['47.88.133.0/24', '52.1.2.3/32']))
  await access.close('second')
  expect(access.isAsBefore()).toBe(true)
})

test('a rule handed over stays, also where closing failed before that was written down', async () => {
  await access.open({}, 'first')
  await access.open({ access: { dtsCidrs: ['47.88.133.0/24'] } }, 'second')
  access.clouds.state.faults.next('RevokeSecurityGroupIngress', {
    kind: 'error',
    code: 'UnauthorizedOperation',
    status: 403,
  })
  await expect(access.close('first')).rejects.toMatchObject({ code: 'ACCESS_LEFT_OPEN' })
  await access.close('first')
  expect(access.peers()).toContain('47.88.133.0/24')
  expect(access.peers()).not.toContain('47.88.235.0/24')
  await access.close('second')
  expect(access.isAsBefore()).toBe(true)
})

test('the second of two executions closing first takes nothing from the first', async () => {
  await access.open({}, 'first')
  const standing = access.rules().map((rule) => rule.id)
  await access.open({}, 'second')
  await access.close('second')
  expect(access.rules().map((rule) => rule.id)).toEqual(standing)
  await access.close('first')
  expect(access.isAsBefore()).toBe(true)
})

test('a rule of another stack is used, not tagged, and told', async () => {
  await access.open({}, 'theirs')
  access.variables = { ...access.variables, SAMPAN_STACK: 'ours' }
  await access.open()
  expect(access.clouds.state.calls.filter((call) => call.action === 'CreateTags')).toEqual([])
  const record = await access.record()
  expect(record.notes.map((note) => note.code)).toContain('RULES_OF_ANOTHER_STACK')
  expect(record.open.map((entry) => entry.kind)).toEqual(['whitelist-entry'])
})

test('an execution of the same name of a stack in another region keeps its rules and its whitelist group', async () => {
  const home = (region: string) => ({
    ...access.variables,
    SAMPAN_STACK: 'Sampan',
    SAMPAN_STACK_HOME: `${region}:111122223333`,
    SAMPAN_ARTEFACTS: `s3://${region}`,
  })
  access.variables = home('eu-west-1')
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } })
  const standing = access.standing()
  access.variables = home('us-east-1')
  await access.open({ access: { dtsCidrs: ['47.2.0.0/24'] } })
  await access.close()
  expect(access.standing()).toBe(standing)
  access.variables = home('eu-west-1')
  await access.close()
  expect(access.isAsBefore()).toBe(true)
})

const own = { id: 'orders', execution: 'e1' }

/** As if a process had listed the execution that is gone by now. */
async function kill(execution: string): Promise<void> {
  const key = `open/${execution}/orders`
  const listing = JSON.parse((await access.store.read(key)) ?? '')
  const child = spawnSync(process.execPath, ['--version'])
  const gone = { ...listing, process: { ...listing.process, pid: child.pid } }
  await access.store.write(key, JSON.stringify(gone), 'application/json')
}

test('on one machine a killed execution’s access is closed when the run’s next execution ends', async () => {
  await access.open({}, 'killed')
  await kill('killed')
  await access.open()
  await access.close()
  expect(access.isAsBefore()).toBe(false)
  expect(await closeLeftovers(own, hints, access.tools)).toEqual({ closed: ['killed'], left: [] })
  expect(access.isAsBefore()).toBe(true)
  expect((await access.record('killed')).open).toEqual([])
})

test('on one machine the end of one execution leaves another one’s access that is at work, older or newer', async () => {
  await access.open({}, 'copying')
  const standing = access.standing()
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'e1')
  await access.close('e1')
  expect(await closeLeftovers(own, hints, access.tools)).toEqual({ closed: [], left: ['copying'] })
  expect(access.standing()).toBe(standing)
  expect(await access.record('copying')).toMatchObject({ closingSince: null, closed: [] })
  // Nor does somebody sweep it away.
  expect(await closeLeftovers(own, hints, access.tools, true)).toEqual({ closed: [], left: ['copying'] })
  expect(access.standing()).toBe(standing)
})

test('on one machine what wrote its documents somewhere else is left to the person who sweeps', async () => {
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'elsewhere')
  await access.loseDocuments()
  await access.open()
  await access.close()
  expect(await closeLeftovers(own, hints, access.tools)).toEqual({ closed: [], left: ['elsewhere'] })
  expect(access.peers()).toContain('47.1.0.0/24')
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect(await closeLeftovers(own, { ...hints, wholeGroup: true }, access.tools, true)).toEqual({
    closed: ['elsewhere'],
    left: [],
  })
  expect(access.isAsBefore()).toBe(true)
})

test('addresses that somebody else has put into the group of a run stay there, at work and when its record is complete', async () => {
  for (const SAMPAN_STACK of ['', 'prod']) {
    access.variables = { ...access.variables, SAMPAN_STACK }
    const name = whitelistGroup(SAMPAN_STACK || 'local', 'orders')
    await access.open({}, `one-${SAMPAN_STACK}`)
    access.apsara.ipArrays.get(name)?.addresses.push('203.0.113.9')
    await access.close(`one-${SAMPAN_STACK}`)
    expect(access.apsara.ipArrays.get(name)?.addresses).toEqual(['203.0.113.9'])
    // One that never came to open anything takes nothing.
    await access.close(`none-${SAMPAN_STACK}`)
    expect(access.apsara.ipArrays.get(name)?.addresses).toEqual(['203.0.113.9'])
  }
})

test('on one machine the address of an execution with its documents elsewhere stays, with no rule that tells of it', async () => {
  const source = { host: 'old.example', user: 'reader', secret: 'env:X' }
  await access.open({ source }, 'elsewhere')
  await access.loseDocuments()
  await access.open({ source })
  expect((await access.record()).notes.map(({ code }) => code)).toContain('ACCESS_WHITELIST_STOOD')
  await access.close()
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect((await access.record()).open).toEqual([])
  // As sampan sweep does.
  await closeAccess({ id: 'orders', execution: 'sweep' }, { ...hints, wholeGroup: true }, access.tools)
  expect(access.isAsBefore()).toBe(true)
})

test('the name of a whitelist group keeps to Alibaba’s rule, whatever a run is called, and is one run’s alone', () => {
  const runs = ['orders', 'Orders', 'ORDERS_2', 'a'.repeat(63), '9-to-5', 'x_', '']
  const names = runs.flatMap((run) => [whitelistGroup('local', run), whitelistGroup('Sampan-eu', run)])
  // https://www.alibabacloud.com/help/en/rds/apsaradb-rds-for-postgresql/api-rds-2014-08-15-modifysecurityips-postgresql
  for (const name of names) expect(name).toMatch(/^[a-z](?=.{1,31}$)[a-z0-9_]*[a-z0-9]$/)
  expect(new Set(names).size).toBe(names.length)
})

test('the documents of all runs are never listed, neither at an end nor by the sweep: they only ever become more', async () => {
  access.variables = { ...access.variables, SAMPAN_ARTEFACTS: 's3://documents/of/sampan' }
  await access.open()
  await access.close()
  await closeLeftovers(own, hints, access.tools)
  await sweep(async () => 'ended', access.tools)
  const listed = access.clouds.state.calls.flatMap(({ request }) => {
    const asked = new URL(request.replace(/^GET /, ''), 'http://s3').searchParams
    return asked.has('list-type') ? [String(asked.get('prefix'))] : []
  })
  expect(listed.length).toBeGreaterThan(0)
  expect(listed.filter((prefix) => !prefix.startsWith('of/sampan/open/'))).toEqual([])
})

test('a deployed stack leaves other executions to the status rule and the sweep', async () => {
  access.variables = { ...access.variables, SAMPAN_STACK: 'prod' }
  await access.open({}, 'other')
  const standing = access.standing()
  await closeLeftovers({ id: 'orders', execution: 'e1' }, hints, access.tools)
  expect(access.standing()).toBe(standing)
})

test('a whitelist emptied is never empty: its last entry is nobody’s', async () => {
  await access.open()
  await access.close()
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['127.0.0.1'])
  expect(access.apsara.ipArrays.get('default')?.addresses).toEqual(['127.0.0.1'])
})

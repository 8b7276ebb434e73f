import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { disk } from '../../support/full-disk.ts'
import { type Access, startAccess } from './harness.ts'

vi.mock('node:fs/promises', async (original) => {
  const { onDisk } = await import('../../support/full-disk.ts')
  return onDisk(await original())
})

let access: Access
beforeEach(async () => {
  access = await startAccess()
})
afterEach(async () => {
  disk.directory = null
  await access.stop()
})

const fill = (code: string) => {
  Object.assign(disk, { directory: fileURLToPath(access.tools.environment.SAMPAN_ARTEFACTS), code })
}

describe.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])('a disk that answers %s', (code) => {
  test('keeps nothing open: all is closed, and that its record is out of date is said', async () => {
    await access.open()
    fill(code)
    await expect(access.close()).rejects.toMatchObject({
      code: 'ACCESS_RECORD_UNWRITTEN',
      retryable: false,
      message: expect.stringContaining(code),
    })
    expect(access.isAsBefore()).toBe(true)
    disk.directory = null
    await access.close()
    expect(await access.record()).toMatchObject({ open: [], closedAt: access.now.toISOString() })
  })
})

test('nothing is opened where it cannot be written down', async () => {
  fill('ENOSPC')
  await expect(access.open()).rejects.toMatchObject({ code: 'DISK_FULL', retryable: false })
  expect(access.isAsBefore()).toBe(true)
})

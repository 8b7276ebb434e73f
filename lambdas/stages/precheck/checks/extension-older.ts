import { type Check, count, findingOf } from '../check.ts'
import { neededExtensions, offeredExtensions } from '../facts/extensions.ts'

export const extensionOlder: Check = {
  code: 'EXTENSION_OLDER',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination’s extensions are not older than the source’s',
  cause:
    'the destination offers an older version of an extension: functions or types that came later are missing there',
  remedy: 'choose a destination version with the newer extension, or acknowledge this code after a trial',
  async run(context) {
    const [needed, offered] = await Promise.all([context.fact(neededExtensions), context.fact(offeredExtensions)])
    const older = needed.flatMap(({ name, version }) => {
      const offer = offered.get(name)
      const there = offer?.installedVersion ?? offer?.defaultVersion
      return there !== undefined && isOlder(there, version) ? [`${name} ${version}, the destination has ${there}`] : []
    })
    return findingOf(older, (number) => `${count(number, 'extension is', 'extensions are')} older on the destination`)
  },
}

/** By the numbers in their order; versions of other forms are not compared. */
export function isOlder(left: string, right: string): boolean {
  if (!/^\d+(\.\d+)*$/.test(left) || !/^\d+(\.\d+)*$/.test(right)) return false
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)]
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

import { type Check, count, findingOf } from '../check.ts'
import { neededExtensions, offeredExtensions } from '../facts/extensions.ts'

export const extensionMissing: Check = {
  code: 'EXTENSION_MISSING',
  side: 'both',
  level: 'error',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination offers every extension of the source',
  cause: 'the destination’s server does not offer an extension of the source: what depends on it cannot be created',
  remedy:
    'choose a destination version that offers it, or exclude it ({ "kind": "EXTENSION", "name": … }) with what needs it',
  async run(context) {
    const [needed, offered] = await Promise.all([context.fact(neededExtensions), context.fact(offeredExtensions)])
    return findingOf(
      needed.filter(({ name }) => !offered.has(name)).map(({ name, version }) => `${name} ${version}`),
      (number) => `the destination does not offer ${count(number, 'extension')} of the source`,
    )
  },
}

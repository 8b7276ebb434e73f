import { AWS_EXTENSIONS } from '../../../core/task/aws-names.ts'
import { type Check, findingOf } from '../check.ts'
import { allExtensions } from '../facts/extensions.ts'

export const extensionAwsOnly: Check = {
  code: 'EXTENSION_AWS_ONLY',
  side: 'source',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'the source uses no extension that only exists on AWS',
  cause: 'extensions of Amazon’s own are left behind; functions that call them fail on the destination',
  remedy: 'replace what calls them, then acknowledge this code',
  async run(context) {
    const extensions = await context.fact(allExtensions)
    const own = extensions.filter(({ name }) => AWS_EXTENSIONS.has(name)).map(({ name }) => name)
    return findingOf(own, () => `not migrated: ${own.join(', ')}`)
  },
}

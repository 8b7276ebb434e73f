import { expect, test } from 'vitest'
import { objectName } from '../../../lambdas/core/structure/object-name.ts'

test.each([
  ['TABLE', 'public', 'orders', 'public.orders'],
  ['EXTENSION', null, 'hstore', 'hstore'],
  ['ACL', 'public', 'TABLE orders', 'TABLE public.orders'],
  ['ACL', 'shop', 'MATERIALIZED VIEW TABLE x', 'MATERIALIZED VIEW shop.TABLE x'],
  ['COMMENT', 'shop', 'COLUMN orders.id', 'COLUMN shop.orders.id'],
  ['COMMENT', 'shop', 'TRIGGER audit ON orders', 'TRIGGER audit ON shop.orders'],
  ['COMMENT', null, 'EXTENSION citext', 'EXTENSION citext'],
  // A table may be called like that.
  ['TABLE', 'shop', 'TABLE orders', 'shop.TABLE orders'],
])('%s of schema %s with tag %s is named %s', (kind, schema, name, shown) => {
  expect(objectName({ kind, schema, name })).toBe(shown)
})

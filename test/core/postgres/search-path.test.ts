import { expect, test } from 'vitest'
import { behindCatalog } from '../../../lambdas/core/postgres/search-path.ts'

test.for([
  ['"$user", public', '"pg_catalog", "me", "public", "pg_temp"'],
  ['app, "Lib, ""too""", APP', '"pg_catalog", "app", "Lib, ""too""", "pg_temp"'],
  ['public, pg_catalog, pg_temp', '"pg_catalog", "public", "pg_temp"'],
  ['""', '"pg_catalog", "pg_temp"'],
  ['', '"pg_catalog", "pg_temp"'],
])('search_path %s is taken over behind pg_catalog, temporary tables last', ([setting, path]) => {
  expect(behindCatalog(setting ?? '', 'me')).toBe(path)
})

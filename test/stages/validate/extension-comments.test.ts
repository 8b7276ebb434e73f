import { expect, test } from 'vitest'
import { commentsLeftBehind } from '../../../lambdas/stages/validate/extension-comments.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { sessionOf } from './migration.ts'

test('what somebody has said of members of extensions is told by name; what the extension says itself is not', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm')
  const destination = await createDatabase(sharedServer(15), 'CREATE EXTENSION hstore')
  const [here, there] = [await sessionOf(source), await sessionOf(destination)]
  expect(await commentsLeftBehind(here, there)).toEqual([])
  // An extension that is not there is another finding's matter.
  await source.query(
    `COMMENT ON FUNCTION akeys(hstore) IS 'own words'; COMMENT ON FUNCTION similarity(text, text) IS 'own'`,
  )
  expect(await commentsLeftBehind(here, there)).toEqual([
    {
      level: 'warning',
      step: 'Seal',
      code: 'EXTENSION_COMMENTS_LEFT',
      message:
        'comments on members of extensions are not migrated, and are otherwise here: function public.akeys(public.hstore) of hstore',
    },
  ])
  // Followed to the letter.
  await destination.query(`COMMENT ON FUNCTION akeys(hstore) IS 'own words'`)
  expect(await commentsLeftBehind(here, there)).toEqual([])
  await Promise.all([here.close(), there.close()])
})

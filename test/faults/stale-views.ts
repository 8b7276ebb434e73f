import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Login } from '../support/run.ts'
import { ask } from './ask.ts'
import { SOURCE_DATABASE } from './servers.ts'

/**
 * A run fills materialized views by what their tables hold then, where the source’s hold what theirs held when they were filled. So that
 * the judges compare the same, the source’s are filled once more.
 * @returns those that held another number of rows before, and that the run’s report does not name
 */
export async function fillStaleViews(source: Login, out: string): Promise<readonly string[]> {
  const views = await ask(
    source,
    SOURCE_DATABASE,
    `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid`,
  )
  const count = async (name: string) => (await ask(source, SOURCE_DATABASE, `SELECT count(*) AS n FROM ${name}`))[0]?.n
  const told = await readFile(join(out, 'report.json'), 'utf8').catch(() => '')
  const untold: string[] = []
  for (const { name } of views) {
    if (name === null || name === undefined) continue
    const before = await count(name)
    await ask(source, SOURCE_DATABASE, `REFRESH MATERIALIZED VIEW ${name}`)
    if ((await count(name)) !== before && !told.includes('MATERIALIZED_VIEW_DIFFERS'))
      untold.push(`the report does not say that ${name} has other rows than the source’s`)
  }
  return untold
}

import { AWS_EXTENSIONS } from '../../../core/task/aws-names.ts'
import type { CheckContext } from '../context.ts'

export interface SourceExtension {
  readonly name: string
  readonly version: string
  readonly schema: string
}

export interface OfferedExtension {
  readonly name: string
  readonly defaultVersion: string
  /** In the database looked at; `null` where CREATE EXTENSION is still to come. */
  readonly installedVersion: string | null
}

/** The extensions of the source database that the task does not exclude, in the order of their names. */
export async function allExtensions(context: CheckContext): Promise<readonly SourceExtension[]> {
  const extensions = await context.source.rows<SourceExtension>(
    `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
       FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace ORDER BY e.extname`,
  )
  const { selection } = context
  return extensions.filter(({ name }) => !selection.excludesObject({ kind: 'EXTENSION', names: [name], schema: null }))
}

/** Those the destination needs: not the procedural language every database has, and not Amazon’s own. */
export async function neededExtensions(context: CheckContext): Promise<readonly SourceExtension[]> {
  const extensions = await context.fact(allExtensions)
  return extensions.filter(({ name }) => name !== 'plpgsql' && !AWS_EXTENSIONS.has(name))
}

/** What the destination’s server offers. */
export async function offeredExtensions(context: CheckContext): Promise<ReadonlyMap<string, OfferedExtension>> {
  const rows = await context.destinationServer.rows<OfferedExtension>(`
    SELECT name, default_version AS "defaultVersion", installed_version AS "installedVersion"
      FROM pg_catalog.pg_available_extensions`)
  return new Map(rows.map((row) => [row.name, row]))
}

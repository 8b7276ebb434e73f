import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import { viewBodies } from '../../../core/task/select/selectable.ts'
import type { TocEntry } from '../toc/entry.ts'
import { defaultsTaken } from './defaults-taken.ts'
import { extensionDataEntries } from './extension-data.ts'
import type { SourceFacts } from './facts.ts'
import { clonesBehind } from './keys/clones-apart.ts'
import { bookkeeping } from './kinds.ts'
import { largeObjectEntries } from './large-object-remarks.ts'
import { refreshSql } from './refresh.ts'
import { rightsAlong } from './rights/rights-along.ts'

/**
 * The archive's entries as objects to migrate: pg_dump's own settings go; dependencies that it leaves unsaid are added; a
 * schema-only archive has no refresh of materialized views, so each that is filled on the source gets one, and nothing of
 * large objects, so what is said about them is read beside it; nor of rows of extensions; nor, at times, of defaults not inherited; nor of
 * rights on what a type or a table brings along.
 */
export function completeEntries(archived: readonly TocEntry[], facts: SourceFacts): TocEntry[] {
  const kept = archived.filter((entry) => !bookkeeping.has(entry.kind) && !isOnDatabase(entry))
  const ids = new Set(kept.map(({ id }) => id))
  const servers = kept.filter(({ kind }) => kind === 'SERVER')
  const linked = kept.map((entry) => {
    const dependencies = [...new Set(entry.dependencies)].filter((id) => ids.has(id))
    if (entry.kind === 'USER MAPPING') {
      const server = servers.find(({ tag }) => entry.tag.endsWith(` SERVER ${tag}`))
      return { ...entry, dependencies: server ? [server.id] : dependencies }
    }
    return { ...entry, dependencies }
  })
  const entries = clonesBehind(linked, facts.clonesApart)
  const complete = [...entries, ...refreshes(entries, facts)]
  const firstId = Math.max(0, ...complete.map(({ id }) => id)) + 1
  const large = largeObjectEntries(facts.largeObjectRemarks, firstId)
  const data = extensionDataEntries(facts.configuration, complete, firstId + large.length)
  const defaults = defaultsTaken(entries, facts.defaultsTaken, firstId + large.length + data.length)
  const along = rightsAlong(entries, facts.rights, firstId + large.length + data.length + defaults.length)
  return [...complete, ...large, ...data, ...defaults, ...along]
}

/** What pg_dump says of the database names it as the source does: it is read beside it, and written for the destination's name. */
function isOnDatabase({ kind, tag }: TocEntry): boolean {
  return (kind === 'COMMENT' || kind === 'ACL') && tag.startsWith('DATABASE ')
}

function refreshes(entries: readonly TocEntry[], facts: SourceFacts): TocEntry[] {
  const views = entries.filter(
    ({ kind, oid }) => kind === 'MATERIALIZED VIEW' && facts.materializedViews.get(oid)?.populated,
  )
  const first = Math.max(0, ...entries.map(({ id }) => id)) + 1
  const refreshOf = new Map(views.map((view, index) => [view.id, first + index]))
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const bodies = viewBodies(entries)
  return views.map((view) => {
    const name = quoteQualified(view.schema ?? 'public', view.tag)
    return {
      ...view,
      id: refreshOf.get(view.id) ?? 0,
      catalogOid: 0,
      kind: 'MATERIALIZED VIEW DATA',
      tablespace: '',
      section: 'post-data',
      sql: refreshSql(name, facts.settings),
      dropSql: '',
      dependencies: [view.id, ...sourcesOf(view, byId, bodies, refreshOf)],
    } satisfies TocEntry
  })
}

/** What must be filled or complete before a view is refreshed: other refreshes, and bodies of views, however far below. */
function sourcesOf(
  view: TocEntry,
  byId: ReadonlyMap<number, TocEntry>,
  bodies: ReadonlyMap<number, number>,
  refreshOf: ReadonlyMap<number, number>,
): number[] {
  const found = new Set<number>()
  const seen = new Set<number>([view.id])
  const open = [...view.dependencies]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const refresh = refreshOf.get(id)
    if (refresh !== undefined) found.add(refresh)
    const body = bodies.get(id)
    if (body !== undefined) {
      found.add(body)
      open.push(...(byId.get(body)?.dependencies ?? []))
    }
    open.push(...(byId.get(id)?.dependencies ?? []))
  }
  return [...found]
}

import type { KnownObject } from '../../../../core/ledger/objects/known.ts'
import { remarkKinds } from '../../../../core/task/select/selectable.ts'

/** May be the user's own, made before the run, or hold what is. */
const standing: ReadonlySet<string> = new Set(['SCHEMA', 'EXTENSION'])

/**
 * What has to go from the destination so that what has changed on the source can be made anew: the changed objects, and
 * whatever made of this run stands on them; in the order in which it can go. Pure.
 */
export function unmaking(known: readonly KnownObject[], changed: readonly number[]): readonly KnownObject[] {
  const byId = new Map(known.map((object) => [object.id, object]))
  const made = known.filter((object) => object.made)
  const going = new Map<number, KnownObject>()
  const add = (id: number | undefined) => {
    const object = id === undefined ? undefined : byId.get(id)
    if (object?.made) going.set(object.id, object)
  }
  for (const id of changed) {
    add(id)
    const object = byId.get(id)
    if (object?.made && object.dropSql === '' && !object.kept) add(bearerOf(object, byId))
  }
  for (let before = -1; before < going.size; ) {
    before = going.size
    for (const object of made) {
      if (object.dependencies.some((id) => going.has(id))) going.set(object.id, object)
    }
    for (const object of [...going.values()]) for (const id of takenAlong(object, byId, going)) add(id)
  }
  return inDropOrder([...going.values()], byId)
}

/** Last made, first dropped; only an index that is attached to another one goes behind that one, and with it: alone it may not. */
function inDropOrder(going: readonly KnownObject[], byId: ReadonlyMap<number, KnownObject>): readonly KnownObject[] {
  const parents = new Map<number, KnownObject>()
  for (const attach of going.filter(({ kind }) => kind === 'INDEX ATTACH')) {
    const indexes = attach.dependencies.flatMap((id) => byId.get(id) ?? []).filter(({ kind }) => indexKinds.has(kind))
    const isPart = (index: KnownObject) => index.schema === attach.schema && isCalled(index, attach.name)
    const [part, parent] = [indexes.find(isPart), indexes.find((index) => !isPart(index))]
    if (part !== undefined && parent !== undefined) parents.set(part.id, parent)
  }
  const place = (object: KnownObject, depth = 0): readonly [position: number, depth: number] => {
    const parent = parents.get(object.id)
    return parent === undefined ? [object.position, depth] : place(parent, depth + 1)
  }
  return going
    .map((object) => ({ object, place: place(object) }))
    .sort((a, b) => b.place[0] - a.place[0] || a.place[1] - b.place[1])
    .map(({ object }) => object)
}

const indexKinds: ReadonlySet<string> = new Set(['INDEX', 'CONSTRAINT'])

/** The tag of a constraint is its table's name and its own. */
function isCalled({ kind, name }: KnownObject, index: string): boolean {
  return kind === 'INDEX' ? name === index : name.endsWith(` ${index}`)
}

/** What has no statement to take it back goes with what it is said of, where that may go; what fills a view is only done again. */
function bearerOf(object: KnownObject, byId: ReadonlyMap<number, KnownObject>): number | undefined {
  if (object.kind === 'MATERIALIZED VIEW DATA') return undefined
  return object.dependencies.find((id) => {
    const needed = byId.get(id)
    return needed !== undefined && !standing.has(needed.kind) && !remarkKinds.has(needed.kind)
  })
}

/** A partition goes with its parent, an index with those it is attached to or that are attached to it, a sequence with its owner. */
function takenAlong(
  { kind, dependencies }: KnownObject,
  byId: ReadonlyMap<number, KnownObject>,
  going: ReadonlyMap<number, KnownObject>,
): readonly number[] {
  if (kind === 'INDEX ATTACH') return dependencies
  const [part, parent] = dependencies
  if (kind === 'TABLE ATTACH') return part !== undefined && parent !== undefined && going.has(parent) ? [part] : []
  if (kind === 'SEQUENCE OWNED BY') return dependencies.filter((id) => byId.get(id)?.kind === 'SEQUENCE')
  return []
}

/** The statement that drops an object, also where the server has dropped it with another one. */
export function dropIfThere({ kind, dropSql }: Pick<KnownObject, 'kind' | 'dropSql'>): string {
  const plain = `DROP ${kind} `
  if (dropSql.startsWith(plain)) return dropSql.replace(plain, `${plain}IF EXISTS `)
  return dropSql
    .replace(/^ALTER TABLE (?!IF EXISTS)/, 'ALTER TABLE IF EXISTS ')
    .replace(/ DROP CONSTRAINT (?!IF EXISTS)/, ' DROP CONSTRAINT IF EXISTS ')
}

import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { PG_DATABASE, PG_LARGEOBJECT } from '../toc/catalogue-oids.ts'

/** What is said of these comes by the driver, which has U+FFFD in place of such bytes; the archive keeps them apart. */
const BY_DRIVER: ReadonlySet<number> = new Set([PG_DATABASE, PG_LARGEOBJECT])

/**
 * A database in SQL_ASCII keeps whatever bytes it is given, in names, views, functions, labels and comments as well; rows travel as bytes,
 * statements as text. What is no UTF-8 could only be made as something else.
 * @param rowsAlone nothing is made: only the names of tables are written
 * @param encoding `server_encoding` of the source
 * @throws SampanError `SRC_DEFINITIONS_NOT_UTF8`, before anything is made
 */
export function requireUtf8(objects: readonly PlannedObject[], rowsAlone: boolean, encoding: string | undefined): void {
  const isText = ({ catalogOid }: PlannedObject, text: string) =>
    text.isWellFormed() && !(encoding === 'SQL_ASCII' && BY_DRIVER.has(catalogOid) && text.includes('\uFFFD'))
  const found = objects.filter(
    (object) =>
      object.status === 'pending' &&
      (rowsAlone ? object.kind === 'TABLE' : true) &&
      ![object.schema ?? '', object.name, rowsAlone ? '' : object.sql].every((text) => isText(object, text)),
  )
  if (found.length === 0) return
  const names = found.map((object) => `${object.kind.toLowerCase()} ${objectName(object).toWellFormed()}`)
  throw new SampanError({
    code: 'SRC_DEFINITIONS_NOT_UTF8',
    message: `names or definitions of ${found.length} ${found.length === 1 ? 'object' : 'objects'} have bytes that are no UTF-8: ${listed(names)}`,
    remedy:
      'nothing was made: rename them, or make their definitions anew in UTF-8 on the source; or exclude them ("exclude", by kind and name)',
  })
}

/** What stays behind with such bytes, as the ledger and the report can hold it. */
export function inUtf8(object: PlannedObject): PlannedObject {
  if (object.status === 'pending') return object
  return {
    ...object,
    schema: object.schema?.toWellFormed() ?? null,
    name: object.name.toWellFormed(),
    sql: object.sql.toWellFormed(),
    dropSql: object.dropSql.toWellFormed(),
    reason: object.reason?.toWellFormed() ?? null,
  }
}

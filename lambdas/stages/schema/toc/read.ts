import { ArchiveBytes, brokenArchive } from './bytes.ts'
import type { Archive, Section, TocEntry } from './entry.ts'

const sections: readonly Section[] = ['none', 'pre-data', 'data', 'post-data']

/**
 * Reads the table of contents of a pg_dump archive (`-Fc`), versions 1.14 (pg_dump 12) to 1.16 (pg_dump 16 and later).
 * The layout is ReadHead and ReadToc of PostgreSQL's pg_backup_archiver.c.
 * @throws SampanError `ARCHIVE_UNREADABLE`
 */
export function readArchive(bytes: Uint8Array): Archive {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 5)) !== 'PGDMP')
    throw brokenArchive('it is no custom-format archive')
  const input = new ArchiveBytes(bytes)
  input.skip(5)
  const [major, minor] = [input.byte(), input.byte(), input.byte()]
  if (major !== 1 || minor === undefined || minor < 14 || minor > 16) {
    throw brokenArchive(`its version is ${major}.${minor}, and 1.14 to 1.16 are known`)
  }
  input.intSize = input.byte()
  const offsetSize = input.byte()
  const format = input.byte()
  if (format !== 1) throw brokenArchive('it is not in the custom format')
  if (minor >= 15) input.skip(1)
  else input.int()
  for (let dateField = 0; dateField < 7; dateField += 1) input.int()
  const database = input.string() ?? ''
  const serverVersion = input.string() ?? ''
  const dumpVersion = input.string() ?? ''
  const count = input.int()
  const entries = Array.from({ length: count }, () => readEntry(input, minor, offsetSize))
  return { version: `${major}.${minor}`, database, serverVersion, dumpVersion, entries }
}

function readEntry(input: ArchiveBytes, minor: number, offsetSize: number): TocEntry {
  const id = input.int()
  const hasData = input.int() !== 0
  const catalogOid = Number(input.string() ?? 0)
  const oid = Number(input.string() ?? 0)
  const tag = input.string() ?? ''
  const kind = input.string() ?? ''
  const section = sections[input.int() - 1]
  if (section === undefined) throw brokenArchive(`entry ${id} is in an unknown section`)
  const sql = input.string() ?? ''
  const dropSql = input.string() ?? ''
  input.string() // the COPY statement: rows have their own way
  const schema = input.string() || null
  const tablespace = input.string() ?? ''
  const accessMethod = input.string()
  const relationKind = minor >= 16 ? String.fromCharCode(input.int() || 32).trim() || null : null
  const owner = input.string() ?? ''
  input.string() // WITH OIDS, always "false" since PostgreSQL 12
  const dependencies: number[] = []
  for (let text = input.string(); text !== null; text = input.string()) dependencies.push(Number(text))
  input.skip(1 + offsetSize)
  return {
    id,
    catalogOid,
    oid,
    kind,
    tag,
    section,
    sql,
    dropSql,
    schema,
    owner,
    tablespace,
    accessMethod,
    relationKind,
    hasData,
    dependencies,
  }
}

import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { SampanError } from '../runtime/errors.ts'
import { readPrivately, removePrivately, writePrivately } from '../runtime/private-files.ts'
import { checkedKey } from './artefact-key.ts'
import type { ArtefactStore } from './artefact-store.ts'

/** Who writes a document that may have changed waits for who does so already: one process has a directory to itself. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Documents that the disk did not take, by path. The rest of this process reads them all the same: the summary on the screen is
 * made of the report.
 */
const untaken = new Map<string, string>()

/** Documents as files under one directory. */
export function fileArtefacts(directory: string): ArtefactStore {
  const pathOf = (key: string) => join(directory, ...checkedKey(key).split('/'))
  const read = async (key: string) => untaken.get(pathOf(key)) ?? readPrivately(directory, pathOf(key))
  const writeWhole = async (path: string, text: string) => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await writePrivately(directory, path, text)
  }
  return {
    read,
    async write(key, text) {
      const path = pathOf(key)
      untaken.set(path, text)
      try {
        await writeWhole(path, text)
        untaken.delete(path)
      } catch (error) {
        // A link or a pipe in its place is refused, not made up for.
        if (!(error instanceof SampanError && /^DISK_/.test(error.code))) untaken.delete(path)
        throw error
      }
    },

    async writeParts(key, parts) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await writePrivately(directory, pathOf(key), parts)
    },

    async readVersion(key) {
      const text = await read(key)
      return text === null ? null : { text, version: versionOf(text) }
    },

    async writeIf(key, text, _contentType, version) {
      const path = pathOf(key)
      const turn = (turns.get(path) ?? Promise.resolve()).then(async () => {
        const found = await read(key)
        if ((found === null ? null : versionOf(found)) !== version) return null
        await writeWhole(path, text)
        return versionOf(text)
      })
      turns.set(
        path,
        turn.catch(() => undefined),
      )
      return turn
    },

    async remove(key) {
      untaken.delete(pathOf(key))
      await removePrivately(directory, pathOf(key))
    },

    async list(prefix) {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(nullIfMissing)
      return (entries ?? [])
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
        .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((key) => key.startsWith(prefix))
        .sort()
    },
  }
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { checkedKey } from './artefact-key.ts'
import type { ArtefactStore } from './artefact-store.ts'

/** Documents as files under one directory. */
export function fileArtefacts(directory: string): ArtefactStore {
  const pathOf = (key: string) => join(directory, ...checkedKey(key).split('/'))
  return {
    async read(key) {
      return readFile(pathOf(key), 'utf8').catch(nullIfMissing)
    },

    async write(key, text) {
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      // Written beside and renamed: a crash leaves the old document, not half of the new one.
      const beside = `${path}.${randomUUID()}.tmp`
      try {
        await writeFile(beside, text, { flush: true })
        await rename(beside, path)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      }
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

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

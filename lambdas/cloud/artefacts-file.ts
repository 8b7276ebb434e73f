import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { checkedKey } from './artefact-key.ts'
import type { ArtefactStore } from './artefact-store.ts'

/** Who writes a document that may have changed waits for who does so already: one process has a directory to itself. */
const turns = new Map<string, Promise<unknown>>()

/** Documents as files under one directory. */
export function fileArtefacts(directory: string): ArtefactStore {
  const pathOf = (key: string) => join(directory, ...checkedKey(key).split('/'))
  const read = async (key: string) => readFile(pathOf(key), 'utf8').catch(nullIfMissing)
  return {
    read,
    write: async (key, text) => writeWhole(pathOf(key), text),

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

    remove: async (key) => rm(pathOf(key), { force: true }),

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

async function writeWhole(path: string, text: string): Promise<void> {
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
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

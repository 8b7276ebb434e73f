import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Files that a bundle of a handler needs beside it: the worker, bundled from `entry` as ESM, and the wasm as it is. */
export const bundledFiles = {
  worker: { entry: fileURLToPath(new URL('./worker.ts', import.meta.url)), name: 'pg-dump-worker.mjs' },
  wasm: { entry: fileURLToPath(new URL('./vendor/pg_dump.wasm', import.meta.url)), name: 'pg_dump.wasm' },
} as const

/** Where the worker and the wasm are: beside the bundled handler in Lambda, in the source tree elsewhere. */
export function locatePgDump(base: string = import.meta.url): { readonly worker: URL; readonly wasm: string } {
  const bundled = new URL(`./${bundledFiles.worker.name}`, base)
  if (existsSync(bundled)) return { worker: bundled, wasm: fileURLToPath(new URL(`./${bundledFiles.wasm.name}`, base)) }
  return {
    worker: new URL('./worker.ts', base),
    wasm: fileURLToPath(new URL('./vendor/pg_dump.wasm', base)),
  }
}

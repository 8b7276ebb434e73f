import { SampanError } from '../runtime/errors.ts'

/** Where a document of one execution is kept, e.g. `runs/orders/7f3a/access.json`. */
export function artefactKey(run: { readonly id: string; readonly execution: string }, name: string): string {
  return `runs/${run.id}/${run.execution}/${name}`
}

/** A key that stays inside its store. */
export function checkedKey(key: string): string {
  const parts = key.split('/')
  if (key === '' || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new SampanError({
      code: 'ARTEFACT_KEY_INVALID',
      message: `"${key}" is no key of a document`,
      remedy: 'use names without "..", separated by single slashes',
    })
  }
  return key
}

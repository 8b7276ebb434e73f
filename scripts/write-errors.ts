/**
 * Writes cli/errors/catalogue.json, what `sampan explain` shows, and docs/errors.md. Run it after a code was added or reworded;
 * it stops where a code has no cause or remedy that it can read: scripts/errors/words.ts is for those.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildCatalogue } from './errors/build.ts'
import { describeErrors } from './errors/page.ts'
import { scanSources } from './errors/scan.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const catalogue = buildCatalogue(scanSources(root))
writeFileSync(`${root}/cli/errors/catalogue.json`, `${JSON.stringify(catalogue, null, 1)}\n`)
writeFileSync(`${root}/docs/errors.md`, describeErrors(catalogue))

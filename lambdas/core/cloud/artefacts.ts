import { fileURLToPath } from 'node:url'
import { SampanError } from '../runtime/errors.ts'
import type { ArtefactStore } from './artefact-store.ts'
import { fileArtefacts } from './artefacts-file.ts'
import { s3Artefacts } from './artefacts-s3.ts'
import type { CloudEnvironment } from './environment.ts'

export { artefactKey } from './artefact-key.ts'
export type { ArtefactStore } from './artefact-store.ts'

/**
 * The store named by `SAMPAN_ARTEFACTS`: `file:///directory` or `s3://bucket/prefix`.
 * @throws SampanError `ARTEFACTS_NOT_SET`
 */
export function artefacts(environment: CloudEnvironment): ArtefactStore {
  const location = environment.SAMPAN_ARTEFACTS ?? ''
  if (location.startsWith('file://')) return fileArtefacts(fileURLToPath(location))
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location)
  if (s3) return s3Artefacts(environment, s3[1] ?? '', (s3[2] ?? '').replace(/\/+$/, ''))
  throw new SampanError({
    code: 'ARTEFACTS_NOT_SET',
    message: 'no place for the run’s documents is given',
    remedy: 'set SAMPAN_ARTEFACTS to file:///directory or s3://bucket/prefix',
  })
}

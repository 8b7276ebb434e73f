import { SampanError } from '../runtime/errors.ts'

/** @param why the source keeps no changes for the run any more */
export function streamClosed(why: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_STREAM_CLOSED',
    message: `the source does not keep its changes for this run any more: ${why}`,
    remedy: 'what was changed since is not to be had: empty the destination database and begin a new run',
  })
}

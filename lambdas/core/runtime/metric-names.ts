/**
 * The custom metrics, written by handlers in the embedded metric format into the namespace that the environment names
 * (`POWERTOOLS_METRICS_NAMESPACE`, the name of the stack), with the dimension `run`, those of lanes with `lane` too. The
 * dashboard finds them by name, whatever other dimensions they have.
 */
export const METRICS = {
  /** Rows whose receipts were committed since the last time. */
  rowsCopied: 'RowsCopied',
  /** Bytes of rows whose receipts were committed since the last time. */
  bytesCopied: 'BytesCopied',
  /** Chunks without a receipt. */
  chunksLeft: 'ChunksLeft',
  /** Seconds since the lane's last receipt; dimensions `run` and `lane`. */
  laneLag: 'LaneLag',
  /** Executions of this stack that have something open, by the latest sweep. */
  rulesOpen: 'RulesOpen',
  /** Made from the log by the stack: runs that came to their end without objects that failed. */
  runsIncomplete: 'RunsIncomplete',
  /** Made from the log by the stack: runs that the precheck refused. */
  runsRefused: 'RunsRefused',
  /** Made from the log by the stack: steps that answered `retry`. */
  retries: 'Retries',
  /** Made from the log by the stack: steps that answered `failed`. */
  failedSteps: 'FailedSteps',
  /** Made from the log by the stack: steps that answered `retry` with half of their window or more used up. */
  retriesLate: 'RetriesLate',
  /** Made from the log by the stack: `bytesCopied` of all runs together; there is none where no lane is at work. */
  bytesOfAll: 'BytesOfAll',
} as const

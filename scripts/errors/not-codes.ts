/** Literals of the sources that look like codes of Sampan and are none. */
export const NOT_CODES: readonly RegExp[] = [
  /** Environment variables. */
  /^(AWS|ALIBABA_CLOUD|SAMPAN|PG)_[A-Z_]+$/,
  /** Of Node.js and OpenSSL. */
  /^(EAI_AGAIN|ERR_[A-Z_]+|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
  /** Words of PostgreSQL. */
  /^(SQL_ASCII|ICU_LOCALE|BUILTIN_LOCALE|IDENTIFY_SYSTEM)$/,
]

/** Told to the log alone, as the measure of the source that `throttle.automatic` goes by is lost or found again. */
export const LOG_ONLY: readonly string[] = ['SOURCE_LATENCY_UNKNOWN', 'SOURCE_CPU_UNKNOWN']

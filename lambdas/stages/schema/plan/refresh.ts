import { quoteLiteral } from '../../../core/postgres/identifiers.ts'

/** A setting as sessions of the source's database begin with it. */
export interface DefaultSetting {
  readonly name: string
  readonly value: string
}

/**
 * Fills a materialized view as a session of the source would: the day of a timestamp, the text of a float or the words of a
 * document follow settings, and those of our own sessions are pinned to what copying needs. They end with the transaction.
 * @param name as SQL writes it
 */
export function refreshSql(name: string, settings: readonly DefaultSetting[]): string {
  return `${settings.map(setSql).join('')}REFRESH MATERIALIZED VIEW ${name};\nANALYZE ${name};\n`
}

function setSql({ name, value }: DefaultSetting): string {
  const set = `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`
  if (name !== 'default_text_search_config') return `${set};\n`
  // A configuration of the user's may have been left behind; then the destination's own stays.
  return `${set} FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
 WHERE pg_catalog.format('%I.%I', n.nspname, c.cfgname) = ${quoteLiteral(value)};\n`
}

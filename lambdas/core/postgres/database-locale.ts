/** How a database orders text. */
export interface DatabaseLocale {
  readonly collate: string
  readonly ctype: string
  /** c (libc), i (ICU) or b (built in); always c before 15. */
  readonly provider: string
  /** The locale of a provider other than libc. */
  readonly locale: string | null
  /** Rules that ICU's order is tailored by (16 and later). */
  readonly rules: string | null
}

/** ICU for whole databases came with 15, its rules with 16, the provider that is built in with 17. */
const SINCE: Readonly<Record<string, number>> = { c: 0, i: 150_000, b: 170_000 }
const RULES_SINCE = 160_000

/** What becomes of a locale where a database is made by libc, which is what its `collate` and `ctype` say. */
export function byLibc<Form extends DatabaseLocale>(form: Form): Form {
  return { ...form, provider: 'c', locale: null, rules: null }
}

/** What a server of this version makes of a locale. */
export function localeMadeBy<Form extends DatabaseLocale>(form: Form, serverVersion: number): Form {
  const since = SINCE[form.provider]
  if (since === undefined || serverVersion < since) return byLibc(form)
  return serverVersion < RULES_SINCE ? { ...form, rules: null } : form
}

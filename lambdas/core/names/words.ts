/** Schemas whose names the server or the ledger has. */
export function isReserved(schema: string): boolean {
  return /^(pg_|information_schema$|sampan$)/.test(schema)
}

/** `shop.orders`, for people. */
export function shown({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

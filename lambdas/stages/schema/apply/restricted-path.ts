/** From this version on the server builds indexes and fills materialized views under its own schema alone, whatever the session has set. */
export const RESTRICTED = 170_000

/** Names that are not found: function, type or operator, relation, column, schema. */
export const NOT_FOUND = /^(42883|42704|42P01|42703|3F000)$/

/** What helps where an object fails for that. */
export const BUILT_WITHOUT_PATH =
  'built under pg_catalog alone from 17 on: give its functions their path, ALTER FUNCTION … SET search_path, on both ends'

import { isNamedBy } from '../../../../core/filter/filtered.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'
import type { KeyChoice } from '../../../../core/task/table-options.ts'
import type { TocEntry } from '../../toc/entry.ts'

/**
 * The foreign keys that the task leaves behind, each with its reason. Pure.
 * @throws SampanError `FILTER_MATCHES_NOTHING` where a name is of no foreign key
 */
export function keysLeft(choices: readonly KeyChoice[], entries: readonly TocEntry[]): ReadonlyMap<number, string> {
  const keys = choices.length === 0 ? [] : foreignKeys(entries)
  const found = choices.map((choice) => ({
    choice,
    ids: keys.filter(({ table, name }) => name === choice.key && isNamedBy(choice, table)).map(({ id }) => id),
  }))
  const unknown = found.filter(({ ids }) => ids.length === 0)
  if (unknown.length > 0) {
    const names = unknown.map(({ choice }) => `${choice.key} of ${choice.name}`)
    throw new SampanError({
      code: 'FILTER_MATCHES_NOTHING',
      message: `no foreign key is named by ${names.join(', ')} of "tables"`,
      remedy: 'mend or remove these names in the task; upper and lower case are compared as written',
    })
  }
  const left = found.filter(({ choice }) => choice.choice === 'leave')
  return new Map(left.flatMap(({ ids }) => ids.map((id) => [id, 'the task leaves the key behind'] as const)))
}

interface ForeignKey {
  readonly id: number
  readonly name: string
  readonly table: { readonly schema: string; readonly name: string }
}

/** A tag is of the table's name and the key's. */
function foreignKeys(entries: readonly TocEntry[]): readonly ForeignKey[] {
  const tables = new Map(entries.filter(({ kind }) => kind === 'TABLE').map((entry) => [entry.id, entry]))
  return entries.flatMap(({ id, kind, schema, tag, dependencies }): ForeignKey[] => {
    if (kind !== 'FK CONSTRAINT' || schema === null) return []
    const needed = dependencies.flatMap((dependency) => tables.get(dependency) ?? [])
    const table = needed.find((one) => one.schema === schema && tag.startsWith(`${one.tag} `))
    return table === undefined
      ? []
      : [{ id, name: tag.slice(table.tag.length + 1), table: { schema, name: table.tag } }]
  })
}

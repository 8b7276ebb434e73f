import { readColumnOrder } from '../../../core/postgres/column-order.ts'
import { type Check, count, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { isChosen } from '../facts/relations.ts'
import { shownName } from '../facts/sql.ts'

function columnOrder({ source }: CheckContext) {
  return readColumnOrder(source)
}

/** A row's text is its values in order: a child that has them in another order reads each as another column. */
export const rowTypeOrder: Check = {
  code: 'ROW_TYPE_ORDER',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'no chosen column holds rows of a table whose columns come in another order',
  cause:
    'columns hold rows of inherited tables whose columns the destination has in another order: values would be swapped',
  remedy:
    'exclude the tables that hold them; or rebuild the child on the source so that its inherited columns come first',
  async run(context) {
    const [{ reordered, holders }, chosen] = await Promise.all([context.fact(columnOrder), context.fact(isChosen)])
    return findingOf(
      holders
        .filter(({ schema, name }) => chosen(schema, name))
        .map(({ schema, name, column, child }) => {
          const table = reordered.get(child)
          return `${shownName(schema, name, column)}, rows of ${table ? shownName(table.schema, table.name) : child}`
        }),
      (number) => `${count(number, 'column')} of rows whose values would be swapped`,
    )
  },
}

export const columnOrderChanges: Check = {
  code: 'COLUMN_ORDER',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'every chosen table keeps the order of its columns',
  cause:
    'inherited columns come first on the destination: SELECT *, INSERT without names and ROW(…) mean another order',
  remedy:
    'name columns in programs and functions; or rebuild the child on the source so that inherited columns come first',
  async run(context) {
    const [{ reordered }, chosen] = await Promise.all([context.fact(columnOrder), context.fact(isChosen)])
    return findingOf(
      [...reordered.values()]
        .filter(({ schema, name }) => chosen(schema, name))
        .map(
          ({ schema, name, columns }) =>
            `${shownName(schema, name)}: ${columns.map((one) => shownName(one)).join(', ')}`,
        ),
      (number) => `${count(number, 'table')} whose columns come in another order`,
    )
  },
}

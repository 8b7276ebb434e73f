import { type Check, passed } from '../check.ts'
import { destinationLocale, sourceLocale } from '../facts/locale.ts'

export const encodingDiffers: Check = {
  code: 'ENCODING_DIFFERS',
  side: 'both',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'the destination database can hold every character of the source',
  cause: 'the destination database has another encoding and is not UTF8: some characters have no place there',
  remedy: 'create the destination database again with ENCODING UTF8, or with the source’s',
  async run(context) {
    const [from, to] = await Promise.all([context.fact(sourceLocale), context.fact(destinationLocale)])
    if (from.encoding === to.encoding || to.encoding === 'UTF8') return passed
    return [{ cause: `the source is in ${from.encoding}, the destination in ${to.encoding}` }]
  },
}

export const encodingUnknown: Check = {
  code: 'ENCODING_SQL_ASCII',
  side: 'both',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'the encoding of the source’s text is known',
  cause: 'the source is in SQL_ASCII, which means any bytes; those that are not valid in the destination stop the copy',
  remedy: 'create the destination in SQL_ASCII too, or make sure all text is valid UTF-8 and acknowledge this code',
  async run(context) {
    const [from, to] = await Promise.all([context.fact(sourceLocale), context.fact(destinationLocale)])
    if (from.encoding !== 'SQL_ASCII' || to.encoding === 'SQL_ASCII') return passed
    return [{ cause: `the source is in SQL_ASCII, the destination in ${to.encoding}` }]
  },
}

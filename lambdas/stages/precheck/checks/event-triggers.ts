import type { Session } from '../../../core/postgres/connect.ts'
import { type Check, count, type Finding, findingOf, passed } from '../check.ts'
import { notOfExtension, shownName } from '../facts/sql.ts'

export const sourceEventTriggers: Check = {
  code: 'EVENT_TRIGGERS',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'the source has no event triggers',
  cause: 'event triggers are created last, so that they do not fire during the migration',
  remedy: 'nothing to do',
  async run({ source, selection }) {
    if (!selection.everything) return passed
    const isChosen = (name: string) => !selection.excludesObject({ kind: 'EVENT TRIGGER', names: [name], schema: null })
    return eventTriggers(source, 'event trigger', isChosen)
  },
}

export const destinationEventTriggers: Check = {
  code: 'DST_EVENT_TRIGGERS',
  side: 'destination',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['destinationDatabase'],
  title: 'the destination has no event triggers of its own',
  cause: 'event triggers of the destination fire at every object the migration creates',
  remedy: 'disable them for the migration if they stand in its way (ALTER EVENT TRIGGER … DISABLE)',
  run: ({ destination }) => eventTriggers(destination, 'enabled event trigger'),
}

async function eventTriggers(
  session: Session,
  noun: string,
  isChosen: (name: string) => boolean = () => true,
): Promise<readonly Finding[]> {
  const rows = await session.rows<{ name: string }>(`
    SELECT e.evtname AS name FROM pg_catalog.pg_event_trigger AS e
     WHERE e.evtenabled <> 'D' AND ${notOfExtension('pg_event_trigger', 'e.oid')} ORDER BY 1`)
  return findingOf(
    rows.filter(({ name }) => isChosen(name)).map((row) => shownName(row.name)),
    (number) => count(number, noun),
  )
}

import { type Check, count, findingOf } from '../check.ts'
import { foreseenPlan } from '../facts/foreseen-plan.ts'
import { choice } from '../facts/relations.ts'

/** PlanObjects says the same, before anything is written: where the precheck could not ask, or something has changed. */
export const chosenCannotCome: Check = {
  code: 'CHOSEN_CANNOT_COME',
  side: 'source',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'what is chosen can come: nothing that it needs is left out',
  cause: 'something that the task chooses needs something that is excluded, or that the destination cannot have',
  remedy: 'choose what it needs too, exclude it as well, or acknowledge this code: it is left out, with its rows',
  async run(context) {
    // A task that goes on without objects that fail is told by its report.
    const goesOn = context.event.task.onObjectError === 'continue'
    const [{ inVain }, { blocked }] = await Promise.all([
      context.fact(choice),
      goesOn ? { blocked: [] } : context.fact(foreseenPlan),
    ])
    return findingOf(
      [
        ...inVain.map(({ name, needs }) => `${name} needs ${needs}, which is excluded`),
        ...blocked.map(({ name, needs, reason }) => `${name} needs ${needs}: ${reason}`),
      ],
      (number) => `${count(number, 'chosen object')} cannot come without what is left out`,
    )
  },
}

import { type Check, count, findingOf } from '../check.ts'
import { choice } from '../facts/relations.ts'

/** PlanObjects says the same of everything else that it finds cannot be made, before anything is written. */
export const chosenCannotCome: Check = {
  code: 'CHOSEN_CANNOT_COME',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'what is chosen can come: nothing that it needs is left out',
  cause: 'something that the task chooses needs something that is excluded, or that the destination cannot have',
  remedy: 'choose what it needs too, exclude it as well, or acknowledge this code: it is left out, with its rows',
  async run(context) {
    const { inVain } = await context.fact(choice)
    return findingOf(
      inVain.map(({ name, needs }) => `${name} needs ${needs}, which is excluded`),
      (number) => `${count(number, 'chosen object')} cannot come without what is excluded`,
    )
  },
}

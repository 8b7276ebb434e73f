import type { z } from 'zod'

/** A list that names nothing twice. */
export const distinct = <Item extends z.ZodType>(list: z.ZodArray<Item>) =>
  list.superRefine((items, context) => {
    for (const [index, item] of items.entries())
      if (items.indexOf(item) < index)
        context.addIssue({ code: 'custom', path: [index], message: `is there twice: ${String(item)}` })
  })

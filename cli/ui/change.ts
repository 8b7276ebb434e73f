import { z } from 'zod'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { parseJson } from '../../lambdas/core/runtime/parse-json.ts'
import type { LimitsChange } from '../../lambdas/stages/copy/pace/change-run.ts'

const number = z.string().transform(Number).pipe(z.number().positive())
const amount = z.union([z.literal('none').transform(() => null), number])

/** What the page's form sends: the words of `sampan limits`. */
const formSchema = z.strictObject({
  lanes: z.union([z.literal('auto'), number.pipe(z.int().max(64))]).optional(),
  megabytesPerSecond: amount.optional(),
  rowsPerSecond: amount.optional(),
  queriesPerSecond: amount.optional(),
  paused: z.enum(['true', 'false']).optional(),
})

/** Pure. @throws SampanError PAGE_REQUEST_WRONG */
export function readChange(text: string): LimitsChange {
  const { success, data, error } = formSchema.safeParse(parseJson(text))
  if (!success) throw wrong(error.issues[0]?.path.join('.') || 'the request')
  const { lanes, megabytesPerSecond: megabytes, rowsPerSecond, queriesPerSecond, paused } = data
  if (Object.keys(data).length === 0) throw wrong('every field')
  return {
    ...(lanes === undefined ? {} : { lanes }),
    ...(megabytes === undefined ? {} : { bytesPerSecond: megabytes === null ? null : megabytes * 1_000_000 }),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond }),
    ...(queriesPerSecond === undefined ? {} : { queriesPerSecond }),
    ...(paused === undefined ? {} : { paused: paused === 'true' }),
  }
}

function wrong(what: string): SampanError {
  return new SampanError({
    code: 'PAGE_REQUEST_WRONG',
    message: `${what} is empty or not a number above 0`,
    remedy: 'give lanes as a whole number up to 64 or auto, the others as a number above 0, or none to lift the limit',
  })
}

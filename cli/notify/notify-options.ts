import { type Command, InvalidArgumentError } from 'commander'
import { numberOf } from '../../lambdas/core/present/units.ts'
import { errorText } from '../problem-text.ts'
import { DEFAULT_ALERT_LIMITS } from './alerts.ts'
import { Notifier } from './notifier.ts'
import type { Notify } from './notifying.ts'
import { toTarget } from './target.ts'

export interface NotifyOptions {
  readonly notify?: readonly string[]
  readonly notifyStill?: number
  readonly notifyOpen?: number
}

/** Adds the options that say whom a run tells while nobody looks. */
export function withNotifyOptions(command: Command): Command {
  const { stillMinutes, openHours } = DEFAULT_ALERT_LIMITS
  return command
    .option(
      '--notify <target>',
      'whom to tell of failures, stand-stills, long retries, warnings to acknowledge: a command that gets JSON on standard input, a webhook ' +
        'https://…, or env:NAME of a variable that holds one; may be given again',
      (given: string, before: readonly string[] = []) => [...before, given],
    )
    .option('--notify-still <minutes>', `told when nothing has moved for so long. Default: ${stillMinutes}`, toAmount)
    .option('--notify-open <hours>', `told when rules have been open for so long. Default: ${openHours}`, toAmount)
}

/** @returns `null` where nobody is to be told. @throws SampanError those of toTarget */
export function toNotify({ notify, notifyStill, notifyOpen }: NotifyOptions): Notify | null {
  if (notify === undefined) return null
  return {
    notifier: new Notifier(notify.map((given) => toTarget(given, process.env))),
    limits: {
      stillMinutes: notifyStill ?? DEFAULT_ALERT_LIMITS.stillMinutes,
      openHours: notifyOpen ?? DEFAULT_ALERT_LIMITS.openHours,
    },
  }
}

/** Waits for what is still on its way, ten seconds at most, and says what did not arrive. It changes nothing in how the run ended. */
export async function endNotify(notify: Notify | null): Promise<void> {
  for (const { target, messages, why } of (await notify?.notifier.end()) ?? []) {
    const error = {
      code: 'NOTIFY_FAILED',
      message: `${target} did not take ${numberOf(messages, 'alert')}: it ${why}`,
      remedy: 'the run is as it says above; try the target with a JSON document of your own before the next run',
    }
    process.stderr.write(`${errorText(error)}\n`)
  }
}

function toAmount(text: string): number {
  const number = Number(text)
  if (!(number > 0) || !Number.isFinite(number)) throw new InvalidArgumentError('give a number above 0')
  return number
}

import type { RunIdentity } from '../../lambdas/core/runtime/event.ts'
import type { ProgressModel } from '../progress/model.ts'
import { type Alert, toMessage } from './alert.ts'
import { type AlertLimits, Alerts } from './alerts.ts'
import type { Notifier } from './notifier.ts'

/** Whom a run tells, and when. */
export interface Notify {
  readonly notifier: Notifier
  readonly limits: AlertLimits
  /** What moves beside the counts of ledgers: another value when it has moved. */
  readonly moves?: () => unknown
}

/** How often the display's counts are looked at, milliseconds. */
const EVERY = 5_000

/** The alerts of one run, on their way to its notifier. */
export class Notifying {
  readonly alerts: Alerts
  readonly #timer: NodeJS.Timeout

  constructor({ notifier, limits, moves }: Notify, model: ProgressModel, run: RunIdentity) {
    const tell = (alert: Alert) => notifier.tell(toMessage(alert, run, new Date()))
    this.alerts = new Alerts(model, limits, tell, undefined, moves)
    this.#timer = setInterval(() => this.alerts.look(), EVERY)
    this.#timer.unref()
  }

  /** Looks no more; how the run ended may still be told. */
  stop(): void {
    clearInterval(this.#timer)
  }
}

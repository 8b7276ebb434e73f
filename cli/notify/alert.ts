/** Something about a run that somebody should look at who is not looking. Never a row's value, never a secret. */
export interface Alert {
  readonly code: string
  /** One line. */
  readonly message: string
  readonly remedy: string
  /** `null`: the whole run. */
  readonly database: string | null
}

/** What a notifier is given, as JSON. */
export interface AlertMessage extends Alert {
  readonly type: 'alert'
  /** ISO 8601. */
  readonly at: string
  readonly run: string
  readonly execution: string
  /** All of it as people read it: the field that webhooks of chats show (Slack, Mattermost, Google Chat). */
  readonly text: string
}

/** The alert as it is sent. Pure. */
export function toMessage(
  alert: Alert,
  run: { readonly id: string; readonly execution: string },
  at: Date,
): AlertMessage {
  const where = alert.database === null ? run.id : `${run.id}, ${alert.database}`
  return {
    type: 'alert',
    at: at.toISOString(),
    run: run.id,
    execution: run.execution,
    ...alert,
    text: `Sampan ${where}: ${alert.code}: ${alert.message}\nRemedy: ${alert.remedy}`,
  }
}

/** `2026-11-23 12:57:03 UTC`, out of ISO 8601. */
export function timeText(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `12:57:03` */
export function clockText(iso: string): string {
  return timeText(iso).slice(11, 19)
}

/** 180004 → "18.4", 90624 → "9.6.24": `server_version_num` as people write it. */
export function versionText(number: number): string {
  const major = Math.floor(number / 10_000)
  if (major >= 10) return `${major}.${number % 10_000}`
  return `${major}.${Math.floor(number / 100) % 100}.${number % 100}`
}

/** A document as it was written; `null` where it is no JSON, as of a file that somebody has cut off. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Documents of a run (JSON, HTML) that outlive it. Encryption is the bucket's matter. */
export interface ArtefactStore {
  /** The document's text, `null` where there is none. */
  read(key: string): Promise<string | null>
  /** Writes the whole document; a reader sees the old one or the new one, never half of it. */
  write(key: string, text: string, contentType: string): Promise<void>
  /** Keys beginning with the prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>
}

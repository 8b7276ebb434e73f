/** A document, and what tells it from an older or newer one of the same key. */
export interface VersionedText {
  readonly text: string
  readonly version: string
}

/** Documents of a run (JSON, HTML) that outlive it. Encryption is the bucket's matter. */
export interface ArtefactStore {
  /** The document's text, `null` where there is none. */
  read(key: string): Promise<string | null>
  /** Writes the whole document; a reader sees the old one or the new one, never half of it. */
  write(key: string, text: string, contentType: string): Promise<void>
  /** Writes a document of any size, as `write` does, without ever having all of it in memory. */
  writeParts(key: string, parts: AsyncIterable<string>, contentType: string): Promise<void>
  /** The document with what `writeIf` knows it by, `null` where there is none. */
  readVersion(key: string): Promise<VersionedText | null>
  /**
   * Writes the document only where it still is the one that was read: of two writers, one learns that it was second.
   * @param version of `readVersion` or the last `writeIf`; `null` where there was no document
   * @returns the new version, `null` where somebody else has written, or removed it, meanwhile
   */
  writeIf(key: string, text: string, contentType: string, version: string | null): Promise<string | null>
  /** Removes the document; one that is gone does no harm. */
  remove(key: string): Promise<void>
  /** Keys beginning with the prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>
}

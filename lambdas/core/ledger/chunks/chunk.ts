export type ChunkKind = 'whole' | 'tid' | 'key' | 'large_objects'

/** A part of a relation that travels in one transaction. */
export interface Chunk {
  readonly id: number
  /** The relation's oid on the source. */
  readonly relation: number
  readonly kind: ChunkKind
  /** Inclusive; `null`: from the start. A page, an oid, or the JSON array of a key's values. */
  readonly lower: string | null
  /** Exclusive; `null`: to the end. */
  readonly upper: string | null
  /** Only for `key`: the JSON array of its columns. */
  readonly keyColumn: string | null
  /** Estimated, by the share of the relation's size. */
  readonly bytes: number
}

/** A claimed chunk, with what the ledger knows of an earlier copy of it. */
export interface ClaimedChunk extends Chunk {
  /** `done`: it was copied in an older generation of the snapshot and has to be proved or renewed. */
  readonly state: 'pending' | 'done'
  readonly rows: string | null
  readonly digest: string | null
}

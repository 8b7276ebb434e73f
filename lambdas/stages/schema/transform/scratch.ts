import type { Session } from '../../../core/postgres/connect.ts'
import type { Dump } from '../pgdump/dump.ts'

/** A statement that the server did not take. */
export interface Refused {
  /** Which of those that were given, from 0. */
  readonly number: number
  readonly state: string
  readonly message: string
}

/** An empty place on the destination in which objects are made, renamed and dumped, and of which nothing is left. */
export interface Scratch {
  readonly session: Session
  /** Makes one after the other; those that need others which are refused are refused too. */
  make(statements: readonly string[]): Promise<readonly Refused[]>
  dump(): Promise<Dump>
  /** Takes all of it away, so that something can be made anew. */
  empty(): Promise<void>
  /** Called however the plan ends. */
  remove(): Promise<void>
}

/** pg_dump's options for a scratch, in which owners and rights mean nothing. */
export const SCRATCH_DUMP = ['--schema-only', '--no-owner', '--no-privileges'] as const

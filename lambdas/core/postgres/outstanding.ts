import type { Socket } from 'node:net'
import { type Session, socketOf } from './connect.ts'
import { isAsked } from './kept-sessions.ts'

const takenSockets = new WeakMap<Socket, () => boolean>()

/** Whoever takes a session's socket over from the driver says here whether an answer is outstanding; `null` when it is given back. */
export function takeQuestions(socket: Socket, asked: (() => boolean) | null): void {
  if (asked === null) takenSockets.delete(socket)
  else takenSockets.set(socket, asked)
}

/** Whether the session waits for an answer of its server. */
export function isAnswerOutstanding({ client }: Session): boolean {
  return takenSockets.get(socketOf(client))?.() ?? isAsked(client)
}

/** Changes with every byte that has come, and with every byte that the network has taken. */
export function bytesMoved({ client }: Session): string {
  const { bytesRead, bytesWritten, writableLength } = socketOf(client)
  return `${bytesRead} ${bytesWritten - writableLength}`
}

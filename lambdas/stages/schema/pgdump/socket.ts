import type { Socket } from 'node:net'
import type { Client } from '../../../core/postgres/client.ts'

/** A connection whose bytes are ours for a while. */
export interface TakenSocket {
  readonly socket: Socket
  /** Gives the bytes back to the driver, which can then say goodbye in order. */
  giveBack(): void
}

/**
 * Takes the socket of a connected, idle client over. The client keeps an `error` listener for as long as it lives: without
 * one, a connection that breaks later would end the process.
 */
export function takeSocket(client: Client, onData: (bytes: Buffer) => void): TakenSocket {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Socket } }
  const socket = connection.stream
  const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[]
  for (const listener of listeners) socket.off('data', listener)
  client.on('error', () => {})
  socket.on('data', onData)
  return {
    socket,
    giveBack: () => {
      socket.off('data', onData)
      for (const listener of listeners) socket.on('data', listener)
    },
  }
}

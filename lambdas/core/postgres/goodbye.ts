import type pg from 'pg'

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])

/** The parts of the driver's client and connection that its types leave out. */
interface Inside {
  _ending: boolean
  getTransactionStatus(): string | null
  readonly connection: NodeJS.EventEmitter & {
    _ending: boolean
    readonly stream: { write(bytes: Buffer): void; end(bytes: Buffer): void }
  }
}

/**
 * Gives a session that nobody asks anything back as it was: a pooler may hand its connection to somebody else, with all that
 * was set, made or locked in it. What says so travels with Terminate and is not waited for, unless a pooler is known to stand between.
 * @param pooled a pooler that sees Terminate ends a connection that is still busy
 */
export async function sayGoodbye(client: pg.Client, pooled: boolean): Promise<void> {
  const inside = client as unknown as Inside
  const { connection } = inside
  const words = [...(inside.getTransactionStatus() === 'I' ? [] : ['ROLLBACK']), 'DISCARD ALL']
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
  // From here on the driver takes the end for what it is, and answers that it did not ask for do not matter.
  inside._ending = true
  connection._ending = true
  const spoken = Buffer.concat(words.map(query))
  if (!pooled) connection.stream.end(Buffer.concat([spoken, TERMINATE]))
  else {
    const answered = readies(connection, words.length)
    connection.stream.write(spoken)
    await Promise.race([answered, ended])
    connection.stream.end(TERMINATE)
  }
  await ended
}

function readies(connection: NodeJS.EventEmitter, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count
    connection.on('readyForQuery', () => {
      left -= 1
      if (left === 0) resolve()
    })
  })
}

function query(sql: string): Buffer {
  const frame = Buffer.alloc(6 + sql.length)
  frame.write('Q')
  frame.writeInt32BE(5 + sql.length, 1)
  frame.write(sql, 5)
  return frame
}

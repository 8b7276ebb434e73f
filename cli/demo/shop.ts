import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SampleServer } from './sample.ts'

/** A shop that sells until it is closed. */
export interface Shop {
  /** Orders that were committed. */
  readonly sold: number
  /** Ends when nothing is written any more. */
  close(): Promise<void>
}

const CLERKS = 2
const PAUSE_MILLISECONDS = 20

/**
 * One order, all of it or nothing. Its number is from a sequence: where that did not arrive as it stood, the next order would fail.
 * Rows with and without a key, TOAST that is not changed, and partitions.
 */
const SALE = `
  WITH placed AS (
    INSERT INTO shop."order" (id, placed_at, customer_id)
    SELECT 1000000 + nextval('shop.invoice_number'), clock_timestamp(), $1 RETURNING id, placed_at
  ), items AS (
    INSERT INTO shop."Order Items" ("Order", "Placed At", "Line No", product_id, "Quantity", "Unit Price")
    SELECT id, placed_at, line, $2, line, 9.90 FROM placed, generate_series(1, 2) line
  ), payment AS (
    INSERT INTO shop.payment (order_id, method, paid, at) SELECT id, 'card', ROW(29.70, 'EUR')::shop.amount, now() FROM placed
  ), stock AS (
    UPDATE shop.stock SET quantity = greatest(0, quantity - 3) WHERE product_id = $2 AND warehouse_id = 1
  ), customer AS (
    UPDATE shop.customer SET preferences = jsonb_build_object('last', $2::integer) WHERE id = $1
  ), views AS (
    INSERT INTO shop.page_view VALUES (current_date, '/order', $1, 1.5)
  ), gone AS (
    DELETE FROM shop.page_view WHERE ctid = (SELECT min(ctid) FROM shop.page_view)
  )
  SELECT id FROM placed`

/** @param server its own; the shop logs in as an application would, beside the run */
export async function openShop(server: SampleServer, database: string): Promise<Shop> {
  const closing = new AbortController()
  const clients = await Promise.all(Array.from({ length: CLERKS }, () => enter(server, database)))
  const shop = { sold: 0, close }
  const working = clients.map(async (client, clerk) => {
    for (let turn = 0; !closing.signal.aborted; turn += 1) {
      await sell(client, turn * CLERKS + clerk)
      shop.sold += 1
      await sleep(PAUSE_MILLISECONDS, undefined, { signal: closing.signal }).catch(() => {})
    }
  })
  // Told when it is closed.
  for (const each of working) each.catch(() => closing.abort())
  return shop

  async function close(): Promise<void> {
    closing.abort()
    try {
      await Promise.all(working)
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  }
}

/** Sells one order there. @returns its number, and how many there are */
export async function sellOne(server: SampleServer, database: string): Promise<{ order: string; orders: number }> {
  const client = await enter(server, database)
  try {
    const order = await sell(client, 0)
    return { order, orders: await count(client) }
  } finally {
    await client.end()
  }
}

export async function countOrders(server: SampleServer, database: string): Promise<number> {
  const client = await enter(server, database)
  try {
    return await count(client)
  } finally {
    await client.end()
  }
}

async function count(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ orders: string }>('SELECT count(*) AS orders FROM shop."order"')
  return Number(rows[0]?.orders)
}

async function sell(client: pg.Client, turn: number): Promise<string> {
  const { rows } = await client.query<{ id: string }>(SALE, [1 + (turn % 12_000), 5 * (1 + (turn % 2_000))])
  return rows[0]?.id ?? ''
}

async function enter({ host, port, superuser: user, password }: SampleServer, database: string): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database, application_name: 'shop' })
  // A server that goes is told by the query that it was asked.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The driver's own client, as a type: for rooms that are handed one and take its socket over. */
export type { Client } from 'pg'

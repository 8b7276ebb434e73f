import { type Check, passed } from '../check.ts'

/** Two more sessions: a balancer that deals in turn shows with the first of them, one that throws dice rather likely. */
const FURTHER_SESSIONS = 2

/** The time as a number: its text would depend on what a session's settings are. */
const SQL = `SELECT pg_catalog.concat_ws(' ', EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()),
  pg_catalog.inet_server_addr(), pg_catalog.inet_server_port()) AS identity`

export const loadBalanced: Check = {
  code: 'SRC_LOAD_BALANCED',
  side: 'source',
  level: 'error',
  scope: 'task',
  needs: ['source'],
  title: 'every connection to the source reaches the same server',
  cause: 'connections to the source reach different servers, and a snapshot of one is unknown to the other',
  remedy: 'use the endpoint of one instance, not a reader or load-balanced endpoint',
  async run(context) {
    const others = await Promise.all(Array.from({ length: FURTHER_SESSIONS }, () => context.openAnother('source')))
    const answers = await Promise.all([context.source, ...others].map((one) => one.rows<{ identity: string }>(SQL)))
    const servers = new Set(answers.map(([row]) => row?.identity))
    return servers.size === 1 ? passed : [{ cause: `${answers.length} connections reached ${servers.size} servers` }]
  },
}

/** A program that starts a server in the directory it is given, tells its directory and process, and then ends or waits as it is told. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { carelessSettings, startServer } from '../../../local/servers/server.ts'

const [, , version, end, parent] = process.argv
const major = version === '15' ? 15 : 18
const server = await startServer({ major, settings: carelessSettings, ...(parent === undefined ? {} : { parent }) })
const [pid] = readFileSync(join(server.directory, 'data', 'postmaster.pid'), 'utf8').split('\n')
process.stdout.write(`${JSON.stringify({ directory: server.directory, pid: Number(pid), port: server.port })}\n`)

if (end === 'exit') process.exit(7)
if (end === 'throw') throw new Error('an error nobody catches')
if (end === 'stop') await server.stop()
if (end === 'wait') setInterval(() => undefined, 1000)

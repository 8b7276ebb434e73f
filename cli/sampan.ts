#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Node keeps what it has compiled: the second start takes half the time. A directory of the user's own, not one for all.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sampan'))

// A reader that has gone away (| head) must not end a migration half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const { guardProcess } = await import('./unexpected.ts')
guardProcess()

const { runProgram } = await import('./program.ts')
await runProgram(process.argv)

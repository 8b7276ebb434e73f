#!/usr/bin/env node
import { runProgram } from './program.ts'

// A reader that has gone away (| head) must not end a migration half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

await runProgram(process.argv)

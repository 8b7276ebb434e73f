/**
 * The program that outlives its parent by a moment: it is told, line by line, which server directories the parent owns
 * (`keep DIRECTORY`, `forget DIRECTORY`). Its input ends when the parent is gone, however it went, SIGKILL included; then
 * it ends those servers and removes their directories.
 */
import { createInterface } from 'node:readline'
import { removeDirectory } from './directory.ts'

const kept = new Set<string>()

// Ctrl-C reaches every process of the terminal; this one has work to do after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, directory] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
    if (word === 'keep') kept.add(directory)
    if (word === 'forget') kept.delete(directory)
  })
  .on('close', () => {
    for (const directory of kept) removeDirectory(directory)
    process.exit(0)
  })

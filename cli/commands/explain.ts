import { Command } from 'commander'
import { suggest } from '../../lambdas/core/task/suggest.ts'
import { type Catalogue, findEntry, readCatalogue } from '../errors/catalogue.ts'
import { entryText, listText } from '../errors/explain-text.ts'
import { exitStatus } from '../exit-status.ts'
import { errorText } from '../problem-text.ts'

export function explainCommand(): Command {
  return new Command('explain')
    .description('What a code means, what to do, and SQL to look and to mend. Without a code: all of them, by area.')
    .argument('[code]', 'a code as it was printed, or an SQLSTATE')
    .option('--json', 'as JSON')
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      const catalogue = readCatalogue()
      const entry = code === undefined ? null : findEntry(catalogue, code)
      if (code === undefined) print(json ? JSON.stringify(catalogue.entries, null, 2) : listText(catalogue))
      else if (entry !== null) print(json ? JSON.stringify(entry, null, 2) : entryText(entry))
      else {
        const error = unknownCode(code, catalogue)
        if (json) print(JSON.stringify({ error }, null, 2))
        else process.stderr.write(`${errorText(error)}\n`)
        process.exitCode = exitStatus.wrongTask
      }
    })
}

function unknownCode(code: string, { entries, logOnly }: Catalogue) {
  const meant = suggest(
    code,
    entries.map((entry) => entry.code),
  )
  const isEvent = logOnly.includes(code.toUpperCase())
  return {
    code: 'ERROR_CODE_UNKNOWN',
    message: isEvent ? `${code} is an event of the log, nothing to act on` : 'there is no such code',
    remedy: meant !== null && !isEvent ? `did you mean ${meant}?` : 'sampan explain lists all codes',
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

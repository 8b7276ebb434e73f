import { type Command, InvalidArgumentError } from 'commander'
import { LivePage } from './live-page.ts'

export interface UiOptions {
  readonly ui?: number | true
}

/** Adds the option that opens the live page. */
export function withUiOption(command: Command): Command {
  return command.option(
    '--ui [port]',
    'a page of this machine that shows the run while it goes on; its address is printed on standard error. Default: any free port',
    toPort,
  )
}

/**
 * Does something with the live page that was asked for, which ends with it; `null`: none was asked for. Its address is on standard error: it
 * is a secret for as long as the run takes, and what is printed elsewhere is kept.
 */
export async function withPage<Result>(
  { ui }: UiOptions,
  work: (page: LivePage | null) => Promise<Result>,
): Promise<Result> {
  if (ui === undefined) return work(null)
  const page = await LivePage.open(ui === true ? 0 : ui)
  try {
    process.stderr.write(`Live page, for this machine only: ${page.url}\n`)
    return await work(page)
  } finally {
    await page.close()
  }
}

function toPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('give a port, 1 to 65535, or none')
}

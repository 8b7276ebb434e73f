import type { Command } from 'commander'
import { readCatalogue } from '../errors/catalogue.ts'

/** What a shell completes of one command. */
export interface CommandOutline {
  readonly name: string
  /** One sentence. */
  readonly about: string
  readonly options: readonly OptionOutline[]
  /** What its argument may be; empty: a file, or anything. */
  readonly choices: readonly string[]
}

interface OptionOutline {
  /** With the dashes; an option may have several. */
  readonly names: readonly string[]
  readonly about: string
  readonly takesValue: boolean
}

/** The commands of a program as its help has them, so that no list stands beside it. */
export function outline(program: Command): readonly CommandOutline[] {
  const help = program.createHelp()
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    about: sentence(command.summary() || command.description()),
    options: help.visibleOptions(command).map(({ short, long, description, required, optional }) => ({
      names: [short, long].flatMap((name) => name ?? []),
      about: sentence(description),
      takesValue: required || optional,
    })),
    choices: choicesOf(command, program),
  }))
}

function choicesOf(command: Command, program: Command): readonly string[] {
  if (command.name() === 'explain') return readCatalogue().entries.map(({ code }) => code)
  if (command.name() === 'help') return program.commands.map((each) => each.name())
  return command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
}

/** What fits on a line beside a name. */
function sentence(text: string): string {
  const [first = ''] = text.split(/(?<=[a-z]{3}[.;])\s|[:;] |\n/)
  return first.replace(/[.;]$/, '')
}

import type { CommanderError } from 'commander'

/** A wrong command line in Sampan’s two lines. */
export interface CommandLineError {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

const HELP = 'sampan --help tells more, and sampan COMMAND --help of one command'

/** A code for what the parser of the command line says. @param thrown not help that was asked for, which is no error */
export function toCommandLineError(thrown: CommanderError): CommandLineError {
  const text = thrown.message.replace(/^error: /, '')
  const [, meant] = /\(Did you mean (.*)\?\)/s.exec(text) ?? []
  const [line = ''] = text.split('\n')
  const remedy = meant === undefined ? HELP : `did you mean ${meant.replace(/\s+/g, ' ')}?`
  switch (thrown.code) {
    case 'commander.unknownCommand':
      return { code: 'COMMAND_UNKNOWN', message: line, remedy }
    case 'commander.unknownOption':
      return { code: 'OPTION_UNKNOWN', message: line, remedy }
    case 'commander.invalidArgument':
      return { code: 'OPTION_INVALID', message: line, remedy: 'give another value; sampan COMMAND --help tells which' }
    case 'commander.conflictingOption':
      return { code: 'OPTIONS_EXCLUDE_EACH_OTHER', message: line, remedy: 'leave one of the two out' }
    case 'commander.missingArgument':
    case 'commander.optionMissingArgument':
    case 'commander.missingMandatoryOptionValue':
      return { code: 'ARGUMENT_MISSING', message: line, remedy: HELP }
    case 'commander.excessArguments':
      return { code: 'ARGUMENTS_TOO_MANY', message: line, remedy: `take what is too much away, or quote it; ${HELP}` }
    default:
      return { code: 'COMMAND_LINE_WRONG', message: line, remedy: HELP }
  }
}

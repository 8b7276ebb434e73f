import type { CommandOutline } from './outline.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CommandOutline[]) => string>> = { bash, zsh, fish }

/** The script by which a shell completes `sampan`. Pure. */
export function completionScript(shell: Shell, commands: readonly CommandOutline[]): string {
  return SCRIPTS[shell](commands)
}

/** In single quotes, as all three shells but fish read it; fish knows the backslash inside. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

const namesOf = ({ options }: CommandOutline) => options.flatMap(({ names }) => names)

function bash(commands: readonly CommandOutline[]): string {
  const cases = commands.map((command) => {
    const words = quoted(command.choices.join(' '))
    return `    ${command.name}) options=${quoted(namesOf(command).join(' '))}; words=${words} ;;`
  })
  return `# sampan completion bash
_sampan() {
  local current=\${COMP_WORDS[COMP_CWORD]} options='' words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(`${commands.map(({ name }) => name).join(' ')} --help --version`)} -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case $current in
    -*) words=$options ;;
  esac
  # Without words bash completes files, since "-o default" says so.
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _sampan sampan
`
}

function zsh(commands: readonly CommandOutline[]): string {
  const described = commands.map(({ name, about }) => `    ${quoted(`${name}:${about}`)}`)
  const cases = commands.map((command) => {
    const options = command.options.flatMap(({ names, about, takesValue }) => {
      const text = about.replaceAll(/[[\]\\:]/g, (sign) => `\\${sign}`)
      return names.map((name) => quoted(`*${name}[${text}]${takesValue ? ':value:_files' : ''}`))
    })
    const rest = command.choices.length === 0 ? '*:file:_files' : `*:word:(${command.choices.join(' ')})`
    return [
      `    ${command.name})`,
      `      _arguments ${[...options, quoted(rest)].join(' \\\n        ')}`,
      '      ;;',
    ].join('\n')
  })
  return `#compdef sampan
_sampan() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
# Loaded from a file of fpath it is called at once; sourced, it is only made known.
if [ "$funcstack[1]" = _sampan ]; then
  _sampan "$@"
else
  compdef _sampan sampan
fi
`
}

function fish(commands: readonly CommandOutline[]): string {
  const text = (words: string) => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = commands.flatMap(({ name, about, options, choices }) => [
    `complete -c sampan -n __fish_use_subcommand -f -a ${name} -d ${text(about)}`,
    ...options.map((option) => {
      const names = option.names.map((each) => (each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`))
      const value = option.takesValue ? ' -r' : ''
      return `complete -c sampan -n '__fish_seen_subcommand_from ${name}' ${names.join(' ')}${value} -d ${text(option.about)}`
    }),
    ...(choices.length === 0
      ? []
      : [`complete -c sampan -n '__fish_seen_subcommand_from ${name}' -f -a ${text(choices.join(' '))}`]),
  ])
  return `# sampan completion fish\n${lines.join('\n')}\n`
}

import { Argument, Command } from 'commander'
import { outline } from '../completion/outline.ts'
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts'

export function completionCommand(): Command {
  return new Command('completion')
    .description('Print the script by which a shell completes commands, options and codes of errors.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
  bash   sampan completion bash > ~/.local/share/bash-completion/completions/sampan
  zsh    sampan completion zsh > "\${fpath[1]}/_sampan"
  fish   sampan completion fish > ~/.config/fish/completions/sampan.fish`,
    )
    .action((shell: Shell, _options: object, command: Command) => {
      process.stdout.write(completionScript(shell, outline(command.parent ?? command)))
    })
}

import { type Choice, type Described, everyCommand } from './command-tree.ts'

/** For zsh 5, to be called `_holdfast` in a directory of $fpath. */
export function zshScript(programs: readonly Described[]): string {
  const all = programs.flatMap(everyCommand)
  const inner = all.flatMap(({ path }) => (path.includes(' ') ? [quoted(path)] : []))
  const withValues = all.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === undefined ? [] : flags.map((flag) => ({ at: `${path} ${flag}`, value })),
    ),
  )
  return `#compdef ${programs.map(({ name }) => name).join(' ')}
# zsh completion, written by \`holdfast completion zsh\`
_holdfast() {
  local at=\${words[1]:t} i
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${inner.join('|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${withValues.map(({ at, value }) => `    (${quoted(at)}) ${offer(value)}; return ;;`).join('\n')}
  esac
  local -a commands options
  case "$at" in
${all.map(clause).join('\n')}
  esac
}
if [[ $funcstack[1] == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast ${programs.map(({ name }) => name).join(' ')}; fi
`
}

function clause({ path, options, commands, argument }: Described): string {
  const lines = [
    `options=(${options.flatMap(({ flags, description }) => flags.map((flag) => item(flag, description))).join(' ')})`,
    ...(commands.length === 0
      ? []
      : [
          `commands=(${commands.map((one) => item(one.name, one.description)).join(' ')})`,
          "_describe 'command' commands",
        ]),
    ...(argument === undefined ? [] : [offer(argument)]),
    "_describe -o 'option' options",
  ]
  return `    (${quoted(path)})\n${lines.map((line) => `      ${line}`).join('\n')} ;;`
}

const item = (word: string, description: string): string =>
  quoted(`${word}:${description.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}`)

const offer = (choice: Choice): string => {
  if (choice === 'anything') return ':'
  if (choice === 'files') return '_files'
  return choice === 'directories' ? '_files -/' : `compadd -- ${choice.words.map(quoted).join(' ')}`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

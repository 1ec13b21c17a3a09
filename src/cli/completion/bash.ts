import { type Choice, type Described, everyCommand } from './command-tree.ts'

/** For bash 4.2 and later; options are offered where one is begun, or nothing else is possible. */
export function bashScript(programs: readonly Described[]): string {
  const all = programs.flatMap(everyCommand)
  const inner = all.flatMap(({ path }) => (path.includes(' ') ? [quoted(path)] : []))
  const values = all.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) =>
      value === undefined ? [] : [{ at: flags.map((flag) => `${path} ${flag}`), value }],
    ),
  )
  return `# bash completion, written by \`holdfast completion bash\`
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local at=\${COMP_WORDS[0]##*/} words='' options='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${inner.join(' | ')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $previous" in
${values.map(({ at, value }) => `    ${at.map(quoted).join(' | ')}) ${[...offer(value), '_holdfast_offer', 'return'].join('; ')} ;;`).join('\n')}
  esac
  case "$at" in
${all.map((one) => `    ${quoted(one.path)}) ${assignments(one).join('; ')} ;;`).join('\n')}
  esac
  [[ $current == -* || -z $words$files ]] && words=$options files=
  _holdfast_offer
}
_holdfast_offer() {
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case $files in
    files) COMPREPLY+=($(compgen -f -- "$current")) ;;
    directories) COMPREPLY+=($(compgen -d -- "$current")) ;;
  esac
  [[ -z $files ]] || compopt -o filenames 2> /dev/null
}
complete -F _holdfast ${programs.map(({ name }) => name).join(' ')}
`
}

const assignments = ({ options, commands, argument }: Described): readonly string[] => [
  `options=${quoted(options.flatMap(({ flags }) => flags).join(' '))}`,
  ...(commands.length > 0 ? offer({ words: commands.map(({ name }) => name) }) : []),
  ...(argument === undefined ? [] : offer(argument)),
]

const offer = (choice: Choice): readonly string[] => {
  if (choice === 'anything') return []
  return [typeof choice === 'string' ? `files=${choice}` : `words=${quoted(choice.words.join(' '))}`]
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

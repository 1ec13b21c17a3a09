import { type Choice, type Described, everyCommand } from './command-tree.ts'

/** For fish 3. */
export function fishScript(programs: readonly Described[]): string {
  const all = programs.flatMap(everyCommand)
  return `# fish completion, written by \`holdfast completion fish\`
function __holdfast_at
    set -l at
    for word in (commandline -opc)
        if test -z "$at"
            set at (string replace -r '.*/' '' -- $word)
            continue
        end
        switch "$at $word"
            case ${all.flatMap(({ path }) => (path.includes(' ') ? [quoted(path)] : [])).join(' ')}
                set at "$at $word"
        end
    end
    echo $at
end
${programs.map(({ name }) => `complete -c ${name} -f`).join('\n')}
${all.flatMap(lines).join('\n')}
`
}

function lines({ path, options, commands, argument }: Described): readonly string[] {
  const here = `complete -c ${path.split(' ')[0]} -n 'test (__holdfast_at) = "${path}"'`
  return [
    ...commands.map(({ name, description }) => `${here} -a ${name} -d ${quoted(description)}`),
    ...(argument === undefined || argument === 'anything' ? [] : [`${here} ${offer(argument)}`]),
    ...options.map(({ flags, description, value }) =>
      [
        here,
        ...flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)),
        ...(value === undefined ? [] : [value === 'files' ? '-r' : '-x', value === 'anything' ? '' : offer(value)]),
        `-d ${quoted(description)}`,
      ]
        .filter((part) => part !== '')
        .join(' '),
    ),
  ]
}

const offer = (choice: Choice): string => {
  if (choice === 'files') return '-F'
  if (choice === 'directories') return "-a '(__fish_complete_directories)'"
  return `-a ${quoted(typeof choice === 'string' ? '' : choice.words.join(' '))}`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

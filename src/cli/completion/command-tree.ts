import type { Command } from 'commander'

/** What may stand in a place: these words, names of files or of directories, or something that only the user knows. */
export type Choice = { readonly words: readonly string[] } | 'files' | 'directories' | 'anything'

export type DescribedOption = {
  /** `-f`, `--follow`. */
  readonly flags: readonly string[]
  readonly description: string
  /** What follows it; absent: nothing. */
  readonly value?: Choice
}

/** A command and all below it. */
export type Described = {
  /** With those above it: `holdfast config show`. */
  readonly path: string
  readonly name: string
  readonly description: string
  readonly options: readonly DescribedOption[]
  /** What stands behind it, apart from options and commands. */
  readonly argument?: Choice
  readonly commands: readonly Described[]
}

/** @param keywords  what an argument called `keyword` may be */
export function commandTree(command: Command, keywords: readonly string[], above = ''): Described {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  const [argument] = command.registeredArguments
  return {
    path,
    name: command.name(),
    description: command.description(),
    options: command.options
      .filter(({ hidden }) => !hidden)
      .map(({ short, long, description, required, optional, argChoices, flags }) => ({
        flags: [short, long].flatMap((flag) => flag ?? []),
        description,
        ...(required || optional
          ? { value: choiceOf(/[<[]([\w-]+)/.exec(flags)?.[1] ?? '', argChoices, keywords) }
          : {}),
      })),
    ...(argument === undefined ? {} : { argument: choiceOf(argument.name(), argument.argChoices, keywords) }),
    commands: command.commands.map((one) => commandTree(one, keywords, path)),
  }
}

function choiceOf(name: string, choices: readonly string[] | undefined, keywords: readonly string[]): Choice {
  if (choices !== undefined) return { words: choices }
  if (name === 'keyword') return { words: keywords }
  if (/^(?:files?|one|other|after)$/.test(name)) return 'files'
  return name === 'directory' ? 'directories' : 'anything'
}

/** A command and all below it, the outer before the inner. */
export const everyCommand = (of: Described): readonly Described[] => [of, ...of.commands.flatMap(everyCommand)]

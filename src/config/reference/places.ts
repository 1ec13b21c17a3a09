import {
  type Container,
  containers,
  type KeywordFacts,
  keywordsIn,
  type LineName,
  lines,
  type OptionFacts,
} from '../keywords/index.ts'

/** `virtual_server.real_server.TCP_CHECK`; the top level by that name. */
export const spelled = (container: Container): string =>
  container === 'root' ? 'the top level' : container.replaceAll('/', '.')

/** A word within a line: of which kind the line is, and the words that lead there, from the outermost block on. */
export type OptionPlace = {
  readonly name: string
  readonly facts: OptionFacts
  readonly line: LineName
  readonly path: readonly string[]
  /** Of the keyword whose line it is. */
  readonly keyword: KeywordFacts
  readonly container: Container
}

/** Every place of every option. */
export const optionPlaces: readonly OptionPlace[] = containers.flatMap((container) =>
  keywordsIn(container).flatMap(({ name, facts }) => {
    const path = [...(container === 'root' ? [] : container.split('/')), name]
    return facts.line === undefined ? [] : optionsIn(facts.line, path, facts, container)
  }),
)

function optionsIn(
  line: LineName,
  path: readonly string[],
  keyword: KeywordFacts,
  container: Container,
): readonly OptionPlace[] {
  const options: readonly OptionFacts[] = lines[line].options
  return options.flatMap((facts) =>
    facts.names.flatMap((name) => [
      { name, facts, line, path, keyword, container },
      ...(facts.inner ?? []).flatMap((inner) => optionsIn(inner, [...path, name], keyword, container)),
    ]),
  )
}

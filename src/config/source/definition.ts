import type { Origin, Place } from './mapped-text.ts'
import { concat, type MappedText, placeIn, slice, standingFor } from './mapped-text.ts'

/** `$NAME=VALUE` (`turn`: as a sequence has it for one turn), or a multi-line definition whose lines stand for themselves, each with its own place. */
export type Definition =
  | { readonly kind: 'value'; readonly value: string; readonly place: Place; readonly turn?: true }
  | { readonly kind: 'lines'; readonly lines: readonly MappedText[]; readonly place: Place }

/** What `${_NAME …}` gives; undefined: no such name. */
export type Predefined = (name: string, parameters: readonly string[]) => string | undefined

/** Blanks and what follows them share no character: matching is linear. */
const USE = /\$\{([A-Za-z_]\w*)(?:[ \t]+(?:([^{} \t][^{}]*))?)?\}|\$([A-Za-z_]\w*)(?=[ \t,)]|$)/g
const DEEPEST = 32
const LONGEST = 65_536
/** Uses resolved for one line, counting those inside values: empty values multiply without growing. */
const MOST_USES = 10_000

export type Substitution =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly line: MappedText }
  | { readonly kind: 'endless'; readonly name: string; readonly at: number }
  | { readonly kind: 'multi-line'; readonly name: string; readonly at: number }

/**
 * Puts values for their names, also inside values. A name without a definition stays as it is (keepalived.conf(5)); so a
 * script may have `$HOME`. A multi-line definition among other words is not substituted but told.
 */
export function substitute(
  line: MappedText,
  definitions: ReadonlyMap<string, Definition>,
  predefined: Predefined,
): Substitution {
  const parts: MappedText[] = []
  let last = 0
  const budget = { left: MOST_USES }
  for (const use of line.text.matchAll(USE)) {
    const name = (use[1] ?? use[3]) as string
    if (definitions.get(name)?.kind === 'lines') return { kind: 'multi-line', name, at: use.index }
    const value = valueNamed(name, use[2], definitions, predefined, 0, budget)
    if (value === undefined) continue
    if (value === 'endless' || value.text.length + line.text.length > LONGEST)
      return { kind: 'endless', name, at: use.index }
    parts.push(slice(line, last, use.index), standingFor(value.text, placeIn(line, use.index), value.from))
    last = use.index + use[0].length
  }
  if (parts.length === 0) return { kind: 'unchanged' }
  parts.push(slice(line, last))
  return { kind: 'changed', line: concat(parts) }
}

/** The lines of a multi-line definition when its use is all there is on the line. */
export function linesUsed(
  line: MappedText,
  definitions: ReadonlyMap<string, Definition>,
): { readonly name: string; readonly lines: readonly MappedText[] } | undefined {
  const use = /^[ \t]*\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))[ \t]*$/.exec(line.text)
  if (use === null) return undefined
  const name = (use[1] ?? use[2]) as string
  const definition = definitions.get(name)
  return definition?.kind === 'lines' ? { name, lines: definition.lines } : undefined
}

function valueNamed(
  name: string,
  parameters: string | undefined,
  definitions: ReadonlyMap<string, Definition>,
  predefined: Predefined,
  depth: number,
  budget: { left: number },
): { readonly text: string; readonly from: readonly Origin[] } | 'endless' | undefined {
  const definition = definitions.get(name)
  if (definition === undefined) {
    const text = predefined(name, parameters?.split(/[ \t]+/).filter((word) => word !== '') ?? [])
    return text === undefined ? undefined : { text, from: [] }
  }
  if (definition.kind === 'lines') return undefined
  if (depth > DEEPEST || budget.left-- <= 0) return 'endless'
  const { place, turn } = definition
  // Of a turn the line tells, for all that is on it.
  const from: Origin[] = turn ? [] : [{ ...place, message: `expanded from $${name}` }]
  let text = ''
  let last = 0
  for (const use of definition.value.matchAll(USE)) {
    const inner = valueNamed((use[1] ?? use[3]) as string, use[2], definitions, predefined, depth + 1, budget)
    if (inner === undefined) continue
    if (inner === 'endless') return 'endless'
    text += definition.value.slice(last, use.index) + inner.text
    from.push(...inner.from)
    last = use.index + use[0].length
    if (text.length > LONGEST) return 'endless'
  }
  return { text: text + definition.value.slice(last), from }
}

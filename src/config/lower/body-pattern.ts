import type { BodyPattern } from '../../model/index.ts'
import { choicesIn } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, integer, type Lowering, wrongLine } from './arguments.ts'
import { type Fault, strictly, telling, WEAKER } from './strictly.ts'

/** The regex words of a url as written. */
export type PatternDraft = {
  source?: { readonly text: string; readonly node: Node } | undefined
  options: readonly string[]
  forbidden: boolean
  minOffset?: number | undefined
  maxOffset?: number | undefined
  /** The first word that needs a regex. */
  needs?: Span | undefined
  /** What is wrong with the pattern: keepalived 2.2 dies of it, and goes on with no weaker check. */
  readonly faults: Fault[]
}

export const patternDraft = (): PatternDraft => ({ options: [], forbidden: false, faults: [] })

/** Reads the line if it is one of the regex words; false: it is another. */
export function patternLine(to: Lowering, node: Node, draft: PatternDraft): boolean {
  switch (node.keyword.text) {
    case 'regex':
      draft.source = readSource(strictly(to, node, draft.faults), node) ?? draft.source
      return true
    case 'regex_no_match':
      draft.forbidden = true
      break
    case 'regex_options': {
      const known = new Set(choicesIn(node.known?.facts.takes ?? ''))
      for (const word of node.words)
        if (!known.has(word.text)) badValue(to, 'regex_options', word, 'is no option; keepalived says nothing of it')
      draft.options = [...new Set(node.words.map(({ text }) => text).filter((name) => known.has(name)))]
      break
    }
    case 'regex_min_offset':
      draft.minOffset = integer(telling(to), node) ?? draft.minOffset
      break
    case 'regex_max_offset':
      draft.maxOffset = integer(telling(to), node) ?? draft.maxOffset
      break
    case 'regex_stack':
      break
    default:
      return false
  }
  draft.needs ??= node.at
  return true
}

function readSource(to: Lowering, node: Node): PatternDraft['source'] {
  const words = to.tree.escapedWords(node)
  if (words?.length === 1) return { text: words[0] as string, node }
  const why = words === undefined ? 'has a quote that is not closed' : `has ${words.length} arguments and not one`
  wrongLine(to, 'value', node.at, `regex ${why}`, { remedy: 'quote the pattern' })
  return undefined
}

/** Undefined without a regex, and where it is of no use, which is said. */
export function patternOf(to: Lowering, draft: PatternDraft): BodyPattern | undefined {
  const { source, options, forbidden, needs } = draft
  const minOffset = draft.minOffset === 0 ? undefined : draft.minOffset
  let { maxOffset } = draft
  if (source === undefined) {
    if (needs !== undefined && draft.faults.length === 0)
      to.report.error('value', needs, `there is no regex that this belongs to; ${WEAKER}`)
    return undefined
  }
  if (maxOffset !== undefined && maxOffset <= (minOffset ?? 0)) {
    to.report.error('value', source.node.at, `regex_max_offset ${maxOffset} is not above regex_min_offset; ${WEAKER}`)
    maxOffset = undefined
  }
  const fault = to.patternFault?.(source.text, options)
  if (fault !== undefined) {
    const strict = strictly(to, source.node, draft.faults)
    wrongLine(strict, 'value', source.node.at, `regex is no pattern of PCRE2 (${fault})`)
    return undefined
  }
  return {
    source: source.text,
    options,
    ...(forbidden ? { forbidden } : {}),
    ...(minOffset === undefined ? {} : { minOffset }),
    ...(maxOffset === undefined ? {} : { maxOffset }),
  }
}

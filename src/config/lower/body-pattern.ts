import type { BodyPattern } from '../../model/index.ts'
import { choicesIn } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, integer, type Lowering } from './arguments.ts'

/** The regex words of a url as written. */
export type PatternDraft = {
  source?: { readonly text: string; readonly at: Span } | undefined
  options: readonly string[]
  forbidden: boolean
  minOffset?: number | undefined
  maxOffset?: number | undefined
  /** The first word that needs a regex. */
  needs?: Span | undefined
}

export const patternDraft = (): PatternDraft => ({ options: [], forbidden: false })

/** Reads the line if it is one of the regex words; false: it is another. */
export function patternLine(to: Lowering, node: Node, draft: PatternDraft): boolean {
  switch (node.keyword.text) {
    case 'regex':
      draft.source = readSource(to, node) ?? draft.source
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
      draft.minOffset = integer(to, node) ?? draft.minOffset
      break
    case 'regex_max_offset':
      draft.maxOffset = integer(to, node) ?? draft.maxOffset
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
  if (words?.length === 1) return { text: words[0] as string, at: node.at }
  const why = words === undefined ? 'has a quote that is not closed' : `has ${words.length} arguments and not one`
  to.report.error('value', node.at, `regex ${why}; the line has no effect`, { remedy: 'quote the pattern' })
  return undefined
}

/** Undefined without a regex, and where it is of no use, which is said. */
export function patternOf(to: Lowering, draft: PatternDraft): BodyPattern | undefined {
  const { source, options, forbidden, needs } = draft
  const minOffset = draft.minOffset === 0 ? undefined : draft.minOffset
  let { maxOffset } = draft
  if (source === undefined) {
    if (needs !== undefined)
      to.report.error('value', needs, 'there is no regex that this belongs to; the line has no effect')
    return undefined
  }
  if (maxOffset !== undefined && maxOffset <= (minOffset ?? 0)) {
    to.report.error('value', source.at, `regex_max_offset ${maxOffset} is not above regex_min_offset; it is left out`)
    maxOffset = undefined
  }
  const fault = to.patternFault?.(source.text, options)
  if (fault !== undefined) {
    to.report.error('value', source.at, `regex is no pattern of PCRE2 (${fault}); the line has no effect`)
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

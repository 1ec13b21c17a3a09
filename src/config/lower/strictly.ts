import type { KeptLine } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'

/** What is wrong with a line, and the line, so that what is printed is as strict as what was read. */
export type Fault = { readonly text: string; readonly line: KeptLine }

/**
 * For lines without which a check would be weaker than it was meant (keepalived has none of these words): where one is wrong, it is
 * told what comes of that, and servers fail the check.
 * @param faults  what is wrong is added here
 */
export function strictly(
  to: Lowering,
  node: Node,
  faults: Fault[],
  consequence = 'the server counts as down until it is corrected',
): Lowering {
  return { ...to, consequence, onFault: (text) => faults.push({ text, line: lineOf(node) }) }
}

/** What comes of a wrong line of keepalived's, where keepalived goes on without it as well. */
export const WEAKER = 'the check goes on without it, weaker than it is written (as with keepalived)'

/** Has the reader of a line tell what comes of its being wrong, where that is more than that it has no effect. */
export const telling = (to: Lowering, consequence = WEAKER): Lowering => ({ ...to, consequence })

/** A quote cannot be printed as it is: without its arguments the line is at fault as well. */
function lineOf({ keyword, words }: Node): KeptLine {
  const texts = words.map(({ text }) => text)
  return { words: [keyword.text, ...(texts.some((text) => /["\r\n]/.test(text)) ? [] : texts)] }
}

/** By keyword, as YAML groups lines: however it is printed, it reads back to the same. */
const sorted = (faults: readonly Fault[]): readonly Fault[] =>
  faults.toSorted(({ line: { words: a } }, { line: { words: b } }) =>
    (a[0] ?? '') < (b[0] ?? '') ? -1 : Number(a[0] !== b[0]),
  )

/** The first of them, for the model. */
export function faultOf(faults: readonly Fault[]): { readonly fault?: string } {
  const [fault] = sorted(faults)
  return fault === undefined ? {} : { fault: fault.text }
}

/** Their lines, each once. */
export function faultyLines(faults: readonly Fault[]): readonly KeptLine[] {
  const lines = new Map(sorted(faults).map(({ line }) => [JSON.stringify(line), line]))
  return [...lines.values()]
}

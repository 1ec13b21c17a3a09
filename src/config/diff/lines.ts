import type { Configuration } from '../../model/index.ts'
import { print } from '../print/index.ts'

/** One keyword that is not as it was: its path in the block, what it said and what it says. */
export type ChangedKeyword = { readonly keyword: string; readonly before?: string; readonly after?: string }

/** A line of a printed configuration, apart from the blocks it stands in. */
type Line = { readonly path: string; readonly text: string }

/**
 * What is written differently in two configurations, every default spelt out. Passwords and keys are compared and not shown:
 * that there is another one is all that is said.
 * @param paths of one object, whose own block is known to whoever asks, or of the whole, where only global_defs goes without saying
 */
export function changedKeywords(
  before: Configuration,
  after: Configuration,
  paths: Paths = 'of-object',
): readonly ChangedKeyword[] {
  const changes = (options?: Parameters<typeof print>[1]) =>
    lineChanges(linesOf(print(before, options), paths), linesOf(print(after, options), paths))
  const shown = changes()
  const all = changes({ secrets: 'shown' })
  return all.length === shown.length
    ? shown
    : [...shown, { keyword: 'a password or key', before: HIDDEN, after: HIDDEN }]
}

const HIDDEN = '********'

type Paths = 'of-object' | 'whole'

function linesOf(text: string, paths: Paths): readonly Line[] {
  const path: string[] = []
  const lines: Line[] = []
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '}') path.pop()
    else if (line.endsWith(' {')) path.push(line.slice(0, -2))
    else if (line !== '') {
      const isKnown = paths === 'of-object' || path[0] === 'global_defs'
      lines.push({ path: path.slice(isKnown ? 1 : 0).join(' '), text: line })
    }
  }
  return lines
}

function lineChanges(before: readonly Line[], after: readonly Line[]): readonly ChangedKeyword[] {
  const gone = [...without(before, after)]
  const come = [...without(after, before)]
  const all = [...gone, ...come]
  const changes: ChangedKeyword[] = []
  for (const line of gone) {
    const keyword = keywordOf(line)
    // Where one line has taken another's place, they are one change; of lists each entry stands for itself.
    const alone = all.filter((one) => keywordOf(one) === keyword).length === 2
    const successor = alone ? come.find((one) => keywordOf(one) === keyword) : undefined
    changes.push({
      keyword,
      before: argumentsOf(line),
      ...(successor === undefined ? {} : { after: argumentsOf(successor) }),
    })
    if (successor !== undefined) come.splice(come.indexOf(successor), 1)
  }
  return [...changes, ...come.map((line) => ({ keyword: keywordOf(line), after: argumentsOf(line) }))]
}

/** As bags: a line that is there twice and then once is gone once. */
function* without(lines: readonly Line[], others: readonly Line[]): Iterable<Line> {
  const left = new Map<string, number>()
  for (const { path, text } of others) left.set(`${path} ${text}`, (left.get(`${path} ${text}`) ?? 0) + 1)
  for (const line of lines) {
    const key = `${line.path} ${line.text}`
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    else yield line
  }
}

/** `priority`, `real_server 10.0.0.1 80 weight`; of a list of addresses the list itself. */
const keywordOf = ({ path, text }: Line): string => {
  const [first = ''] = text.split(' ')
  const isWord = /^[a-z_][a-z0-9_]*$/i.test(first)
  return [path, isWord ? first : ''].filter((part) => part !== '').join(' ')
}

function argumentsOf({ text }: Line): string {
  const [first = '', ...rest] = text.split(' ')
  return /^[a-z_][a-z0-9_]*$/i.test(first) ? rest.join(' ') : text
}

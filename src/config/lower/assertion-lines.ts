import type { HeaderAssertion, JsonAssertion } from '../../model/index.ts'
import { JSON_STEP, looksLike } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, type Lowering, required } from './arguments.ts'
import { type Fault, strictly } from './strictly.ts'

/** What a url expects of an answer beyond keepalived's words, as written. */
export type Assertions = {
  readonly headers: HeaderAssertion[]
  readonly json: JsonAssertion[]
  /** What is wrong with these lines. */
  readonly faults: Fault[]
}

/** Reads the line if it is one of these words; false: it is another. */
export function assertionLine(lenient: Lowering, node: Node, into: Assertions): boolean {
  const to = strictly(lenient, node, into.faults)
  const value = node.words[1]?.text
  switch (node.keyword.text) {
    case 'expect_header': {
      const name = required(to, node, 'the name of a field')
      if (name === undefined) return true
      if (!looksLike('FIELD', name.text)) badValue(to, 'expect_header', name, 'is no name of a field')
      else into.headers.push({ name: name.text, ...(value === undefined ? {} : { value }) })
      return true
    }
    case 'expect_json': {
      const word = required(to, node, 'a path, for instance .status')
      if (word === undefined) return true
      const path = readPath(word.text)
      if (path === undefined)
        badValue(to, 'expect_json', word, 'is no path', "write keys as .name or ['name'], places as [0]")
      else into.json.push({ path, ...(value === undefined ? {} : { value }) })
      return true
    }
    default:
      return false
  }
}

/** `.`, or steps: `.name`, `['any name']`, `[N]`. */
function readPath(text: string): JsonAssertion['path'] | undefined {
  if (text === '.') return []
  const path: (string | number)[] = []
  if (!looksLike('JSONPATH', text)) return undefined
  const step = new RegExp(JSON_STEP, 'y')
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (found === null) return undefined
    const [, name, quoted, place] = found
    path.push(place === undefined ? ((name ?? quoted) as string) : Number(place))
  }
  return path.length === 0 ? undefined : path
}

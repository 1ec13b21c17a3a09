/** Reads a directory: its entries' names, or undefined if there is none. */
export type ListDirectory = (path: string) => readonly string[] | undefined

/** More than these are not told apart. */
export const MOST_ALTERNATIVES = 256

/**
 * glob(3) with GLOB_BRACE over a directory reader: `*`, `?`, `[…]`, `[!…]`, `{a,b}`, backslash escapes. Names that begin
 * with a dot need the dot written. Results are sorted within each brace alternative. A pattern without wildcards is given
 * back as it is, whether it exists or not.
 */
export function glob(pattern: string, list: ListDirectory): readonly string[] {
  return (ways(pattern) ?? []).flatMap((way) => globOne(way, list))
}

export const hasWildcard = (pattern: string): boolean => /[*?[]/.test(pattern)

function globOne(pattern: string, list: ListDirectory): readonly string[] {
  if (!hasWildcard(pattern)) return [pattern]
  const parts = pattern.split('/')
  let found: string[] = [parts[0] === '' ? '/' : (parts[0] as string)]
  for (const part of parts.slice(1)) {
    if (part === '') continue
    if (!hasWildcard(part)) {
      found = found.map((path) => join(path, part))
      continue
    }
    const matches = matcher(part)
    found = found.flatMap((path) =>
      [...(list(path) ?? [])]
        .filter((name) => matches(name))
        .sort()
        .map((name) => join(path, name)),
    )
  }
  return found
}

const join = (directory: string, name: string) => (directory === '/' ? `/${name}` : `${directory}/${name}`)

/** One path element, matched in linear time by remembering the last `*` only. */
function matcher(pattern: string): (name: string) => boolean {
  const items = itemsOf(pattern)
  return (name) => {
    if (name.startsWith('.') && !pattern.startsWith('.')) return false
    let item = 0
    let at = 0
    let star = -1
    let resume = 0
    while (at < name.length) {
      const current = items[item]
      if (current === 'star') {
        star = item++
        resume = at
      } else if (current?.(name[at] as string)) {
        item++
        at++
      } else if (star >= 0) {
        item = star + 1
        at = ++resume
      } else return false
    }
    while (items[item] === 'star') item++
    return item === items.length
  }
}

type Item = 'star' | ((character: string) => boolean)

function itemsOf(pattern: string): readonly Item[] {
  const items: Item[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string
    if (character === '*') items.push('star')
    else if (character === '?') items.push(() => true)
    else if (character === '[' && closingBracket(pattern, i) > 0) {
      const end = closingBracket(pattern, i)
      items.push(characterClass(pattern.slice(i + 1, end)))
      i = end
    } else if (character === '\\' && i + 1 < pattern.length) {
      const literal = pattern[++i] as string
      items.push((other) => other === literal)
    } else items.push((other) => other === character)
  }
  return items
}

/** A `]` right after `[` or `[!` is a member. */
function closingBracket(pattern: string, open: number): number {
  const first = pattern[open + 1] === '!' || pattern[open + 1] === '^' ? open + 2 : open + 1
  return pattern.indexOf(']', first + 1)
}

function characterClass(text: string): (character: string) => boolean {
  const negated = text.startsWith('!') || text.startsWith('^')
  const body = negated ? text.slice(1) : text
  const ranges: [string, string][] = []
  for (let i = 0; i < body.length; i++) {
    const from = body[i] as string
    if (body[i + 1] === '-' && i + 2 < body.length) {
      ranges.push([from, body[i + 2] as string])
      i += 2
    } else ranges.push([from, from])
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated
}

/** `a{b,c{d,e}}` to `ab`, `acd`, `ace`; a brace without its partner is an ordinary character. Undefined: too many. */
export function ways(pattern: string): readonly string[] | undefined {
  const done: string[] = []
  const open = [pattern]
  while (open.length > 0) {
    if (done.length + open.length > MOST_ALTERNATIVES) return undefined
    const text = open.shift() as string
    const group = firstGroup(text)
    if (group === undefined) done.push(text)
    else open.unshift(...group.alternatives.map((one) => text.slice(0, group.start) + one + text.slice(group.end)))
  }
  return done
}

function firstGroup(text: string): { start: number; end: number; alternatives: string[] } | undefined {
  const start = text.indexOf('{')
  if (start < 0) return undefined
  const alternatives: string[] = []
  let depth = 0
  let from = start + 1
  for (let i = start; i < text.length; i++) {
    const character = text[i]
    if (character === '{') depth++
    else if (character === ',' && depth === 1) {
      alternatives.push(text.slice(from, i))
      from = i + 1
    } else if (character === '}' && --depth === 0) {
      alternatives.push(text.slice(from, i))
      return { start, end: i + 1, alternatives }
    }
  }
  return undefined
}

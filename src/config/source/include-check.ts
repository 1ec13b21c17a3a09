import { includeTests } from '../keywords/index.ts'

/**
 * What makes an include fail that must not (keepalived.conf(5), "include_check"). R: a match cannot be read, is no file or is executable;
 * M: a plain name is not there; W: a pattern matches nothing; B: a name that is one way of a `{a,b}` is not there.
 */
export type IncludeTest = (typeof includeTests)[keyof typeof includeTests]

export const allTests: readonly IncludeTest[] = Object.values(includeTests)

const WORDS: Readonly<Record<string, IncludeTest>> = includeTests

/** What counts for a keyword; for plain `include` what include_check says. */
export function fatalTests(keyword: string, checked: readonly IncludeTest[]): readonly IncludeTest[] {
  switch (keyword) {
    case 'include':
      return checked
    case 'includer':
      return ['R']
    case 'includem':
      return ['R', 'M']
    case 'includew':
      return ['R', 'M', 'W']
    case 'includeb':
      return ['R', 'B']
    default:
      return allTests
  }
}

/**
 * The words after include_check: none stands for all tests; `+` and `-` add and take away; one without a sign may come first, and means
 * itself and `read`. @param wrong  is told the index of a word that cannot be, and why
 */
export function readIncludeCheck(
  words: readonly string[],
  before: readonly IncludeTest[],
  wrong: (index: number, why: string) => void,
): readonly IncludeTest[] {
  if (words.length === 0) return allTests
  let tests = new Set(before)
  for (const [index, word] of words.entries()) {
    const sign = /^[+-]/.exec(word)?.[0]
    const test = WORDS[sign === undefined ? word : word.slice(1)]
    if (test === undefined) wrong(index, `is none of ${Object.keys(WORDS).join(', ')}`)
    else if (sign === '+') tests.add(test)
    else if (sign === '-') tests.delete(test)
    else if (index === 0) tests = new Set(['R', test])
    else wrong(index, 'needs a + or a - before it, as it is not the first')
  }
  return allTests.filter((test) => tests.has(test))
}

/**
 * Patterns of PCRE2 against a stream of bytes, for checkers that look into an answer. A match is found as the bytes come,
 * however they are cut; what is kept of them is bounded, and so is the work: a pattern that backtracks without end is given
 * up on. Owns the compiled patterns. Does badly: a lookbehind of variable length at the cut of two chunks.
 */

export { compilePattern, type Pattern, patternFault } from './compile.ts'
export { type MatchEnd, type Matcher, openMatcher, type PatternSpan } from './matcher.ts'

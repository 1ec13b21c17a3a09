/**
 * The reference of keywords: for each position of the language what it takes, its default and range, what it means and since
 * when it exists. `explain` answers for one word, `referencePage` is docs/keywords.md. Complete: test/config/reference.test.ts
 * holds it against the keyword table. It describes; what is read how is decided in lower/.
 */

export { type Explanation, explain } from './explain.ts'
export type { KeywordFacts } from './facts.ts'
export { factsAt } from './lookup.ts'
export { referencePage } from './page.ts'

/**
 * The table of keywords told to people: `explain` answers for one word, `referencePage` is docs/keywords.md.
 */

export { type Explanation, explain, keywordQuestions } from './explain.ts'
export { type DescribedKeyword, type KeywordBlock, keywordBlocks } from './keyword-blocks.ts'
export { referencePage } from './page.ts'
export { supportTable } from './support.ts'

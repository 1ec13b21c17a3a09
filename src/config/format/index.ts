/**
 * One layout for every file: four blanks a block, one between words, comments where they were. `formatText` works on lines as
 * written, before anything is expanded, so includes, conditions, definitions and sequences stay what they are; `sameMeaning`
 * proves for a file that its words and blocks are the same as before. Does not wrap, join or reorder lines.
 */

export { type FormatFailure, formatText } from './format.ts'
export { sameMeaning } from './same-meaning.ts'

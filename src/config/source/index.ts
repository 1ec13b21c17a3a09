/**
 * From files to one text: includes, @conditions, $definitions and ~sequences are carried out line by line, and every
 * character of the result still knows the file, line and column it was written at. Reads through the ports it is handed;
 * bounded in depth, number of files, lines and characters, so no file can keep it busy. Quotes and comments are left to
 * the grammar. Follows keepalived.conf(5) "Include files", "Conditional configuration", "Parameter substitution" and
 * "Sequence blocks".
 */

export { commentStart } from './comment.ts'
export { type Expansion, expand } from './expand.ts'
export { concat, type MappedText, mapped, type Place, standingFor } from './mapped-text.ts'
export { isUtf16 } from './read-lines.ts'
export { type SourceFile, type SourceText, sourceText } from './source-text.ts'

/**
 * The language as a JSON Schema (draft 2020-12), made from the table of keywords, for editors and for YAML and JSON files given to `-f`, which
 * are held against it. It knows shapes, bounds and choices, and what the words of a line look like; what belongs together, and what names stand for, is left to
 * check/ and lower/, which also say what is wrong within a text.
 */
export { languageSchema } from './language.ts'
export type { Schema } from './schema.ts'
export { type Violation, violations } from './violations.ts'

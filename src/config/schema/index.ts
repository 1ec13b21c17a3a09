/**
 * The language as a JSON Schema (draft 2020-12), made from the table of keywords, for editors and for YAML and JSON files given to `-f`, which
 * are held against it. It knows shapes, bounds and choices; words inside a value, and what belongs together, are left to check/ and lower/.
 */
export { languageSchema } from './language.ts'
export type { Schema } from './schema.ts'
export { type Violation, violations } from './violations.ts'

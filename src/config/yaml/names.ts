import { type Container, keywordAt } from '../keywords/index.ts'

/** By its name a file is YAML. */
export const isYaml = (path: string): boolean => /\.(?:ya?ml|json)$/.test(path)

/** Its one word is read with escapes, so that there is none that could not be written, blanks and quotes included. */
export const isEscaped = (keyword: string): boolean => keyword === 'regex'

/** Whether it stands alone. */
export const isFlag = (container: Container | undefined, keyword: string): boolean =>
  container !== undefined && keywordAt(container, keyword)?.facts.takes === 'flag'

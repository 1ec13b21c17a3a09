import { type Container, keywordAt } from '../keywords/index.ts'

/** By its name a file is YAML. */
export const isYaml = (path: string): boolean => /\.(?:ya?ml|json)$/.test(path)

/** Whether it stands alone. */
export const isFlag = (container: Container | undefined, keyword: string): boolean =>
  container !== undefined && keywordAt(container, keyword)?.facts.takes === 'flag'

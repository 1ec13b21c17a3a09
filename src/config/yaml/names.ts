import { factsAt } from '../reference/index.ts'
import type { Container } from '../syntax/index.ts'

/** By its name a file is YAML. */
export const isYaml = (path: string): boolean => /\.(?:ya?ml|json)$/.test(path)

/** Whether a name or an address stands between the word and its block. */
export function hasHead(container: Container | undefined, keyword: string): boolean {
  const takes = container === undefined ? undefined : factsAt(container, keyword)?.takes
  return takes?.includes('{') === true && !takes.startsWith('{')
}

/** Whether it stands alone. */
export const isFlag = (container: Container | undefined, keyword: string): boolean =>
  container !== undefined && factsAt(container, keyword)?.takes === 'flag'

import { type Container, containers, type KeywordSupport, keywordsIn } from '../keywords/index.ts'
import { spelled } from './places.ts'

/** The table of docs/configuration.md: what becomes of each word, block by block. */
export function supportTable(): string {
  const rows = containers.map((container) => {
    const cells = [words(container, ['supported', 'always']), words(container, ['accepted'])]
    return `| ${container === 'root' ? 'top level' : spelled(container)} | ${cells.join(' | ')} |`
  })
  return `${['| Block | Supported | Accepted, without effect |', '| --- | --- | --- |', ...rows].join('\n')}\n`
}

const words = (container: Container, among: readonly KeywordSupport[]): string =>
  keywordsIn(container)
    .filter((keyword) => among.includes(keyword.support))
    .map(({ name }) => `\`${name}\``)
    .join(' ')

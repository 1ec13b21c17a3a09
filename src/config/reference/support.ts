import { type Container, containers, type KeywordSupport, keywordsIn } from '../keywords/index.ts'
import { spelled } from './places.ts'

/** The table of docs/configuration.md: what becomes of each word, block by block. */
export function supportTable(): string {
  const rows = containers.map((container) => {
    const cells = (['supported', 'accepted'] as const).map((support) => words(container, support))
    return `| ${container === 'root' ? 'top level' : spelled(container)} | ${cells.join(' | ')} |`
  })
  return `${['| Block | Supported | Accepted, without effect |', '| --- | --- | --- |', ...rows].join('\n')}\n`
}

const words = (container: Container, support: KeywordSupport): string =>
  keywordsIn(container)
    .filter((keyword) => keyword.support === support)
    .map(({ name }) => `\`${name}\``)
    .join(' ')

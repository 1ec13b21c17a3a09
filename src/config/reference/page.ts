import { type Container, containers, keywordsIn } from '../keywords/index.ts'
import { rangeText, sinceText, spelled } from './explain.ts'

const marks = { supported: '', accepted: 'accepted', unsupported: 'not yet' } as const

/** docs/keywords.md: every position of the language, a table a block. */
export function referencePage(): string {
  const parts = [
    '# Keywords',
    '',
    'Every keyword of the language, block by block; `holdfast config explain WORD` tells the same. Written by',
    '`holdfast config reference`. The lines of `virtual_ipaddress`, routes, rules and server groups have words of their own, which stand in',
    '[configuration.md](configuration.md).',
    '',
    '*Takes*: `[ ]` is optional, `|` is or, capital words are values; a flag takes nothing; a bool takes nothing or `true`, `false`,',
    '`on`, `off`, `yes`, `no`. *Here* is empty where Holdfast does it; *accepted* is read and has no effect; *not yet* is answered by a warning.',
    '',
  ]
  for (const container of containers) parts.push(...table(container))
  return `${parts.join('\n').trimEnd()}\n`
}

function table(container: Container): readonly string[] {
  const rows = keywordsIn(container).map(({ name, support, facts }) => ({ name, here: marks[support], facts }))
  return [
    `## ${container === 'root' ? 'Top level' : spelled(container)}`,
    '',
    '| Keyword | Takes | Default | Range | Meaning | Since | Here |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ name, here, facts }) =>
        `| \`${name}\` | ${[facts.takes, facts.default, rangeText(facts), facts.means].map(cell).join(' | ')} | ${sinceText(
          facts,
          container,
        )
          .replace('keepalived ', '')
          .replace('1.2.2 or before', '≤ 1.2.2')
          .replace('a word of Holdfast', 'ours')} | ${here} |`,
    ),
    '',
  ]
}

const cell = (text: string | undefined): string => (text ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;')

import { type Container, containers, keywordsIn, type LineName, lines, type OptionFacts } from '../keywords/index.ts'
import { defaultText, hereText, rangeText, sinceText } from './explain.ts'
import { optionPlaces, spelled } from './places.ts'

/** docs/keywords.md: every position of the language, a table a block. */
export function referencePage(): string {
  const parts = [
    '# Keywords',
    '',
    'Every keyword of the language, block by block; `holdfast config explain WORD` tells the same. Written by',
    '`holdfast config reference`. Addresses, routes, rules and some more have words of their own within a line, which stand at the',
    '[end](#words-within-lines).',
    '',
    '*Takes*: `[ ]` is optional, `|` is or, capital words are values; a flag takes nothing; a bool takes nothing or `true`, `false`,',
    '`on`, `off`, `yes`, `no`. *Here* is empty where Holdfast does it; *accepted* is read, checked and kept, and has no effect, with the',
    'reason and what to do instead; *always* is so, written or not.',
    '',
  ]
  for (const container of containers) parts.push(...table(container))
  parts.push('## Words within lines', '')
  for (const line of Object.keys(lines) as LineName[]) parts.push(...optionTable(line))
  return `${parts.join('\n').trimEnd()}\n`
}

function table(container: Container): readonly string[] {
  const rows = keywordsIn(container).map(({ name, support, facts }) => ({
    name,
    here: hereText(support, facts) ?? '',
    facts,
  }))
  return [
    `## ${container === 'root' ? 'Top level' : spelled(container)}`,
    '',
    '| Keyword | Takes | Default | Range | Meaning | Since | Here |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ name, here, facts }) =>
        `| \`${name}\` | ${[facts.takes, defaultText(facts, container), rangeText(facts), facts.means].map(cell).join(' | ')} | ${sinceText(
          facts,
          container,
        )
          .replace('keepalived ', '')
          .replace('1.2.2 or before', '≤ 1.2.2')
          .replace('a word of Holdfast', 'ours')} | ${cell(here)} |`,
    ),
    '',
  ]
}

/** What a kind of line is, where it stands and what its words are. */
function optionTable(line: LineName): readonly string[] {
  const { takes, means, options } = lines[line]
  const owners = [...new Set(optionPlaces.filter((place) => place.line === line).map(({ path }) => path.at(-1)))]
  const rows = (options as readonly OptionFacts[]).map(
    (facts) =>
      `| ${facts.names.map((name) => `\`${name}\``).join(' ')} | ${[
        facts.takes,
        defaultText(facts),
        rangeText(facts),
        facts.instead === undefined ? facts.means : `${facts.means}; write ${facts.instead}`,
      ]
        .map(cell)
        .join(' | ')} |`,
  )
  return [
    `### ${owners.join(', ')}`,
    '',
    `\`${takes}\`: ${means}.`,
    '',
    '| Word | Takes | Default | Range | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ]
}

const cell = (text: string | undefined): string => (text ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;')

import { expect, test } from 'vitest'
import { containers, type Keyword, keywordsIn } from '../../src/config/keywords/index.ts'
import { examplesOf, fileWith, type Setting } from './examples.ts'
import { load } from './files.ts'
import { files, settings } from './position-settings.ts'

const positionOf = ({ container, name }: Keyword): string => `${container} ${name}`
const settingOf = (keyword: Keyword): Setting => settings[positionOf(keyword)] ?? {}

const single = containers
  .flatMap(keywordsIn)
  .filter(({ support, content }) => support === 'supported' && content === 'line')

for (const keyword of single) {
  const lines = [...new Set(examplesOf(keyword, settingOf(keyword)))]
  const loaded = (line: string) => load(fileWith(keyword, line, settingOf(keyword)), files)
  const models = lines.map((line) => ({ line, model: JSON.stringify(loaded(line).model) }))
  const [a] = models
  const b = models.find(({ model }) => model !== a?.model)
  if (a === undefined || b === undefined) continue
  const { twice = 'last' } = keyword.facts
  test(`${positionOf(keyword)}: of several ${twice} counts`, () => {
    const ways = [
      [a, b],
      [b, a],
    ] as const
    const both = ways.map(([first, last]) => loaded(`${first.line}\n${last.line}`))
    const counted = both.map(({ model }, index) => {
      const [first, last] = ways[index] as (typeof ways)[number]
      const text = JSON.stringify(model)
      return text === last.model ? 'last' : text === first.model ? 'first' : 'both'
    })
    const said = both.map(({ diagnostics }) =>
      diagnostics.some(({ message }) => /is given already|stands there twice|is one too many/.test(message)),
    )
    expect(said).toEqual([twice === 'told', twice === 'told'])
    if (twice === 'all') expect(counted).not.toEqual(['last', 'last'])
    else if (twice === 'MASTER')
      expect(ways.map((way, index) => way[counted[index] === 'first' ? 0 : 1].line)).toEqual([
        'state MASTER',
        'state MASTER',
      ])
    else expect(counted).toEqual(twice === 'last' ? ['last', 'last'] : ['first', 'first'])
  })
}

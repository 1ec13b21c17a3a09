/** The reader of configurations, for the fuzzer: what users publish and every keyword in its place, cut small and put where it does not belong. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintConfiguration, loadConfiguration, print, render } from '../../src/config/index.ts'
import { allFacts, containers, keywordsIn } from '../../src/config/keywords/index.ts'
import { silent } from '../../src/config/report.ts'
import { expand } from '../../src/config/source/index.ts'
import { type Node, parse } from '../../src/config/syntax/index.ts'
import { examplesOf, fileWith } from '../config/examples.ts'
import { MAIN, memoryFiles } from '../config/files.ts'
import { settings } from '../config/position-settings.ts'
import type { Target } from './targets.ts'

/** Longer seeds are taken apart: what an input costs is its length. */
const LONGEST_SEED = 600

const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (text: string, { at, block }: Node): string => text.slice(at.start, (block ?? { at }).at.end)
const topLevel = (text: string): readonly string[] => parse(text, silent).nodes.map((node) => textOf(text, node))

const published = ['test/corpus/conf', 'test/corpus/bad', 'conf-examples']
  .flatMap((folder) => readdirSync(folder).map((name) => Uint8Array.from(readFileSync(join(folder, name)))))
  .flatMap((bytes) =>
    bytes.length <= LONGEST_SEED ? [bytes] : topLevel(new TextDecoder().decode(bytes)).map(textBytes),
  )

const positions = containers.flatMap(keywordsIn)
const examples = positions.map((keyword) => {
  const setting = settings[`${keyword.container} ${keyword.name}`] ?? {}
  return { keyword, setting, lines: examplesOf(keyword, setting) }
})

/** A keyword with what it needs around it, without the blocks that stand in the file of examples anyway. */
const usual = new Set<string>()
const noteBlocks = (text: string, nodes: readonly Node[]): void => {
  for (const node of nodes) {
    if (node.block === undefined) continue
    usual.add(textOf(text, node))
    noteBlocks(text, node.block.nodes)
  }
}
const smallest = (text: string, nodes: readonly Node[]): string =>
  nodes
    .filter((node) => node.block === undefined || !usual.has(textOf(text, node)))
    .map((node) => {
      const line = text.slice(node.at.start, node.at.end)
      return node.block === undefined ? `${line}\n` : `${line} {\n${smallest(text, node.block.nodes)}}\n`
    })
    .join('')
for (const { keyword, setting } of examples) {
  const text = fileWith(keyword, undefined, setting)
  if (Object.keys(setting).length === 0) noteBlocks(text, parse(text, silent).nodes)
}
const inPlace = examples.flatMap(({ keyword, setting, lines }) =>
  lines.slice(0, 2).map((line) => {
    const text = fileWith(keyword, line, setting)
    return textBytes(smallest(text, parse(text, silent).nodes))
  }),
)
const seeds = [...published, ...inPlace].filter(({ length }) => length <= LONGEST_SEED)

const marks = `{ } " ' \\ # ! \n \n} { \0 \r\n $A $A= $A=$A \${A} \${_ENV X} \${_RANDOM 1 9} $A=\\\n ~SEQ(A,3) ~SEQ(A,1,999999999)
  ~SEQx(A,1,16,64) ~LST(A,1,2) ~LST({A,B},{1,2}) @alpha @^alpha @^ include includea include_check / * ? [a-z] {a,b} /etc/keepalived/*`
const values = `0 1 -1 255 256 65535 65536 4294967295 4294967296 99999999999999999999 0.000001 1.5 1e9 10s 0x10 true off
  192.0.2.1 192.0.2.1/24 192.0.2.1-9 2001:db8::1 2001:db8::1/64 ::ffff:192.0.2.1 fe80::1%eth0 eth0 lo VI_1 tcp udp inet6 weight dev via
  MASTER BACKUP PASS AH rr mh NAT DR TUN FNAT fwmark group brd + label scope table root:root default all none`
const words = [
  ...[...new Set([...allFacts.flatMap(({ names }) => names), ...`${marks} ${values}`.split(/ +/), '\n', ' '])].map(
    (word) => ` ${word} `,
  ),
  ...new Set(examples.flatMap(({ lines }) => lines.map((line) => `\n${line}\n`))),
].map(textBytes)

const files: Record<string, Uint8Array> = {
  '/etc/keepalived/b': textBytes('vrrp_instance B {\n interface eth0\n'),
  '/etc/keepalived/c': textBytes('include *\n$A=1'),
}
const host = {
  ...memoryFiles(files),
  interfaceExists: (name: string) => name !== 'eth9',
  isExecutable: (path: string) => path.startsWith('/bin/'),
}
const portsOf = (main: Uint8Array): typeof host => {
  files[MAIN] = main
  return host
}
const options = { configId: 'alpha', hostName: 'alpha', environment: { X: 'y z' } }

const base = { seeds, words, most: 800, covers: '/src/config/', guided: 400_000 }

/** Printed texts that have been read back right, for most mutants mean what another meant; forgotten when there are too many. */
const readBack = new Set<string>()
const MOST_READ_BACK = 20_000

/** What becomes of a printed text when it is read and printed again. */
function printedAgain(printed: string): string {
  if (readBack.has(printed)) return printed
  const { configuration } = loadConfiguration(portsOf(textBytes(printed)), MAIN, options)
  const again = configuration === undefined ? '' : print(configuration, { secrets: 'shown' })
  if (readBack.size >= MOST_READ_BACK) readBack.clear()
  if (again === printed) readBack.add(printed)
  return again
}

export const configurationTargets: readonly Target[] = [
  {
    ...base,
    name: 'configuration: source',
    cost: 5,
    decode(bytes) {
      const { source } = expand(MAIN, bytes, portsOf(bytes), options, ({ line, column }) => {
        if (!(line >= 1 && column >= 1)) throw new Error(`place ${line}:${column}`)
      })
      const last = source.placeOf(source.text.length)
      return last.line >= 1 && last.column >= 1 ? [bytes, bytes] : undefined
    },
  },
  {
    ...base,
    name: 'configuration: words and blocks',
    cost: 2,
    decode(bytes) {
      const text = new TextDecoder().decode(bytes)
      const { nodes } = parse(text, silent)
      let end = 0
      for (const { at, block } of nodes) {
        if (at.start < end || at.end <= at.start || at.end > text.length) throw new Error(`a node at ${at.start}`)
        end = block?.at.end ?? at.end
      }
      return [bytes, bytes]
    },
  },
  {
    ...base,
    name: 'configuration: model',
    cost: 20,
    /** What is understood is understood again when it has been printed. */
    decode(bytes) {
      const { configuration, diagnostics, sources } = lintConfiguration(portsOf(bytes), MAIN, options)
      render(diagnostics, sources, { rules: true })
      if (configuration === undefined) return undefined
      const printed = print(configuration, { secrets: 'shown' })
      return [textBytes(printed), textBytes(printedAgain(printed))]
    },
  },
]

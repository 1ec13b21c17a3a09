/** The reader of configurations, for the fuzzer: files that users publish, words of the language put where they do not belong. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintConfiguration, loadConfiguration, print, render } from '../../src/config/index.ts'
import { allFacts } from '../../src/config/keywords/index.ts'
import { silent } from '../../src/config/report.ts'
import { expand } from '../../src/config/source/index.ts'
import { parse } from '../../src/config/syntax/index.ts'
import { MAIN, memoryFiles } from '../config/files.ts'
import type { Target } from './targets.ts'

const folders = ['test/corpus/conf', 'test/corpus/bad', 'conf-examples']
const seeds = folders.flatMap((folder) =>
  readdirSync(folder)
    .map((name) => Uint8Array.from(readFileSync(join(folder, name))))
    .filter(({ length }) => length <= 1500),
)

const marks = `{ } " ' \\ # ! \n \n} { \0 \r\n $A $A= $A=$A \${A} \${_ENV X} \${_RANDOM 1 9} $A=\\\n ~SEQ(A,3) ~SEQ(A,1,999999999)
  ~SEQx(A,1,16,64) ~LST(A,1,2) ~LST({A,B},{1,2}) @alpha @^alpha @^ include includea include_check / * ? [a-z] {a,b} /etc/keepalived/*`
const values = `0 1 -1 255 256 65535 65536 4294967295 4294967296 99999999999999999999 0.000001 1.5 1e9 10s 0x10 true off
  192.0.2.1 192.0.2.1/24 192.0.2.1-9 2001:db8::1 2001:db8::1/64 ::ffff:192.0.2.1 fe80::1%eth0 eth0 lo VI_1 tcp udp inet6 weight dev via
  MASTER BACKUP PASS AH rr mh NAT DR TUN FNAT fwmark group brd + label scope table root:root default all none`
const words = [
  ...new Set([...allFacts.flatMap(({ names }) => names), ...`${marks} ${values}`.split(/ +/), '\n', ' ']),
].map((word) => new TextEncoder().encode(` ${word} `))

const ports = (bytes: Uint8Array) => ({
  ...memoryFiles({
    [MAIN]: bytes,
    '/etc/keepalived/b': 'vrrp_instance B {\n interface eth0\n',
    '/etc/keepalived/c': 'include *\n$A=1',
  }),
  interfaceExists: (name: string) => name !== 'eth9',
  isExecutable: (path: string) => path.startsWith('/bin/'),
})
const options = { configId: 'alpha', hostName: 'alpha', environment: { X: 'y z' } }
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const base = { seeds, words, most: 2000, covers: '/src/config/' }

export const configurationTargets: readonly Target[] = [
  {
    ...base,
    name: 'configuration: source',
    cost: 5,
    decode(bytes) {
      const { source } = expand(MAIN, bytes, ports(bytes), options, ({ line, column }) => {
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
    cost: 40,
    /** What is understood is understood again when it has been printed. */
    decode(bytes) {
      const { configuration, diagnostics, sources } = lintConfiguration(ports(bytes), MAIN, options)
      render(diagnostics, sources, { rules: true })
      if (configuration === undefined) return undefined
      const printed = textBytes(print(configuration, { secrets: 'shown' }))
      const again = loadConfiguration(ports(printed), MAIN, options).configuration
      return [printed, again === undefined ? new Uint8Array() : textBytes(print(again, { secrets: 'shown' }))]
    },
  },
]

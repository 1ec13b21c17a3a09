import { addressLine } from './address.ts'
import type { LineFacts, OptionFacts } from './facts.ts'
import { encapIp, encapIp6, nextHop, routeLine } from './route.ts'
import { ruleLine } from './rule.ts'
import {
  catchUpWords,
  connectionSyncWords,
  ipvlanWords,
  macvlanWords,
  methodWords,
  peerLine,
  schedulerWords,
  serverGroupLine,
  timeoutWords,
  trackLines,
} from './small.ts'

/** Every kind of line with words of its own. */
export const lines = {
  address: addressLine,
  route: routeLine,
  nexthop: nextHop,
  'encap ip': encapIp,
  'encap ip6': encapIp6,
  rule: ruleLine,
  ...trackLines,
  unicast_peer: peerLine,
  virtual_server_group: serverGroupLine,
  use_vmac: macvlanWords,
  use_ipvlan: ipvlanWords,
  lvs_sync_daemon: connectionSyncWords,
  lvs_sync_catch_up: catchUpWords,
  lvs_timeouts: timeoutWords,
  method: methodWords,
  scheduler: schedulerWords,
} as const satisfies Readonly<Record<string, LineFacts>>

export type LineName = keyof typeof lines

/** A word that is an option of such a line. */
export type OptionName<Line extends LineName> = (typeof lines)[Line]['options'][number]['names'][number]

const byWord = new Map(
  (Object.keys(lines) as LineName[]).map((name) => [
    name,
    new Map<string, OptionFacts>(
      (lines[name].options as readonly OptionFacts[]).flatMap((facts) =>
        facts.names.map((word) => [word, facts] as const),
      ),
    ),
  ]),
)

/** Undefined: the word is none of its options. */
export const optionOf = (line: LineName, word: string): OptionFacts | undefined => byWord.get(line)?.get(word)

export const isOption = <Line extends LineName>(line: Line, word: string): word is OptionName<Line> =>
  optionOf(line, word) !== undefined

/** Its words, in the order of the table. */
export const optionWords = (line: LineName): readonly string[] => [...(byWord.get(line)?.keys() ?? [])]

import { endpoint, realServerKey, serviceKey, type VirtualServer } from '../../model/index.ts'
import { type LoweredServer, serverTitle } from '../lower/index.ts'
import type { Finding, Side } from './side.ts'

/** Virtual servers of the two files, by what they listen to. After a failover clients meet the other list. */
export function* compareServices(a: Side, b: Side): Generator<Finding> {
  const theirs = new Map(b.checked.lowered.servers.map((server) => [serviceKey(server.value.service), server]))
  for (const mine of a.checked.lowered.servers) {
    const key = serviceKey(mine.value.service)
    const other = theirs.get(key)
    theirs.delete(key)
    if (other === undefined) yield missing(a, mine, b)
    else yield* comparePair(a, mine, b, other)
  }
  for (const other of theirs.values()) yield missing(b, other, a)
}

const missing = (here: Side, server: LoweredServer, there: Side): Finding => ({
  rule: 'pair-service-missing',
  severity: 'warning',
  at: here.inServer(server),
  other: there.top,
  otherMessage: 'the other file has it not',
  message: `${serverTitle(server.value)} is on one director only; after a failover nobody serves it`,
  remedy: 'write it in both files',
})

function* comparePair(a: Side, mine: LoweredServer, b: Side, theirs: LoweredServer): Generator<Finding> {
  const title = serverTitle(mine.value)
  const finding = (rule: string, keywords: readonly string[], message: string): Finding => ({
    rule,
    severity: 'warning',
    at: a.inServer(mine, ...keywords),
    other: b.inServer(theirs, ...keywords),
    message: `${title}: ${message}`,
  })
  for (const [word, keywords, value] of settings) {
    const [here, there] = [value(mine.value), value(theirs.value)]
    if (here !== there) yield finding('pair-service-settings', keywords, `${word} ${here} here, ${there} there`)
  }
  const listed = ({ realServers }: VirtualServer) =>
    new Map(realServers.map((server) => [realServerKey(server), server]))
  const [here, there] = [listed(mine.value), listed(theirs.value)]
  const onlyHere = [...here.keys()].filter((key) => !there.has(key))
  const onlyThere = [...there.keys()].filter((key) => !here.has(key))
  if (onlyHere.length + onlyThere.length > 0)
    yield finding(
      'pair-real-servers',
      ['real_server'],
      [
        ...(onlyHere.length === 0 ? [] : [`real servers only here: ${onlyHere.join(' ')}`]),
        ...(onlyThere.length === 0 ? [] : [`real servers only there: ${onlyThere.join(' ')}`]),
      ].join('; '),
    )
  for (const [key, server] of here) {
    const other = there.get(key)
    if (other === undefined) continue
    if (server.weight !== other.weight)
      yield finding(
        'pair-real-servers',
        ['real_server'],
        `real_server ${key} has weight ${server.weight} here, ${other.weight} there`,
      )
    if (server.method !== other.method)
      yield finding(
        'pair-real-servers',
        ['real_server'],
        `real_server ${key} by ${server.method} here, by ${other.method} there`,
      )
  }
}

const settings: readonly (readonly [
  word: string,
  keywords: readonly string[],
  value: (of: VirtualServer) => string | number,
])[] = [
  ['lb_algo', ['lb_algo', 'lvs_sched'], ({ scheduler }) => scheduler],
  ['persistence_timeout', ['persistence_timeout'], ({ persistence }) => persistence?.timeout ?? 'none'],
  ['quorum', ['quorum'], ({ quorum }) => quorum],
  ['sorry_server', ['sorry_server'], ({ sorryServer }) => (sorryServer === undefined ? 'none' : endpoint(sorryServer))],
]

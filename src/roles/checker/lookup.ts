import { type Family, fail, ok, type Result } from '../../base/index.ts'
import type { ListedServer, ServerName } from '../../model/index.ts'
import {
  hostsFor,
  inOrder,
  isServerAddress,
  type LookupFailure,
  type RecordsOf,
  recordsFor,
  type ServiceHost,
} from '../../proto/lookup/index.ts'
import type { DnsRecord } from '../../wire/dns/index.ts'

/** The answer to one question, or why there is none. Never rejects. */
export type AskRecords = (
  name: string,
  type: 'A' | 'AAAA' | 'SRV',
) => Promise<Result<readonly DnsRecord[], LookupFailure>>

/** The servers that a name lists now, and how many seconds that counts. */
export type Found = { readonly servers: readonly ListedServer[]; readonly ttl: number }

/** As many hosts may serve one name. */
const MOST_HOSTS = 256
/** As many of them are asked for at a time. */
const HOSTS_AT_A_TIME = 8

/** What a name has come to. It is found as a whole or not at all, but for hosts of a service that do not exist. */
export function lookUp(of: ServerName, ask: AskRecords): Promise<Result<Found, LookupFailure>> {
  return of.kind === 'dns' ? lookUpAddresses(of.name, of.family, ask) : lookUpServices(of, ask)
}

/** Questions for one name: an alias whose own records are not in the answer is asked for, as servers without recursion leave it. */
const MOST_QUESTIONS = 4

async function lookUpAddresses(name: string, family: Family, ask: AskRecords): Promise<Result<Found, LookupFailure>> {
  const type = family === 4 ? 'A' : 'AAAA'
  let ttl = Infinity
  let at = name
  for (let questions = 0; questions < MOST_QUESTIONS; questions++) {
    const answer = await ask(at, type)
    if (!answer.ok) return answer
    const found = recordsFor(answer.value, at, type)
    ttl = Math.min(ttl, found.ttl)
    if (found.records.length > 0) return serversAt(name, found.records, ttl)
    if (found.alias === undefined) break
    at = found.alias
  }
  return fail({ reason: 'empty', message: `${name} has no ${type} record` })
}

function serversAt(
  name: string,
  records: readonly RecordsOf<'A' | 'AAAA'>[],
  ttl: number,
): Result<Found, LookupFailure> {
  const servers = records.flatMap(({ address }) => (isServerAddress(address) ? [{ address, hostName: name }] : []))
  if (servers.length > 0) return ok({ servers: inOrder(servers), ttl })
  return fail({ reason: 'unusable', message: `${name} has ${records[0]?.address}, which cannot be a real server` })
}

async function lookUpServices({ name, family }: ServerName, ask: AskRecords): Promise<Result<Found, LookupFailure>> {
  const answer = await ask(name, 'SRV')
  if (!answer.ok) return answer
  const { hosts, ttl, absent } = hostsFor(answer.value, name)
  if (absent) return fail({ reason: 'nxdomain', message: `${name} says that the service is not available` })
  if (hosts.length === 0) return fail({ reason: 'empty', message: `${name} has no SRV record` })
  const names = [...new Set(hosts.map(({ host }) => host))]
  if (names.length > MOST_HOSTS)
    return fail({ reason: 'unusable', message: `${name} names ${names.length} hosts, more than ${MOST_HOSTS}` })
  const found = new Map<string, Found>()
  let failure: LookupFailure | undefined
  const waiting = names.values()
  const takeTurns = async (): Promise<void> => {
    for (const host of waiting) {
      const addresses = await lookUpAddresses(host, family, ask)
      if (addresses.ok) found.set(host, addresses.value)
      else if (failure === undefined || addresses.error.reason === 'unanswered') failure = addresses.error
    }
  }
  await Promise.all(Array.from({ length: HOSTS_AT_A_TIME }, takeTurns))
  // Hosts that cannot be asked for may well serve; those that do not exist cannot.
  if (failure?.reason === 'unanswered') return fail(failure)
  const servers = hosts.flatMap((one) => (found.get(one.host)?.servers ?? []).map((server) => withService(server, one)))
  if (servers.length === 0) return fail({ reason: 'empty', message: failure?.message ?? `${name} has no hosts` })
  return ok({
    servers: inOrder(servers),
    ttl: [...found.values()].reduce((least, one) => Math.min(least, one.ttl), ttl),
  })
}

const withService = (server: ListedServer, { port, weight }: ServiceHost): ListedServer => ({
  ...server,
  port,
  ...(weight === undefined ? {} : { weight }),
})

import type { DnsRecord } from '../../wire/dns/index.ts'

/** More are no way to a host. */
const MOST_ALIASES = 16

/** Records of a type. */
export type RecordsOf<T extends DnsRecord['type']> = Extract<DnsRecord, { readonly type: T }>

/**
 * The records of a type that a name has, by way of its aliases (RFC 1034 §3.6.2), in the order of the answer, and how many seconds
 * all of that counts. Those of other names are left out: an answer has no business with them. `alias`: there are none, and this is the
 * name that the answer ends with and says nothing of.
 */
export function recordsFor<T extends DnsRecord['type']>(
  answer: readonly DnsRecord[],
  name: string,
  type: T,
): { readonly records: readonly RecordsOf<T>[]; readonly ttl: number; readonly alias?: string } {
  const isWanted = (record: DnsRecord): record is RecordsOf<T> => record.type === type
  let at = name
  let ttl = Infinity
  for (let hops = 0; hops <= MOST_ALIASES; hops++) {
    const here = answer.filter((record) => record.name === at)
    const records = here.filter(isWanted)
    if (records.length > 0) return { records, ttl: records.reduce((least, one) => Math.min(least, one.ttl), ttl) }
    const alias = here.find((record) => record.type === 'CNAME')
    if (alias === undefined) return { records: [], ttl, ...(at === name ? {} : { alias: at }) }
    at = alias.target
    ttl = Math.min(ttl, alias.ttl)
  }
  return { records: [], ttl }
}

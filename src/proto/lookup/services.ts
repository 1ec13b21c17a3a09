import type { DnsRecord } from '../../wire/dns/index.ts'
import { type RecordsOf, recordsFor } from './aliases.ts'

/** A host that serves, as SRV records tell. */
export type ServiceHost = {
  readonly host: string
  readonly port: number
  /** Absent: the records do not prefer one to another, and so the configuration has it. */
  readonly weight?: number
}

/**
 * The hosts of the most preferred priority (RFC 2782); others are no servers while these are named. Weight 0 is `a very small
 * chance` where others have more, and that is 1 here; where all have it, there is no preference. `absent`: the one record says
 * that the service is decidedly not available.
 */
export function hostsFor(
  answer: readonly DnsRecord[],
  name: string,
): { readonly hosts: readonly ServiceHost[]; readonly ttl: number; readonly absent: boolean } {
  const { records, ttl } = recordsFor(answer, name, 'SRV')
  const usable = records.filter(({ target, port }) => target !== '.' && port !== 0)
  const preferred = usable.reduce((least, { priority }) => Math.min(least, priority), Infinity)
  const group = usable.filter(({ priority }) => priority === preferred)
  const weighted = group.some(({ weight }) => weight > 0)
  return {
    hosts: group.map((record) => hostOf(record, weighted)),
    ttl,
    absent: usable.length === 0 && records.some(({ target }) => target === '.'),
  }
}

const hostOf = ({ target, port, weight }: RecordsOf<'SRV'>, weighted: boolean): ServiceHost => ({
  host: target,
  port,
  ...(weighted ? { weight: Math.max(1, weight) } : {}),
})

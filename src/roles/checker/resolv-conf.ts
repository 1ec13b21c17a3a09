import { address, parseAddress } from '../../base/index.ts'
import { DNS_PORT, type NameServer } from '../../model/index.ts'
import { readText } from '../../sys/files/index.ts'

const FILE = '/etc/resolv.conf'
/** resolv.conf(5): the first of them count. */
const MOST_NAME_SERVERS = 3
/** Where there is none. */
const THIS_HOST = address('127.0.0.1')

/** Whom the host asks, as the file says at this moment. */
export function hostNameServers(): readonly NameServer[] {
  const text = readText(FILE)
  return nameServersIn(text.ok ? text.value : '')
}

/** The `nameserver` lines of a resolv.conf(5); options and search lists are not for us. Those with a scope are passed over. */
export function nameServersIn(text: string): readonly NameServer[] {
  const found = [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].flatMap(
    ([, written = '']) => parseAddress(written) ?? [],
  )
  const addresses = found.length === 0 ? [THIS_HOST] : found.slice(0, MOST_NAME_SERVERS)
  return addresses.map((one) => ({ address: one, port: DNS_PORT }))
}

import { addressBytes, type Family, familyOf, hexOf, hostIsLittleEndian, type IpAddress } from '../../base/index.ts'
import { readText } from '../../sys/files/index.ts'

/** State of a socket that listens (net/tcp_states.h). */
const LISTENING = '0A'
const tables: Readonly<Record<Family, string>> = { 4: '/proc/net/tcp', 6: '/proc/net/tcp6' }
/** Of an address of all zeros: any. A socket of IPv6 with it mostly takes IPv4 as well. */
const ANY = /^0+$/

/** Whether something on this host takes connections to that address and port. */
export function listensAt(address: IpAddress, port: number): boolean {
  const families: readonly Family[] = familyOf(address) === 4 ? [4, 6] : [6]
  return families.some((family) =>
    listening(family).some((socket) => socket.port === port && reaches(socket, address, family)),
  )
}

type Socket = { readonly address: string; readonly port: number }

function reaches(socket: Socket, address: IpAddress, family: Family): boolean {
  if (ANY.test(socket.address)) return true
  return family === familyOf(address) && socket.address === shownInProc(address)
}

function listening(family: Family): readonly Socket[] {
  const read = readText(tables[family])
  if (!read.ok) return []
  return read.value.split('\n').flatMap((line): Socket[] => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    return state === LISTENING ? [{ address, port: Number.parseInt(port, 16) }] : []
  })
}

/** As /proc shows addresses: 32-bit words in the host's order. */
function shownInProc(address: IpAddress): string {
  const bytes = addressBytes(address)
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.subarray(4 * i, 4 * i + 4))
  return words
    .map((word) => hexOf(hostIsLittleEndian ? word.toReversed() : word))
    .join('')
    .toUpperCase()
}

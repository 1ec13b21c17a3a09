/** Frames and steps for people. */

import { addressFromBytes } from '../../../src/base/index.ts'
import { ICMP, ICMP6, SCTP, TCP, UDP } from './packets.ts'
import type { Framed } from './render.ts'

const protocolNames: Readonly<Record<number, string>> = {
  [ICMP]: 'icmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  [ICMP6]: 'icmp6',
  [SCTP]: 'sctp',
  4: 'ipip',
  41: 'ipv6',
  47: 'gre',
}

export function describePacket(ip: Uint8Array): string {
  const four = (ip[0] as number) >> 4 === 4
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength)
  if (ip.length < (four ? 20 : 40)) return `${ip.length} bytes`
  const size = four ? ((ip[0] as number) & 15) * 4 : 40
  const protocol = (four ? ip[9] : ip[6]) as number
  const source = addressFromBytes(four ? ip.subarray(12, 16) : ip.subarray(8, 24))
  const target = addressFromBytes(four ? ip.subarray(16, 20) : ip.subarray(24, 40))
  const words = [protocolNames[protocol] ?? `protocol ${protocol}`]
  const fragment = four ? view.getUint16(6) & 0x1fff : 0
  const ports = [TCP, UDP, SCTP].includes(protocol) && fragment === 0 && ip.length >= size + 4
  words.push(
    ports ? `${source}:${view.getUint16(size)} > ${target}:${view.getUint16(size + 2)}` : `${source} > ${target}`,
  )
  if (ports && protocol === TCP) words.push(tcpFlagNames(ip[size + 13] ?? 0))
  if (ports && protocol === SCTP) words.push(`chunk ${ip[size + 12]}`)
  words.push(`ttl ${four ? ip[8] : ip[7]}`)
  if (four) {
    if (view.getUint16(6) & 0x4000) words.push('DF')
    if (fragment > 0 || view.getUint16(6) & 0x2000) words.push(`fragment at ${fragment * 8}`)
    if (ip[1] !== 0) words.push(`tos ${ip[1]}`)
  }
  words.push(`${ip.length} bytes`)
  if (protocol === ICMP || protocol === ICMP6) {
    words.push(`type ${ip[size]}/${ip[size + 1]} (${view.getUint32(size + 4)})`)
    if (ip.length >= size + 28) words.push(`[${describePacket(ip.subarray(size + 8))}]`)
  }
  if (protocol === 4 || protocol === 41) words.push(`[${describePacket(ip.subarray(size))}]`)
  return words.join(' ')
}

const tcpFlagNames = (flags: number): string =>
  ['F', 'S', 'R', 'P', 'A', 'U'].filter((_, bit) => flags & (1 << bit)).join('') || 'no flags'

export const describeFrame = ({ port, bytes }: Framed): string =>
  `eth${port} ${Buffer.from(bytes.subarray(0, 6)).toString('hex')} ${describePacket(bytes.subarray(14))}`

const hexOf = ({ bytes }: Framed): string => Buffer.from(bytes).toString('hex')

/** Both, or where they look the same the bytes in which they differ. */
export function describeUnequal(kernel: readonly Framed[], embedded: readonly Framed[]): string {
  const said = [kernel, embedded].map((frames) =>
    frames.length === 0 ? 'nothing' : frames.map(describeFrame).join('; '),
  )
  const lines = [`  kernel:   ${said[0]}`, `  embedded: ${said[1]}`]
  const [mine, theirs] = [kernel[0], embedded[0]]
  if (mine !== undefined && theirs !== undefined && mine.bytes.length === theirs.bytes.length) {
    const at = mine.bytes.findIndex((byte, i) => byte !== theirs.bytes[i])
    if (at >= 0)
      lines.push(`  first unequal byte ${at - 14} of the packet`, `    ${hexOf(mine)}`, `    ${hexOf(theirs)}`)
  }
  return lines.join('\n')
}

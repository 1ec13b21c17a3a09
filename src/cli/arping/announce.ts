import process from 'node:process'
import { familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import { type Link, openRouteClient } from '../../sys/netlink/index.ts'
import { openFrameSocket } from '../../sys/socket/index.ts'
import { encodeGratuitousArp } from '../../wire/arp/index.ts'
import { encodeUnsolicitedAdvertisement } from '../../wire/ndisc/index.ts'

export type AnnounceOptions = {
  /** Absent: every interface that has the address. */
  readonly interface?: string
  readonly count: number
  /** Between two rounds. */
  readonly interval: number
}

/**
 * Gratuitous ARP, or unsolicited neighbour advertisements, for addresses of this host.
 * @returns the exit code: 0, 1 when an address is not here, 2 when nothing could be sent
 */
export async function announce(words: readonly string[], options: AnnounceOptions): Promise<number> {
  const client = openRouteClient()
  if (!client.ok) return failed(client.error.message)
  const links = client.value.links()
  const addresses = client.value.addresses()
  client.value.close()
  if (!links.ok) return failed(links.error.message)
  if (!addresses.ok) return failed(addresses.error.message)

  const places: { address: IpAddress; link: Link }[] = []
  for (const word of words) {
    const address = parseAddress(word)
    if (address === undefined) return failed(`${word} is not an address`)
    const held = addresses.value.filter((entry) => entry.address === address)
    const on = held.flatMap(({ interfaceIndex }) => links.value.filter(({ index }) => index === interfaceIndex))
    const wanted = on.filter(({ name }) => options.interface === undefined || name === options.interface)
    const able = wanted.filter((link) => link.up && link.mac.length === 6 && !link.loopback && !link.noArp)
    if (able.length === 0) {
      const where = on.map(({ name }) => name).join(', ')
      process.stderr.write(
        on.length === 0
          ? `${address} is not on this host; announcing it would take it from whoever has it (holdfast arping -U -I does not ask)\n`
          : `${address} is on ${where}, where it cannot be announced\n`,
      )
      return 1
    }
    for (const link of able) places.push({ address, link })
  }

  for (let round = 0; round < options.count; round++) {
    if (round > 0) await new Promise((done) => setTimeout(done, 1000 * options.interval))
    for (const { address, link } of places) {
      const socket = openFrameSocket(link.index)
      if (!socket.ok) return failed(socket.error.message)
      const sent = socket.value.send(frameFor(address, link))
      socket.value.close()
      if (!sent.ok) return failed(sent.error.message)
    }
  }
  for (const { address, link } of places)
    process.stdout.write(`${address} announced on ${link.name}, ${options.count} times\n`)
  return 0
}

const frameFor = (address: IpAddress, { mac }: Link): Uint8Array =>
  familyOf(address) === 4
    ? encodeGratuitousArp({ mac, address })
    : encodeUnsolicitedAdvertisement({ mac, address, router: false, override: true })

function failed(sentence: string): 2 {
  process.stderr.write(`${sentence}\n`)
  return 2
}

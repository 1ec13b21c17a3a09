/** One configuration, given to Debian's keepalived and to Holdfast: what a switch and the other routers get to see. */
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Capture, type Frame, type Host, until } from './library/index.ts'
import { routers } from './scenes.ts'

/** Bytes that may differ, by design: docs/differences.md. */
function comparable(frame: Frame): string {
  const bytes = Uint8Array.from(frame.bytes)
  // The IPv4 identification and with it the header checksum.
  if (frame.kind === 'vrrp' && bytes[12] === 0x08) bytes.fill(0, 18, 20).fill(0, 24, 26)
  // The R flag of a neighbour advertisement and with it the checksum.
  if (frame.kind === 'neighbour-advertisement') bytes.fill(0, 56, 59)
  return Buffer.from(bytes).toString('hex')
}

/** The life of a master on the wire: its advertisements by kind, its announcements with their number, its resignation. */
async function life(host: Host, wire: Capture, address: string, daemon: { stop(): Promise<unknown> }) {
  const advertisements = () => mine().filter((frame) => frame.kind === 'vrrp')
  const announcements = () =>
    mine().filter(
      (frame) => (frame.kind === 'arp' ? frame.senderAddress : 'target' in frame && frame.target) === address,
    )
  const mine = () => wire.frames.filter(({ sourceMac }) => sourceMac === host.mac())
  await until('the second burst', () => announcements().length >= 10)
  await until('three advertisements', () => advertisements().length >= 3)
  await daemon.stop()
  await until('the resignation', () => advertisements().some((frame) => frame.kind === 'vrrp' && frame.priority === 0))
  return {
    advertisements: [...new Set(advertisements().map(comparable))],
    announcements: announcements().map(comparable),
  }
}

const settings: readonly [name: string, address: string, setting: Parameters<typeof instance>[0]][] = [
  ['VRRPv2 with a password', VIRTUAL_ADDRESS, { priority: 200, version: 2, password: 'secret' }],
  [
    'VRRPv3 over IPv4',
    VIRTUAL_ADDRESS,
    { priority: 200, version: 3, advertInt: 0.2, addresses: [`${VIRTUAL_ADDRESS}/24`, '198.51.100.1'] },
  ],
  [
    'VRRPv3 over IPv6',
    VIRTUAL_ADDRESS_6,
    { priority: 200, version: 3, advertInt: 0.2, addresses: ['fe80::100', `${VIRTUAL_ADDRESS_6}/64`] },
  ],
  [
    'unicast',
    VIRTUAL_ADDRESS,
    {
      priority: 200,
      version: 3,
      advertInt: 0.2,
      more: ['unicast_src_ip 192.0.2.11', 'unicast_peer {', '  192.0.2.1', '}'],
    },
  ],
]
for (const [name, address, setting] of settings)
  lab(`${name}: Holdfast sends what keepalived sends, byte for byte, and as often`, async (lab) => {
    const { strong, onlooker } = routers(lab)
    const text = instance({ ...setting, more: [...(setting.more ?? []), 'garp_master_delay 1'] })
    const filter = 'ip proto 112 or ip6 proto 112 or arp or icmp6'
    const first = await onlooker.capture(filter)
    const theirs = await life(strong, first, address, await strong.keepalived(text))
    await first.close()
    const second = await onlooker.capture(filter)
    const ours = await life(strong, second, address, await strong.holdfastd(text))
    expect(ours).toEqual(theirs)
  })

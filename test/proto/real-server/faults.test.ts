import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import {
  faultsOnRealServer,
  faultText,
  type RealServerHost,
  wantedOnRealServer,
} from '../../../src/proto/real-server/index.ts'

const [vip, vip6] = [address('192.0.2.100'), address('2001:db8::100')]
const direct = wantedOnRealServer([vip], [{ kind: 'direct' }])
const sound: RealServerHost = {
  addresses: [{ address: vip, prefixLength: 32, interface: 'lo' }],
  linksUp: new Set(['lo', 'eth0']),
  settings: new Map(direct.settings.map(({ path, value }) => [path, value])),
  guePorts: new Set(),
}
const setting = (name: string, value: string) => ({
  settings: new Map([...sound.settings, [`net/ipv4/conf/${name}`, value]]),
})

test('direct routing needs the address and silence about ARP, on lo and everywhere', () => {
  expect(direct.settings.map(({ path, value }) => `${path}=${value}`)).toEqual([
    'net/ipv4/conf/all/arp_ignore=1',
    'net/ipv4/conf/all/arp_announce=2',
    'net/ipv4/conf/lo/arp_ignore=1',
    'net/ipv4/conf/lo/arp_announce=2',
  ])
  expect(faultsOnRealServer(direct, sound)).toEqual([])
})

const rows: readonly (readonly [claim: string, host: Partial<RealServerHost>, finding: string])[] = [
  ['the address is gone', { addresses: [] }, '192.0.2.100 is not on lo'],
  [
    'the address makes a subnet local',
    { addresses: [...sound.addresses, { address: vip, prefixLength: 24, interface: 'lo' }] },
    '192.0.2.100 is on lo as /24',
  ],
  [
    'the address is on an interface that answers ARP',
    { addresses: [...sound.addresses, { address: vip, prefixLength: 32, interface: 'eth0' }] },
    '192.0.2.100 is on eth0',
  ],
  ['ARP is answered', setting('all/arp_ignore', '0'), 'net.ipv4.conf.all.arp_ignore is 0'],
  ['ARP is asked in the name of the address', setting('lo/arp_announce', '1'), 'net.ipv4.conf.lo.arp_announce is 1'],
]
test.each(rows)('%s', (_, host, finding) => {
  const faults = faultsOnRealServer(direct, { ...sound, ...host })
  expect(faults.map((fault) => faultText(fault).finding)).toEqual([finding])
})

test('a stricter arp_ignore serves as well', () => {
  expect(faultsOnRealServer(direct, { ...sound, ...setting('all/arp_ignore', '2') })).toEqual([])
})

const tunnelled = wantedOnRealServer([vip, vip6], [{ kind: 'gue', port: 6080 }, { kind: 'gre' }])

test('tunnels need their devices, and GUE its port', () => {
  expect(tunnelled.links.map(({ name }) => name)).toEqual(['tunl0', 'ip6tnl0', 'gre0', 'ip6gre0'])
  const faults = faultsOnRealServer(tunnelled, { ...sound, linksUp: new Set() })
  expect(faults.map(({ type }) => type)).toEqual([
    'link-down',
    'link-down',
    'link-down',
    'link-down',
    'gue-missing',
    'address-missing',
  ])
})

test('no rp_filter on tunnels: that of `all` gives way, and moves to the other interfaces', () => {
  const filters = { all: '1', default: '0', eth0: '0', eth1: '2', tunl0: '1', gre0: '0' }
  const paths = Object.entries(filters).map(([name, value]) => [`net/ipv4/conf/${name}/rp_filter`, value] as const)
  const faults = faultsOnRealServer(tunnelled, { ...sound, settings: new Map([...sound.settings, ...paths]) })
  const written = faults.flatMap((fault) =>
    fault.type === 'setting-wrong'
      ? [`${fault.setting.path.split('/')[3]}: ${fault.found} to ${fault.setting.value}`]
      : [],
  )
  expect(written).toEqual(['default: 0 to 1', 'eth0: 0 to 1', 'all: 1 to 0', 'tunl0: 1 to 0'])
})

test('IPv6 alone leaves ARP as it is', () => {
  expect(wantedOnRealServer([vip6], [{ kind: 'direct' }]).settings).toEqual([])
})

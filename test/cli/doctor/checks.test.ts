/** What doctor makes of facts that a lab cannot bring about, or not without harm. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { examine } from '../../../src/cli/doctor/checks.ts'
import type { Facts } from '../../../src/cli/doctor/facts.ts'
import { loadConfiguration } from '../../../src/config/index.ts'
import { configurationFiles } from '../../../src/sys/files/index.ts'

const router = (more = '') =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  version 3\n  ${more}\n  virtual_ipaddress {\n    192.0.2.100/24\n  }\n}\n`
const service = (kind: string, server: string, more = '') =>
  `virtual_server 192.0.2.100 80 {\n  delay_loop 5\n  lb_algo rr\n  lb_kind ${kind}\n  protocol TCP\n  ${more}\n  real_server ${server} 80 {\n    TCP_CHECK {\n    }\n  }\n}\n`

function configurationOf(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'))
  try {
    const path = join(directory, 'a.conf')
    writeFileSync(path, text)
    const { configuration } = loadConfiguration(
      { read: configurationFiles.read, list: configurationFiles.list },
      path,
      { configId: '' },
    )
    if (configuration === undefined) throw new Error(`no configuration:\n${text}`)
    return configuration
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const eth0: Facts['links'][number] = {
  index: 2,
  name: 'eth0',
  up: true,
  running: true,
  loopback: false,
  multicast: true,
  noArp: false,
  mtu: 1500,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  type: 1,
}
const daemon = {
  version: '0',
  pid: 1,
  startedAt: '',
  configurationFile: '',
  configurationLoadedAt: '',
  roles: [],
  virtualRouters: [],
  bfdSessions: [],
  virtualServers: [],
} satisfies NonNullable<Facts['daemon']>
const sound: Facts = {
  file: 'a.conf',
  configuration: configurationOf(router()),
  complaints: [],
  privileged: true,
  kernel: '6.1.0-18-amd64',
  ipvsLoaded: false,
  links: [eth0],
  addresses: [{ interfaceIndex: 2, address: address('192.0.2.11'), prefixLength: 24, scope: 0, flags: 0, protocol: 0 }],
  settings: new Map([['net/ipv4/ip_forward', '1']]),
  drivers: new Map(),
  managed: new Map(),
  ruleset: [],
  daemon,
  heard: [],
  claims: new Map(),
  servers: [],
}
const server = (more: Partial<Facts['servers'][number]>): Pick<Facts, 'servers'> => ({
  servers: [
    {
      address: address('192.0.2.21'),
      interface: 'eth0',
      mac: '02:00:00:00:00:15',
      ports: new Map([[80, 'accepted']]),
      takes: new Map(),
      ...more,
    },
  ],
})
const [nat, tun] = [
  configurationOf(router() + service('NAT', '192.0.2.21')),
  configurationOf(router() + service('TUN', '192.0.2.21')),
]

test('sound facts have no finding', () => {
  expect(examine(sound)).toEqual([])
})

const rows: readonly (readonly [claim: string, facts: Partial<Facts>, finding: string])[] = [
  ['without permissions nothing can be asked', { privileged: false }, 'broken permissions'],
  ['a kernel that is too old', { kernel: '5.10.0-28-amd64' }, 'broken kernel'],
  [
    'the table of tracked connections is nearly full',
    { connectionTracking: { held: 95, most: 100 } },
    'broken connection-tracking',
  ],
  [
    "the kernel's IPVS beside the embedded core",
    {
      ipvsLoaded: true,
      daemon: { ...daemon, forwarding: { backend: 'ebpf', settings: {}, services: [], exits: {} } as never },
    },
    'warning ipvs-beside',
  ],
  [
    'NAT on a host that does not forward',
    { configuration: nat, settings: new Map([['net/ipv4/ip_forward', '0']]) },
    'broken ip-forward',
  ],
  [
    'NAT with servers and clients on one link, and redirects',
    { configuration: nat, settings: new Map([['net/ipv4/conf/eth0/send_redirects', '1']]) },
    'warning send-redirects',
  ],
  [
    'a server of NAT that answers strangers by another way',
    { configuration: nat, ...server({ returnsHere: false }) },
    'broken no-way-back',
  ],
  [
    'a server that does not take the tunnel apart',
    {
      configuration: tun,
      links: [{ ...eth0, mtu: 9000 }],
      ...server({ takes: new Map([['192.0.2.100:80', 'silent']]) }),
    },
    'broken server-refuses-address',
  ],
  ['a tunnel over a link without room for its header', { configuration: tun }, 'warning tunnel-mtu'],
  [
    'an interface that somebody else manages',
    { managed: new Map([['eth0', 'NetworkManager']]) },
    'warning address-manager',
  ],
  [
    'a virtual MAC behind a virtual switch',
    { configuration: configurationOf(router('use_vmac')), drivers: new Map([['eth0', 'vmxnet3']]) },
    'warning virtual-mac',
  ],
  [
    'a clock that is further away than a signature allows',
    {
      configuration: configurationOf(
        router(`auth_hmac {\n    key 1 hex:${'ab'.repeat(32)}\n    active_key 1\n    window 5\n  }`),
      ),
      peerHost: { address: '192.0.2.12', reached: true, clockAhead: 7000, uncertainty: 100 },
    },
    'broken clock',
  ],
  [
    'a clock within what the way there takes',
    { peerHost: { address: '192.0.2.12', reached: true, clockAhead: 1400, uncertainty: 500 } },
    '',
  ],
  [
    'persistence that is over before the client comes back',
    { configuration: configurationOf(router() + service('NAT', '192.0.2.21', 'persistence_timeout 5')) },
    'warning persistence-short',
  ],
]
test.each(rows)('%s', (_, facts, finding) => {
  expect(examine({ ...sound, ...facts }).map(({ severity, name }) => `${severity} ${name}`)).toEqual(
    finding === '' ? [] : [finding],
  )
})

test('what is broken comes before what may bite', () => {
  const findings = examine({ ...sound, managed: new Map([['eth0', 'NetworkManager']]), kernel: '5.4.0' })
  expect(findings.map(({ severity }) => severity)).toEqual(['broken', 'warning'])
})

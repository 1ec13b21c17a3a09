import { expect, test } from 'vitest'
import { type DaemonSnapshot, dumpText, statisticsText, type VirtualRouterSnapshot } from '../../src/observe/index.ts'

const router: VirtualRouterSnapshot = {
  name: 'VI_1',
  interface: 'eth0',
  family: 4,
  version: 2,
  virtualRouterId: 51,
  state: 'master',
  since: '2026-01-01T00:00:00.000Z',
  basePriority: 100,
  effectivePriority: 100,
  advertisementInterval: 1,
  masterInterval: 1,
  addresses: ['192.0.2.1/32', '192.0.2.2/32'],
  advertisementsSent: 1,
  advertisementsReceived: 2,
  priorityZeroSent: 3,
  priorityZeroReceived: 4,
  becameMaster: 5,
  releasedMaster: 6,
  drops: {
    length: 7,
    ttl: 8,
    type: 9,
    interval: 10,
    destination: 7,
    'address-list': 3,
    'authentication-type-unknown': 12,
    'authentication-type': 13,
    authentication: 14,
  },
}

const snapshot: DaemonSnapshot = {
  version: '1.2.3',
  pid: 42,
  startedAt: '2026-01-01T00:00:00.000Z',
  configurationFile: '/etc/keepalived/keepalived.conf',
  configurationLoadedAt: '2026-01-01T00:00:00.000Z',
  roles: [{ role: 'vrrp', pid: 43, state: 'running', restarts: 0 }],
  virtualRouters: [router],
  bfdSessions: [],
  virtualServers: [],
}

test('the state dump has a titled section for each object, of indented Key = value lines', () => {
  expect(
    dumpText({ ...snapshot, virtualRouters: [{ ...router, drops: { ttl: 8 } }] }, '', {
      global: { on: true, none: [] },
    }),
  ).toBe(
    `------< Daemon >------
 Version = 1.2.3
 Pid = 42
 Started at = 2026-01-01T00:00:00.000Z
 Configuration file = /etc/keepalived/keepalived.conf
 Configuration loaded at = 2026-01-01T00:00:00.000Z
------< Role vrrp >------
 Pid = 43
 State = running
 Restarts = 0
------< VRRP instance VI_1 >------
 Interface = eth0
 Family = 4
 Version = 2
 Virtual router id = 51
 State = master
 Since = 2026-01-01T00:00:00.000Z
 Base priority = 100
 Effective priority = 100
 Advertisement interval = 1
 Master interval = 1
 Addresses = 192.0.2.1/32, 192.0.2.2/32
 Advertisements sent = 1
 Advertisements received = 2
 Priority zero sent = 3
 Priority zero received = 4
 Became master = 5
 Released master = 6
 Drops:
   Ttl = 8
------< Configuration >------
 Global:
   On = yes
   None = none
`,
  )
})

test('a text from outside cannot end its line', () => {
  const text = dumpText({ ...snapshot, lastReloadError: 'one\n------< two' }, '', {})
  expect(text).toContain(' Last reload error = one; ------< two\n')
})

test('the statistics have the layout of keepalived, with our drops as its errors', () => {
  expect(statisticsText([{ ...router, remarks: { 'address-list': 1, interval: 20 } }])).toBe(`VRRP Instance: VI_1
  Advertisements:
    Received: 2
    Sent: 1
  Became master: 5
  Released master: 6
  Packet Errors:
    Length: 7
    TTL: 8
    Invalid Type: 9
    Advertisement Interval: 10
    Address List: 11
  Authentication Errors:
    Invalid Type: 12
    Type Mismatch: 13
    Failure: 14
  Authentication Extension Errors:
    Missing: 0
    Malformed: 0
    Unknown Key: 0
    Invalid HMAC: 0
    Stale: 0
    Replay: 0
  Priority Zero:
    Received: 4
    Sent: 3
`)
})

import { expect, test } from 'vitest'
import { address, instant, seconds } from '../../src/base/index.ts'
import type { Route, Rule } from '../../src/model/index.ts'
import { instancesJson, type VirtualRouterSnapshot } from '../../src/observe/index.ts'
import { router } from '../roles/supervisor/models.ts'

const snapshot: VirtualRouterSnapshot = {
  name: 'VI_1',
  interface: 'eth0',
  family: 4,
  version: 2,
  virtualRouterId: 51,
  state: 'master',
  since: '2026-01-01T00:00:00.250Z',
  basePriority: 100,
  effectivePriority: 100,
  advertisementInterval: 1,
  masterInterval: 1,
  masterPriority: 100,
  addresses: [],
  advertisementsSent: 1,
  advertisementsReceived: 2,
  priorityZeroSent: 3,
  priorityZeroReceived: 4,
  becameMaster: 5,
  releasedMaster: 6,
  drops: { ttl: 8, 'address-list': 1, destination: 2 },
}
const place = { interface: 'v0', scope: 0 }
const model = router('VI_1', {
  authentication: { type: 'pass', password: 'secret' },
  preemptDelay: seconds(0.5),
  addresses: [
    { ...place, address: address('10.9.9.9'), prefixLength: 24, label: 'v0:1' },
    { ...place, address: address('10.9.9.10'), prefixLength: 32, scope: 253 },
  ],
  notify: { master: { argv: ['/etc/master', 'now'] } },
})

test("virtual routers have keepalived's keys, in its order, with its numbers and strings", () => {
  const [first] = JSON.parse(instancesJson([{ model, snapshot }]))
  expect(Object.keys(first)).toEqual(['data', 'stats'])
  expect(Object.keys(first.data).slice(0, 10).join(' ')).toBe(
    'iname dont_track_primary skip_check_adv_addr strict_mode vmac_ifname ifp_ifname master_priority last_transition garp_delay garp_refresh',
  )
  expect(first.data).toMatchObject({
    iname: 'VI_1',
    last_transition: Date.UTC(2026, 0, 1) / 1_000 + 0.25,
    state: 2,
    wantstate: 2,
    vipset: true,
    preempt_delay: 0.5,
    script_master: "'/etc/master' 'now'",
    vips: ['10.9.9.9/24 dev v0 scope global label v0:1 set', '10.9.9.10 dev v0 scope link set'],
    auth_type: 1,
    auth_data: '********',
  })
  expect(first.data).not.toHaveProperty('evips')
  expect(first.stats).toMatchObject({ advert_sent: 1, ip_ttl_err: 8, addr_list_err: 3, pri_zero_sent: 3 })
})

test('a backup has its addresses not set, and no password is told', () => {
  const text = instancesJson([{ model, snapshot: { ...snapshot, state: 'backup' } }])
  expect(JSON.parse(text)[0].data).toMatchObject({
    state: 1,
    vipset: false,
    vips: [/[^t]$/, /link$/].map((end) => expect.stringMatching(end)),
  })
  expect(text).not.toContain('secret')
})

test('routes and rules stand between addresses and trackers, as text; version 2 is an object', () => {
  const to = (text: string, length: number) => ({ address: address(text), length })
  const route: Route = {
    family: 4,
    type: 'unicast',
    destination: to('10.77.0.0', 16),
    via: address('10.9.9.3'),
    tos: 0,
    table: 254,
    protocol: 18,
    scope: 0,
    metrics: {},
    locked: [],
    nextHops: [],
    placement: 'prepend',
  }
  const rule: Rule = {
    family: 4,
    from: to('10.77.0.0', 16),
    preference: 50,
    tos: 0,
    protocol: 18,
    action: { type: 'table', table: 100 },
  }
  const one = { model: { ...model, routes: [route], rules: [rule] }, snapshot }
  const { vrrp } = JSON.parse(instancesJson([one], [], 2))
  expect(vrrp[0].data).toMatchObject({
    vroutes: ['prepend 10.77.0.0/16 via inet 10.9.9.3 proto 18 no_track'],
    vrules: ['from 10.77.0.0/16 priority 50 tos 0x0 protocol 18 lookup 100'],
  })
  const keys = Object.keys(vrrp[0].data)
  expect(keys.slice(keys.indexOf('vips'))).toEqual(['vips', 'vroutes', 'vrules', 'auth_type', 'auth_data'])
})

test('version 2 has tracked processes by their names, with how many there are and what is waited for, as keepalived 2.3.4 writes it', () => {
  const track = {
    name: 'web',
    command: 'nginx',
    arguments: ['-g', 'daemon off;'],
    fullCommand: true,
    match: 'initial',
    quorum: 2,
    most: 5,
    forkDelay: seconds(3),
    terminateDelay: seconds(0.5),
    weight: { weight: 20, reverse: true },
  } as const
  const { command, forkDelay, terminateDelay } = track
  const plain = { name: 'plain', command, arguments: [], fullCommand: false, quorum: 1, forkDelay, terminateDelay }
  const one = { model, snapshot }
  const text = instancesJson([one], [], 2, [
    { track, count: 1, holds: true, changesAt: instant(7) },
    { track: plain, count: 0, holds: false },
  ])
  expect(JSON.parse(text).track_process).toEqual([
    {
      process: 'web',
      parameters: '-g daemon off;',
      param_match: 'initial',
      min_processes: 2,
      max_processes: 5,
      current_processes: 1,
      have_quorum: true,
      weight: -20,
      terminate_delay: 0.5,
      fork_delay: 3,
      fork_delay_timer_running: false,
      terminate_delay_timer_running: true,
      full_command: true,
    },
    expect.objectContaining({ process: 'plain', param_match: 'none', weight: 0, terminate_delay_timer_running: false }),
  ])
  expect(JSON.parse(instancesJson([one], [], 2))).not.toHaveProperty('track_process')
})

test('a virtual MAC is where the addresses are, as keepalived 2.2.7 writes it', () => {
  const closed = router('VI_1', {
    interface: 'v0',
    dropsPackets: true,
    strict: true,
    virtualLink: { kind: 'macvlan', transmitsOnBase: false },
    addresses: [{ ...place, address: address('10.9.9.9'), prefixLength: 24, onVirtualLink: true }],
    excludedAddresses: [{ ...place, interface: 'v1', address: address('10.9.9.10'), prefixLength: 24 }],
  })
  const [{ data }] = JSON.parse(instancesJson([{ model: closed, snapshot: { ...snapshot, virtualLink: 'vrrp.51' } }]))
  expect(data).toMatchObject({
    strict_mode: 1,
    vmac_ifname: 'vrrp.51',
    ifp_ifname: 'vrrp.51',
    accept: 0,
    vips: ['10.9.9.9/24 dev vrrp.51@v0 scope global set nftable_set'],
    evips: ['10.9.9.10/24 dev v1 scope global set nftable_set'],
  })
})

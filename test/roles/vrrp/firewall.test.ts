/** The firewall through the whole role: when it is asked for what. */
import { describe, expect, test } from 'vitest'
import { address, micros, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { ADDRESS_PROTOCOL } from '../../../src/sys/netlink/ports.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const plain: VirtualRouter = { ...router, announcements: quiet }
const closed: VirtualRouter = { ...plain, dropsPackets: true }
const RECORD = '/run/hf/vrrp-nftables'
const rules = (world: World): string[] => world.deeds().filter((deed) => /nftables|add|delete/.test(deed))

test('V-087: the rule is there before the address, and goes after it', async () => {
  const world = new World()
  await world.configure([closed])
  expect(rules(world)).toEqual(['nftables 10'])
  expect(world.files.get(RECORD)).toBe('keepalived\n')
  world.run(seconds(4))
  expect(rules(world)).toEqual(['nftables 1', 'add 192.0.2.100/24'])
  await world.tell({ type: 'stop', leave: false })
  expect(rules(world)).toEqual(['delete 192.0.2.100/24', 'nftables 1', 'nftables 4'])
  expect(world.files.has(RECORD)).toBe(false)
})

test('where nothing is dropped and there is no virtual MAC, nftables is not asked for anything', async () => {
  const world = new World()
  world.nftablesFailure = { code: 'EPROTONOSUPPORT', message: 'Protocol not supported' }
  await world.configure([plain])
  world.run(seconds(4))
  expect(world.logged.filter((line) => line.includes('firewall'))).toEqual([])
})

test('what an earlier run left is removed by one that needs no rules', async () => {
  const world = new World()
  world.files.set(RECORD, 'old\n')
  await world.configure([plain])
  expect(rules(world)).toEqual(['nftables 8'])
  expect(world.files.has(RECORD)).toBe(false)
})

describe('in the place of a process that has just ended', () => {
  const masters = [{ key: 'eth0/ipv4/51', since: '2026-01-01T00:00:00.000Z' }]
  const held = () => {
    const world = new World()
    world.files.set(RECORD, 'keepalived\n')
    world.addresses = [...world.addresses, onLink(2, '192.0.2.100/24', { protocol: ADDRESS_PROTOCOL })]
    return world
  }

  test('the tables of a master are made anew with its addresses, in one change', async () => {
    const world = held()
    await world.configure([closed], { resume: { masters, diedAt: world.now } })
    expect(rules(world)).toEqual(['nftables 11'])
    await world.tell({ type: 'stop', leave: false })
    expect(rules(world)).toEqual(['delete 192.0.2.100/24', 'nftables 1', 'nftables 4'])
  })

  test('what a master dropped goes if it is none any more', async () => {
    const world = held()
    world.links.set(2, ethernet(2, 'eth0', { running: false }))
    await world.configure([closed], { resume: { masters, diedAt: world.now } })
    expect(rules(world)).toEqual(['nftables 11', 'delete 192.0.2.100/24', 'nftables 1'])
  })
})

test('a reload that closes a master, opens it, or gives it another address is followed at once', async () => {
  const world = new World()
  await world.configure([plain])
  world.run(seconds(4))
  world.deeds()
  await world.configure([closed])
  expect(rules(world)).toEqual(['nftables 10', 'nftables 1'])
  const moved = [
    { ...closed.addresses[0], address: address('192.0.2.101'), prefixLength: 24, interface: 'eth0', scope: 0 },
  ]
  await world.configure([{ ...closed, addresses: moved }])
  expect(rules(world)).toEqual(['nftables 2', 'add 192.0.2.101/24', 'delete 192.0.2.100/24'])
  await world.configure([plain])
  expect(rules(world)).toContain('nftables 4')
})

test('a change that fails is said once, and made good by making the table anew', async () => {
  const world = new World()
  await world.configure([closed])
  world.nftablesFailure = { code: 'ENOENT', message: 'No such file or directory' }
  world.run(seconds(4))
  expect(world.logged.filter((line) => line.startsWith('firewall cannot be changed'))).toHaveLength(1)
  world.nftablesFailure = undefined
  world.deeds()
  await world.tell({ type: 'stop', leave: false })
  expect(world.files.has(RECORD)).toBe(false)
})

test('rules that somebody removes are made anew at once, five times, then once a second, without a change of state', async () => {
  const world = new World()
  await world.configure([closed])
  world.run(seconds(4))
  rules(world)
  world.removeNftables?.(new Set(['another']))
  world.run(seconds(0.1))
  expect(rules(world)).toEqual([])
  for (let i = 0; i < 5; i++) {
    world.removeNftables?.(i === 0 ? 'unknown' : new Set(['keepalived', 'another']))
    world.run(micros(1))
    expect(rules(world), `${i}`).toEqual(['nftables 11'])
  }
  world.removeNftables?.(new Set(['keepalived']))
  world.run(seconds(0.9))
  expect(rules(world)).toEqual([])
  world.run(seconds(0.2))
  expect(rules(world)).toEqual(['nftables 11'])
  expect((await world.snapshot())[0]).toMatchObject({
    state: 'master',
    becameMaster: 1,
    incidents: [{ kind: 'removed', subject: 'firewall table keepalived', count: 6 }],
  })
  await world.tell({ type: 'stop', leave: false })
  expect(world.removeNftables).toBeUndefined()
})

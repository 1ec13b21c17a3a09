/** Virtual links that the host's kernel has no module for: an ipvlan, and a macvlan in a VRF. */
import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { tableRequests } from '../../src/roles/vrrp/firewall-rules.ts'
import {
  changeNftables,
  ipvlanFlags,
  lendAddress,
  makeVirtualLink,
  openRouteClient,
  raiseLink,
  removeLink,
  VIRTUAL_LINK_MARK,
} from '../../src/sys/netlink/index.ts'

const ip = (...words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8' })
const indexOf = (name: string): number =>
  (JSON.parse(ip('-j', 'link', 'show', 'dev', name)) as { ifindex: number }[])[0]?.ifindex ?? 0
const link = (name: string) => {
  const client = openRouteClient()
  if (!client.ok) throw new Error(client.error.message)
  const links = client.value.links()
  client.value.close()
  return links.ok ? links.value.find((one) => one.name === name) : undefined
}
const must = (done: { readonly ok: boolean }): void => expect(done).toMatchObject({ ok: true })

beforeAll(() => {
  execFileSync('modprobe', ['-a', 'macvlan', 'ipvlan', 'vrf', 'nf_tables', 'veth'])
  ip('link', 'add', 'base0', 'type', 'veth', 'peer', 'name', 'peer0')
  ip('link', 'set', 'base0', 'up')
  ip('link', 'set', 'peer0', 'up')
})

test('an ipvlan is made in its mode, with our mark, and has the MAC below and its own address', () => {
  const base = indexOf('base0')
  must(makeVirtualLink({ name: 'ipv51', kind: 'ipvlan', base, group: 0, flags: ipvlanFlags.private }))
  must(raiseLink('ipv51'))
  must(lendAddress(indexOf('ipv51'), address('192.0.2.201'), 24))
  expect(link('ipv51')).toMatchObject({
    kind: 'ipvlan',
    up: true,
    alias: VIRTUAL_LINK_MARK,
    over: { index: base, mode: 0 },
    mac: link('base0')?.mac,
  })
  const shown = ip('-d', 'addr', 'show', 'dev', 'ipv51')
  expect(shown).toMatch(/ipvlan +mode l2 private/)
  expect(shown).toContain('inet 192.0.2.201/24')
  must(removeLink('ipv51'))
  expect(link('ipv51')).toBeUndefined()
})

test('a macvlan is in the VRF of the interface below, with its MAC and settings', () => {
  ip('link', 'add', 'red', 'type', 'vrf', 'table', '10')
  ip('link', 'set', 'base0', 'master', 'red')
  const mac = Uint8Array.of(0, 0, 0x5e, 0, 1, 51)
  const [base, master] = [indexOf('base0'), indexOf('red')]
  must(makeVirtualLink({ name: 'vrrp.51', kind: 'macvlan', base, group: 0, mac, master }))
  must(raiseLink('vrrp.51'))
  expect(link('vrrp.51')).toMatchObject({ kind: 'macvlan', masterIndex: master, mac, over: { index: base, mode: 1 } })
  expect(ip('-d', 'link', 'show', 'dev', 'vrrp.51')).toContain('mode private')
})

test('this kernel takes the rules of the firewall', () => {
  const plan = {
    links: [{ index: indexOf('vrrp.51'), base: indexOf('base0'), family: 4, owner: 'A' } as const],
    dropping: new Set([4, 6] as const),
  }
  const placed = ['192.0.2.1', '2001:db8::1', 'fe80::1'].map((of) => ({
    interfaceIndex: indexOf('base0'),
    address: address(of),
    prefixLength: 32,
    scope: 0,
  }))
  for (const family of [4, 6] as const)
    must(changeNftables('add the rules', tableRequests(family, plan, placed, new Set(), {})))
  const rules = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  expect(rules).toContain('dup to ip daddr device oif map @vmac_map')
  expect(rules).toContain('ip6 daddr . iif @vips_link_local')
  for (const of of ['192.0.2.1', '2001:db8::1', 'fe80::1']) expect(rules).toContain(of)
})

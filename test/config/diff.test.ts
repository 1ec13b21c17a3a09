import { expect, test } from 'vitest'
import { diff, type Verdict } from '../../src/config/index.ts'
import { load } from './files.ts'

const routerText = (lines = '', on = 'eth0', id = 1) =>
  `vrrp_instance A {\ninterface ${on}\nvirtual_router_id ${id}\nvirtual_ipaddress { 192.0.2.1 }\n${lines}\n}\n`
const serverText = (lines = '', head = '192.0.2.1 80') =>
  `virtual_server ${head} {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 198.51.100.1 80 {\n}\n${lines}\n}\n`

test('a model and itself: every object is kept', () => {
  const { model } = load(routerText() + serverText())
  const changes = diff(model, load(`# other text\n${routerText()}\n${serverText()}`).model)
  expect(changes.empty).toBe(true)
  expect(changes.virtualRouters.changed.map((one) => one.verdict)).toEqual(['keep'])
  expect(changes.virtualServers.changed.map((one) => one.verdict)).toEqual(['keep'])
})

const rows: readonly (readonly [lines: string, verdict: Verdict])[] = [
  ['priority 7', 'adjust'],
  ['advert_int 3', 'adjust'],
  ['nopreempt', 'adjust'],
  ['preempt_delay 9', 'adjust'],
  ['garp_master_repeat 2', 'adjust'],
  ['notify /bin/x', 'adjust'],
  ['virtual_ipaddress { 192.0.2.2 }', 'adjust'],
  ['authentication {\nauth_type PASS\nauth_pass x\n}', 'adjust'],
  ['version 3', 'adjust'],
  ['mcast_src_ip 10.0.0.1', 'restart'],
  ['mcast_dst_ip 224.0.0.9', 'restart'],
  ['unicast_peer {\n10.0.0.2\n}', 'restart'],
]
for (const [lines, verdict] of rows)
  test(`a virtual router with ${lines.replaceAll('\n', ' ')} in the new text: ${verdict}`, () => {
    const changes = diff(load(routerText()).model, load(routerText(lines)).model)
    expect(changes.virtualRouters.changed.map((one) => [one.key, one.verdict])).toEqual([['eth0/ipv4/1', verdict]])
    expect(changes.empty).toBe(false)
  })

test('one peer more is adjusted, only between unicast and multicast it restarts', () => {
  const peers = (list: string) => load(routerText(`unicast_peer {\n${list}\n}`)).model
  expect(diff(peers('10.0.0.2'), peers('10.0.0.2\n10.0.0.3')).virtualRouters.changed[0]?.verdict).toBe('adjust')
})

test('another id or interface is another virtual router', () => {
  const changes = diff(load(routerText()).model, load(routerText('', 'eth1')).model)
  expect(changes.virtualRouters.added.map((one) => one.key)).toEqual(['eth1/ipv4/1'])
  expect(changes.virtualRouters.removed.map((one) => one.key)).toEqual(['eth0/ipv4/1'])
  expect(changes.virtualRouters.changed).toEqual([])
})

test('another name is the same virtual router', () => {
  const changes = diff(load(routerText()).model, load(routerText().replace(' A ', ' B ')).model)
  expect(changes.virtualRouters.changed.map((one) => one.verdict)).toEqual(['adjust'])
})

test('a virtual server never restarts', () => {
  const changes = diff(load(serverText()).model, load(serverText('quorum_up /bin/x')).model)
  expect(changes.virtualServers.changed.map((one) => [one.key, one.verdict])).toEqual([['tcp/192.0.2.1:80', 'adjust']])
})

test('global words are compared as one', () => {
  const changes = diff(load('').model, load('global_defs {\nrouter_id x\n}').model)
  expect([changes.globalChanged, changes.empty]).toEqual([true, false])
})

import { expect, test } from 'vitest'
import { type Plan, plan } from '../../src/config/index.ts'
import { load } from './files.ts'

const router = (lines = '', name = 'A', id = 1) =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${id}\nadvert_int 1\n${lines}\n}\n`
const vip = (...addresses: readonly string[]) => `virtual_ipaddress {\n${addresses.join('\n')}\n}`
const server = (lines = '') => `virtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n${lines}\n}\n`
const real = (lines = '') => `real_server 198.51.100.1 80 {\n${lines}\n}`

const planned = (before: string, after: string, state?: string): Plan =>
  plan(load(before).model, load(after).model, () => state)

test('two texts of one meaning: nothing', () => {
  expect(planned(router(vip('192.0.2.1')), `# other\n${router(vip('192.0.2.1/32'))}`)).toEqual([])
})

test('a priority: its old and its new value, and what the router does about it', () => {
  const before = router(`priority 100\n${vip('192.0.2.1')}`)
  const after = router(`priority 150\n${vip('192.0.2.1')}`)
  const change = {
    kind: 'vrrp_instance',
    name: 'A',
    change: 'changed',
    keywords: [{ keyword: 'priority', before: '100', after: '150' }],
  }
  expect(planned(before, after, 'master')).toEqual([{ ...change, effect: 'stays master' }])
  expect(planned(before, after)).toEqual([{ ...change, effect: 'stays what it is' }])
})

test('addresses of a list come and go one by one, and a master takes and gives them up', () => {
  const before = router(vip('192.0.2.1/24', '192.0.2.2/24'))
  const after = router(vip('192.0.2.2/24', '192.0.2.3/24'))
  expect(planned(before, after, 'master')).toMatchObject([
    {
      effect: 'stays master; takes 192.0.2.3/24 on eth0; gives up 192.0.2.1/24 on eth0',
      keywords: [{ keyword: 'virtual_ipaddress', before: '192.0.2.1/24', after: '192.0.2.3/24' }],
    },
  ])
  const more = planned(before, router(vip('192.0.2.1/24', '192.0.2.2/24', '192.0.2.3/24', '192.0.2.4/24')), 'backup')
  expect(more).toMatchObject([
    {
      effect: 'stays backup',
      keywords: [
        { keyword: 'virtual_ipaddress', after: '192.0.2.3/24' },
        { keyword: 'virtual_ipaddress', after: '192.0.2.4/24' },
      ],
    },
  ])
})

test('a password or a key that changes is said and not shown', () => {
  const of = (word: string) => router(`authentication {\nauth_type PASS\nauth_pass ${word}\n}\n${vip('192.0.2.1')}`)
  const [change] = planned(of('oldword'), of('newword'))
  expect(change).toMatchObject({
    effect: 'stays what it is; its other routers have to change as well',
    keywords: [{ keyword: 'a password or key', before: '********', after: '********' }],
  })
  expect(JSON.stringify(planned(of('oldword'), of('newword')))).not.toMatch(/oldword|newword/)
  const more = planned(of('oldword'), of('newword').replace('advert_int 1', 'advert_int 2'))
  expect(more[0]?.keywords.map(({ keyword }) => keyword)).toEqual(['advert_int', 'a password or key'])
  const hmac = (key: string) =>
    router(`version 3\nauth_hmac {\nkey 1 ${key.repeat(32)}\nactive_key 1\n}\n${vip('192.0.2.1')}`)
  expect(planned(hmac('a'), hmac('b'))[0]?.keywords).toEqual([
    { keyword: 'a password or key', before: '********', after: '********' },
  ])
})

test('a router that ends, one that begins, and an address that moves between them', () => {
  const before = router(vip('192.0.2.1/24'))
  const after = router(vip('192.0.2.1/24'), 'B', 2)
  expect(planned(before, after, 'master')).toEqual([
    {
      kind: 'vrrp_instance',
      name: 'A',
      change: 'removed',
      effect: 'is master now: resigns and gives up 192.0.2.1/24 on eth0 (then of B)',
      keywords: [],
    },
    { kind: 'vrrp_instance', name: 'B', change: 'added', effect: 'begins as backup', keywords: [] },
  ])
  expect(planned(before, after, 'backup')[0]?.effect).toBe('ends; it is backup and holds nothing')
})

test('what speaks elsewhere now begins anew', () => {
  const after = router(`mcast_dst_ip 224.0.0.9\n${vip('192.0.2.1/24')}`)
  expect(planned(router(vip('192.0.2.1/24')), after, 'master')[0]).toMatchObject({
    effect: 'is master now: resigns and gives up 192.0.2.1/24 on eth0; then it begins anew as backup',
    keywords: [{ keyword: 'mcast_dst_ip', after: '224.0.0.9' }],
  })
})

test('a virtual server: down to the real server’s checker', () => {
  const check = (timeout: number) => server(real(`weight 2\nTCP_CHECK {\nconnect_timeout ${timeout}\n}`))
  expect(planned(check(3), check(5))).toEqual([
    {
      kind: 'virtual_server',
      name: 'tcp/192.0.2.1:80',
      change: 'changed',
      effect: 'its connections and what is known of its real servers stay',
      keywords: [{ keyword: 'real_server 198.51.100.1 80 TCP_CHECK connect_timeout', before: '3', after: '5' }],
    },
  ])
  expect(planned(check(3), router(vip('192.0.2.1')))).toMatchObject([
    { change: 'added' },
    { kind: 'virtual_server', change: 'removed', effect: 'is served no more; its connections end' },
  ])
})

test('global_defs have a line of their own', () => {
  const text = router(vip('192.0.2.1'))
  expect(planned(text, `global_defs {\nrouter_id other\n}\n${text}`)).toMatchObject([
    { kind: 'global_defs', change: 'changed', keywords: [{ keyword: 'router_id', after: 'other' }] },
  ])
})

test('what stands around an object is named by its block, and is no change of the object', () => {
  const text = (id: string, statics: string, priority: number) =>
    `global_defs {\nrouter_id ${id}\n}\nstatic_ipaddress {\n${statics} dev eth0\n}\n` +
    router(`${vip('192.0.2.1')}\npriority ${priority}`)
  const all = planned(text('one', '10.0.0.1/24', 100), text('two', '10.0.0.2/24', 101))
  expect(all.map(({ kind, keywords }) => ({ kind, keywords }))).toEqual([
    {
      kind: 'global_defs',
      keywords: [
        { keyword: 'router_id', before: 'one', after: 'two' },
        { keyword: 'static_ipaddress', before: '10.0.0.1/24 dev eth0', after: '10.0.0.2/24 dev eth0' },
      ],
    },
    { kind: 'vrrp_instance', keywords: [{ keyword: 'priority', before: '100', after: '101' }] },
  ])
})

test('trackers and sync groups', () => {
  const text = (interval: number) =>
    `vrrp_script chk {\nscript /bin/true\ntimeout 9\ninterval ${interval}\n}\nvrrp_sync_group G {\ngroup { A }\n}\n` +
    router(`${vip('192.0.2.1')}\ntrack_script { chk }`)
  expect(planned(text(1), text(2))).toMatchObject([
    { kind: 'vrrp_script', name: 'chk', keywords: [{ keyword: 'interval', before: '1', after: '2' }] },
  ])
})

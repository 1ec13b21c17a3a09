/** Where packets come in: interfaces of several kinds, ones that come later, and devices with and without offloads. */
import { expect } from 'vitest'
import { address, attachScene, carriesTraffic, start, takeVirtualAddresses, URLS } from './attach-scene.ts'
import { VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { until } from './library/index.ts'

lab('the virtual addresses on a plain interface: direct routing and NAT pass, in both families', async (lab) => {
  const scene = attachScene(lab)
  address(scene)
  takeVirtualAddresses(scene.director, 'eth0')
  await start(scene)
  await carriesTraffic(scene.client, URLS, 8)
})

lab('the virtual addresses on a macvlan with a MAC of its own (VMAC): direct routing and NAT pass', async (lab) => {
  const scene = attachScene(lab)
  const { director, client } = scene
  address(scene)
  director.ip(
    'link',
    'add',
    'vrrp.51',
    'link',
    'eth0',
    'address',
    '00:00:5e:00:01:33',
    'type',
    'macvlan',
    'mode',
    'private',
  )
  // The interface below neither answers for the virtual address nor asks in its name.
  director.sysctl('net.ipv4.conf.eth0.arp_ignore=1', 'net.ipv4.conf.eth0.arp_announce=2')
  takeVirtualAddresses(director, 'vrrp.51')
  director.ip('link', 'set', 'vrrp.51', 'up')
  await start(scene)
  await carriesTraffic(scene.client, URLS, 8)
  expect(client.ip('neigh', 'show', VIRTUAL_ADDRESS)).toContain('00:00:5e:00:01:33')
})

lab('interfaces plugged in after the start: clients come in and servers answer through them', async (lab) => {
  const scene = attachScene(lab)
  const { director, client, behind, beside } = scene
  address(scene)
  // What takes clients and NAT servers to the director is made anew while the daemon runs.
  for (const device of ['eth0', 'eth1']) director.ip('link', 'del', device)
  director.ip('addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'lo')
  director.ip('addr', 'add', '2001:db8::100/128', 'dev', 'lo', 'nodad')
  await start(scene)
  scene.front.plug(director.namespace, 'late0')
  scene.back.plug(director.namespace, 'late1')
  for (const [device, addresses] of [
    ['late0', ['192.0.2.11/24', '2001:db8::11/64']],
    ['late1', ['10.0.0.1/24', '2001:db8:2::1/64']],
  ] as const) {
    director.ip('link', 'set', device, 'up')
    for (const one of addresses)
      director.ip('addr', 'add', one, 'dev', device, ...(one.includes('::') ? ['nodad'] : []))
  }
  client.ip('-6', 'route', 'add', '2001:db8::100/128', 'via', '2001:db8::11')
  for (const host of [client, behind, beside]) host.ip('neigh', 'flush', 'all')
  await until(
    'both ways are attached and the first request is answered',
    async () => (await client.exec('curl', '-sf', '-m1', `http://${VIRTUAL_ADDRESS}:8080/`)).status === 0,
  )
  await carriesTraffic(scene.client, URLS, 8)
})

lab('veth with and without offloads at each side: every byte arrives', async (lab) => {
  const scene = attachScene(lab)
  const { client, director, beside, behind } = scene
  address(scene)
  takeVirtualAddresses(director, 'eth0')
  const daemon = await start(scene)
  const set = async (features: string) => {
    for (const host of [client, director, beside, behind])
      for (const device of host === director ? ['eth0', 'eth1'] : ['eth0']) {
        const { status, stderr } = await host.exec('ethtool', '-K', device, ...features.split(' '))
        expect([features, host.name, device, status, stderr]).toEqual([features, host.name, device, 0, ''])
      }
  }
  for (const features of [
    'tso off gso off',
    'tx off',
    'tx off gro on',
    'tx on tso on gso on gro on',
    'gro off tx on sg off',
    'sg on tso on gso on',
  ]) {
    await set(features)
    await carriesTraffic(scene.client, URLS, 8)
  }
  const { exits } = (await daemon.status()).forwarding ?? {}
  expect([exits?.['rewrite-failed'], exits?.['too-big'], exits?.['truncated']]).toEqual([0, 0, 0])
})

/**
 * The virtual addresses on interfaces that the host's kernel has no module for: a VLAN, a bond, a VLAN over a bond. All are
 * made while the core runs. One network each; direct routing to a server beside, NAT to one behind the director.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address, silentLog } from '../../src/base/index.ts'
import { openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import { type ForwardingBackend, serviceKey } from '../../src/forwarding/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { carriesTraffic, echo } from '../lab/attach-scene.ts'
import { type Host, type Lab, openLab, until } from '../lab/library/index.ts'

const MEGABYTES = 1
const WITHIN = 200_000
const pinDirectory = `/sys/fs/bpf/holdfast-attach-${process.pid}`
const home = openSync('/proc/thread-self/ns/net', 'r')

/** Where the addresses are, at the director and at the others; the number of the network. */
const rows = [
  { claim: 'a VLAN', at: 'eth0.10', others: 'eth0.10', network: 10 },
  { claim: 'a bond', at: 'bond0', others: 'eth0', network: 1 },
  { claim: 'a VLAN over a bond', at: 'bond0.20', others: 'eth0.20', network: 20 },
] as const
type Row = (typeof rows)[number]

const four = ({ network }: Row, host: number): string => `192.0.${network}.${host}`
const six = ({ network }: Row, host: number): string => `2001:db8:${network}::${host}`
const CLIENT = 1
const DIRECTOR = 11
const BESIDE = 21
const VIRTUAL = 100

let lab: Lab
let client: Host
let director: Host
let backend: ForwardingBackend

const enter = (which: string): void => {
  const entered = enterNetworkNamespace(which)
  if (!entered.ok) throw new Error(entered.error.message)
}

beforeAll(async () => {
  execFileSync('modprobe', ['-a', '8021q', 'bonding', 'veth', 'bridge', 'sch_ingress', 'cls_bpf'])
  lab = openLab()
  const [front, back] = [lab.segment('front'), lab.segment('back')]
  const bare = { segment: front, addresses: [] }
  client = lab.host('client', { eth0: bare })
  const beside = lab.host('beside', { eth0: bare })
  director = lab.host('director', {
    eth0: bare,
    eth1: { segment: back, addresses: ['10.0.0.1/24', '2001:db8:2::1/64'] },
  })
  director.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  const behind = lab.host('behind', { eth0: { segment: back, addresses: ['10.0.0.21/24', '2001:db8:2::21/64'] } })
  behind.ip('route', 'add', 'default', 'via', '10.0.0.1')
  behind.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:2::1')
  beside.sysctl('net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2')
  const servers = [echo(beside, '80'), echo(behind, '8000')]

  enter(`/run/netns/${director.namespace}`)
  const opened = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 16_384 })
  if (!opened.ok) throw new Error(opened.error.message)
  backend = opened.value
  for (const host of [client, beside]) for (const id of [10, 20]) vlan(host, 'eth0', id)
  vlan(director, 'eth0', 10)
  for (const device of ['eth2', 'eth3']) front.plug(director.namespace, device)
  bond(director, ['eth2', 'eth3'])
  vlan(director, 'bond0', 20)
  for (const row of rows) {
    addresses(client, row.others, row, CLIENT)
    addresses(beside, row.others, row, BESIDE)
    addresses(director, row.at, row, DIRECTOR, VIRTUAL)
    beside.ip('addr', 'add', `${four(row, VIRTUAL)}/32`, 'dev', 'lo')
    beside.ip('addr', 'add', `${six(row, VIRTUAL)}/128`, 'dev', 'lo', 'nodad')
    for (const [virtual, nearby, remote] of [
      [four(row, VIRTUAL), four(row, BESIDE), '10.0.0.21'],
      [six(row, VIRTUAL), six(row, BESIDE), '2001:db8:2::21'],
    ] as const) {
      await put(virtual, 80, nearby, 80, 'dr')
      await put(virtual, 8080, remote, 8000, 'nat')
    }
  }
  for (const server of servers)
    await until('a server is ready', () => server.output.includes('ready'), { within: 90_000 })
}, WITHIN)

afterAll(async () => {
  await backend?.close('nothing')
  enter(`/proc/self/fd/${home}`)
  closeSync(home)
  lab?.close()
  rmSync(pinDirectory, { recursive: true, force: true })
})

function vlan(host: Host, on: string, id: number): void {
  host.ip('link', 'add', 'link', on, 'name', `${on}.${id}`, 'type', 'vlan', 'id', String(id))
  host.ip('link', 'set', `${on}.${id}`, 'up')
}

function bond(host: Host, devices: readonly string[]): void {
  host.ip('link', 'add', 'bond0', 'type', 'bond', 'mode', 'active-backup', 'miimon', '100')
  for (const device of devices) host.ip('link', 'set', device, 'master', 'bond0')
  host.ip('link', 'set', 'bond0', 'up')
}

function addresses(host: Host, device: string, row: Row, ...numbers: readonly number[]): void {
  for (const n of numbers) {
    host.ip('addr', 'add', `${four(row, n)}/24`, 'dev', device)
    host.ip('addr', 'add', `${six(row, n)}/64`, 'dev', device, 'nodad')
  }
}

async function put(virtual: string, port: number, to: string, toPort: number, method: 'dr' | 'nat'): Promise<void> {
  const service = {
    address: { kind: 'address', protocol: 'tcp', address: address(virtual), port },
    scheduler: 'rr',
    onePacket: false,
  } as const
  const destination = { address: address(to), port: toPort, weight: 1, method, upperThreshold: 0, lowerThreshold: 0 }
  const results = await backend.apply([
    { type: 'put-service', service },
    { type: 'put-destination', serviceKey: serviceKey(service.address), destination },
  ])
  for (const result of results) if (!result.ok) throw new Error(result.error.message)
}

const urls = (row: Row) =>
  [four(row, VIRTUAL), `[${six(row, VIRTUAL)}]`].flatMap((virtual) => [
    [`http://${virtual}:80`, 'beside'] as const,
    [`http://${virtual}:8080`, 'behind'] as const,
  ])

describe.each(rows)('the virtual addresses on $claim', (row) => {
  test('direct routing and NAT pass in both families, and every byte arrives', { timeout: WITHIN }, async () => {
    await carriesTraffic(client, urls(row), MEGABYTES)
  })
})

test('on the trunk below a VLAN the same packets were passed by', async () => {
  expect((await backend.exits())['vlan']).toBeGreaterThan(100)
})

test('when the cable of a bond is cut, traffic goes on over the other one', { timeout: WITHIN }, async () => {
  const active = () => /active_slave (\S+)/.exec(director.ip('-d', 'link', 'show', 'bond0'))?.[1]
  const first = active()
  if (first === undefined) throw new Error('the bond has no active cable')
  director.linkDown(first)
  for (const [url, server] of urls(rows[1]))
    await until(`${url} answers`, async () =>
      (await client.exec('curl', '-sfg', '-m3', `${url}/`)).stdout.startsWith(`${server} `),
    )
  expect(active()).not.toBe(first)
})

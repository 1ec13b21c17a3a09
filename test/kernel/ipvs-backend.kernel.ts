/** What the ipvs backend alone owes: loading its module, the kernel's refusals, its counts and connections. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { address, silentLog } from '../../src/base/index.ts'
import {
  type Destination,
  endpoint,
  type ForwardingBackend,
  type ForwardingOp,
  type Service,
  serviceKey,
} from '../../src/forwarding/index.ts'
import { openIpvsBackend } from '../../src/forwarding/ipvs/index.ts'
import type { ServiceAddress } from '../../src/model/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { lab } from '../lab/lab-test.ts'
import { until } from '../lab/library/index.ts'
import { natted } from '../lab/scenes.ts'

const PATIENCE = 60_000

async function open(): Promise<ForwardingBackend> {
  const opened = await openIpvsBackend({ log: silentLog })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

type Addressed = Extract<ServiceAddress, { kind: 'address' }>
const web: Addressed = { kind: 'address', protocol: 'tcp', address: address('192.0.2.100'), port: 80 }
const service = (of: ServiceAddress, more: Partial<Service> = {}): ForwardingOp => ({
  type: 'put-service',
  service: { address: of, scheduler: 'rr', onePacket: false, ...more },
})
const server = (last: number, more: Partial<Destination> = {}): Destination => ({
  address: address(`10.0.0.${last}`),
  port: 80,
  weight: 1,
  method: 'nat',
  upperThreshold: 0,
  lowerThreshold: 0,
  ...more,
})
const destination = (of: ServiceAddress, what: Destination): ForwardingOp => ({
  type: 'put-destination',
  serviceKey: serviceKey(of),
  destination: what,
})

const modules = (): string[] =>
  readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => /^ip_vs/.test(name))

test('a kernel that has not loaded ip_vs loads it', async () => {
  execFileSync('ipvsadm', ['-C'])
  for (const name of modules().filter((one) => one !== 'ip_vs')) execFileSync('rmmod', [name])
  execFileSync('rmmod', ['ip_vs'])
  expect(modules()).toEqual([])
  const backend = await open()
  expect(modules()).toContain('ip_vs')
  await backend.close('nothing')
})

const web6: ServiceAddress = { ...web, address: address('2001:db8::100') }
const noSuch: ServiceAddress = { ...web, port: 81 }
const unknown = { scheduler: 'nonesuch' } as unknown as Partial<Service>
const engine = { persistenceEngine: 'nonesuch', persistence: { timeout: 9, prefixLength: 32 } }
const refusals: readonly [what: string, op: ForwardingOp, code: string, reason: string, sentence: RegExp][] = [
  ['a scheduler that it has not got', service(noSuch, unknown), 'ENOENT', 'not-supported', /modprobe ip_vs_nonesuch/],
  ['a persistence engine that it has not got', service(noSuch, engine), 'ENOENT', 'not-supported', /ip_vs_pe_nonesuch/],
  ['a destination of no service', destination(noSuch, server(11)), 'ESRCH', 'not-found', /put it first/],
  [
    'a multicast destination',
    destination(web, server(11, { address: address('224.0.0.1') })),
    'EINVAL',
    'invalid',
    /unicast/,
  ],
  [
    'NAT to the other family',
    destination(web, server(11, { address: address('2001:db8::11') })),
    'EINVAL',
    'invalid',
    /its family needs a tunnel/,
  ],
  [
    'thresholds the wrong way round',
    destination(web, server(11, { upperThreshold: 1, lowerThreshold: 2 })),
    'ERANGE',
    'invalid',
    /the lower threshold is above the upper one/,
  ],
  [
    'a GUE tunnel without a port',
    destination(web, server(11, { method: 'tun', tunnel: { type: 'gue', port: 0, checksum: 'none' } })),
    'EINVAL',
    'invalid',
    /tunnel port/,
  ],
  [
    'a persistence mask of no bits over IPv6',
    service(web6, { persistence: { timeout: 9, prefixLength: 0 } }),
    'EINVAL',
    'invalid',
    /persistence mask/,
  ],
  ['zeroing no service', { type: 'zero-counters', serviceKey: serviceKey(noSuch) }, 'ESRCH', 'not-found', /no such/],
  [
    'timeouts beyond what it counts',
    { type: 'set-timeouts', timeouts: { tcp: 2 ** 32 - 1, tcpFin: 0, udp: 0 } },
    'EINVAL',
    'invalid',
    /seconds/,
  ],
  [
    'a sync daemon on no interface',
    { type: 'start-sync-daemon', daemon: { role: 'backup', interface: 'nowhere0', syncId: 1 } },
    'ENODEV',
    'invalid',
    /no interface nowhere0/,
  ],
]
for (const [what, op, code, reason, sentence] of refusals)
  test(`the kernel refuses ${what}: ${code}, and the table stays as it was`, async () => {
    const backend = await open()
    expect(await backend.apply([service(web), destination(web, server(12))])).toMatchObject([
      { ok: true },
      { ok: true },
    ])
    const before = await backend.read()
    expect(await backend.apply([op])).toMatchObject([
      { ok: false, error: { code, reason, message: expect.stringMatching(sentence) } },
    ])
    expect(await backend.read()).toEqual(before)
    await backend.close('nothing')
    expect(execFileSync('ipvsadm', ['-S', '-n'], { encoding: 'utf8' }).trim()).toBe('')
  })

test('timeouts are taken as long as the kernel can count their ticks', async () => {
  const backend = await open()
  const set = async (tcp: number) => {
    const [result] = await backend.apply([{ type: 'set-timeouts', timeouts: { tcp, tcpFin: 0, udp: 0 } }])
    return result?.ok
  }
  // Debian's kernels count 250 ticks a second.
  expect([await set(2_147_484), await set(8_589_934), await set(8_589_935)]).toEqual([true, true, false])
  expect(await backend.timeouts()).toEqual({ tcp: 8_589_934, tcpFin: 120, udp: 300 })
  expect(await set(900)).toBe(true)
  await backend.close('nothing')
})

test('with gre and a thousand services the kernel and ipvsadm tell the same table', async () => {
  const backend = await open()
  const many = Array.from({ length: 1_000 }, (_, i): ServiceAddress => ({ ...web, port: 1_000 + i }))
  const results = await backend.apply(
    many.flatMap((of, i) => [
      service(of, { persistence: { timeout: 1 + i, prefixLength: 24 } }),
      destination(of, server(11, { method: 'tun', tunnel: { type: 'gre', port: 0, checksum: 'checksum' } })),
    ]),
  )
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  const saved = execFileSync('ipvsadm', ['-S', '-n'], { encoding: 'utf8' }).trim().split('\n')
  expect(saved.toSorted()).toEqual(
    many
      .flatMap((_, i) => [
        `-A -t 192.0.2.100:${1_000 + i} -s rr -p ${1 + i} -M 255.255.255.0`,
        `-a -t 192.0.2.100:${1_000 + i} -r 10.0.0.11:80 -i -w 1 --tun-type gre --tun-csum`,
      ])
      .toSorted(),
  )
  expect((await backend.read()).services).toHaveLength(1_000)
  await backend.close('nothing')
  expect(execFileSync('ipvsadm', ['-S', '-n'], { encoding: 'utf8' }).trim()).toBe('')
})

lab(
  'connections and counts of real traffic: by address with persistence, and by firewall mark',
  async (lab) => {
    const { client, directors, servers } = natted(lab)
    const director = directors[0]!
    const only = servers[0]!
    await only.nginx({ listen: ['80', '8080'], body: 'web1' })
    director.ip('addr', 'add', '192.0.2.100/32', 'dev', 'eth0')
    director.ip('addr', 'add', '192.0.2.101/32', 'dev', 'eth0')
    const rules =
      'table ip marks { chain in { type filter hook prerouting priority mangle; ip daddr 192.0.2.101 meta mark set 9; }; }'
    expect(await director.exec('nft', rules)).toMatchObject({ status: 0 })
    const entered = enterNetworkNamespace(director.namespace)
    expect(entered.ok).toBe(true)
    // Also when the test fails: the tests after it are the guest's own.
    onTestFinished(() => void enterNetworkNamespace('/proc/1/ns/net'))
    const backend = await open()

    const marked: ServiceAddress = { kind: 'fwmark', family: 4, mark: 9 }
    const done = await backend.apply([
      service(web, { persistence: { timeout: 300, prefixLength: 24 } }),
      destination(web, server(21)),
      service(marked, { persistence: { timeout: 200, prefixLength: 32 } }),
      destination(marked, server(21, { port: 0 })),
    ])
    expect(done.map(({ ok }) => ok)).toEqual([true, true, true, true])
    for (const url of ['http://192.0.2.100/', 'http://192.0.2.101/', 'http://192.0.2.101:8080/'])
      expect((await client.exec('curl', '-s', '-m', '20', url)).stdout).toBe('web1\n')

    const connections = await backend.connections(100)
    const told = connections.map(({ serviceKey: of, virtual, virtualPort, template, mark, method }) => ({
      of,
      to: endpoint({ address: virtual, port: virtualPort }),
      template,
      ...(mark === undefined ? {} : { mark }),
      method,
    }))
    const by = (one: object): string => JSON.stringify(one)
    const wanted = [
      { of: 'tcp/192.0.2.100:80', to: '192.0.2.100:80', template: true, method: 'nat' },
      { of: 'tcp/192.0.2.100:80', to: '192.0.2.100:80', template: false, method: 'nat' },
      { of: 'fwmark/4/9', to: '0.0.0.0:0', template: true, mark: 9, method: 'nat' },
      { of: 'fwmark/4/9', to: '192.0.2.101:80', template: false, method: 'nat' },
      { of: 'fwmark/4/9', to: '192.0.2.101:8080', template: false, method: 'nat' },
    ]
    expect(told.map(by).sort()).toEqual(wanted.map(by).sort())
    expect(await backend.connections(2)).toHaveLength(2)
    expect(await backend.connections(0)).toEqual([])
    const template = connections.find(({ template, mark }) => template && mark === undefined)
    expect(template).toMatchObject({ client: '192.0.2.0', clientPort: 0, synced: false, destination: '10.0.0.21' })
    expect(template?.expiresIn).toBeGreaterThan(100)

    // The estimator adds up every two seconds.
    const counted = await until(
      'the kernel has counted',
      async () => {
        const counters = await backend.counters()
        const sums = counters.map(({ connections: made }) => made).sort()
        return sums.join() === '1,2' ? counters : undefined
      },
      { within: PATIENCE },
    )
    const ofWeb = counted.find(({ serviceKey: of }) => of === serviceKey(web))
    expect(ofWeb).toMatchObject({ connections: 1, destinations: [{ destinationKey: '10.0.0.21:80', connections: 1 }] })
    expect(ofWeb?.inPackets).toBeGreaterThan(3)
    expect(ofWeb?.outBytes).toBeGreaterThan(100)
    expect(ofWeb?.destinations[0]?.persistentConnections).toBe(1)

    expect(await backend.apply([{ type: 'zero-counters', serviceKey: serviceKey(web) }])).toMatchObject([{ ok: true }])
    const zeroed = await backend.counters()
    expect(zeroed.find(({ serviceKey: of }) => of === serviceKey(web))).toMatchObject({
      connections: 0,
      inPackets: 0,
      destinations: [{ connections: 0, inPackets: 0 }],
    })
    expect(zeroed.find(({ serviceKey: of }) => of === serviceKey(marked))).toMatchObject({ connections: 2 })
    await backend.close('nothing')
  },
  300_000,
)

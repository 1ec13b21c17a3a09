/** BFD with Debian's keepalived as the neighbour: sessions, their packets, and virtual routers that track them. */
import { expect } from 'vitest'
import { type ControlPacket, decodeControlPacket } from '../../src/wire/bfd/index.ts'
import { instance, VIRTUAL_ADDRESS } from './configurations.ts'
import { lab } from './lab-test.ts'
import { type Frame, type Holdfastd, type Lab, until } from './library/index.ts'

type Setting = { readonly neighbour: string; readonly source: string; readonly more?: readonly string[] }

const session = ({ neighbour, source, more = [] }: Setting): string =>
  `bfd_instance peer {\n${[`neighbor_ip ${neighbour}`, `source_ip ${source}`, ...more].map((line) => `  ${line}\n`).join('')}}\n`

/** A director on two segments, and a gateway on the second that speaks BFD; another router waits on the first. */
function scene(lab: Lab) {
  const [lan, outside] = [lab.segment(), lab.segment('outside')]
  const strong = lab.host('strong', {
    eth0: { segment: lan, addresses: ['192.0.2.11/24'] },
    eth1: { segment: outside, addresses: ['198.51.100.11/24', '2001:db8::11/64'] },
  })
  const weak = lab.host('weak', { eth0: { segment: lan, addresses: ['192.0.2.12/24'] } })
  const gateway = lab.host('gateway', { eth0: { segment: outside, addresses: ['198.51.100.1/24', '2001:db8::1/64'] } })
  return { strong, weak, gateway }
}

/** What a busy machine does not take for a failure: a second without a packet. */
const SLOW = ['min_tx 200', 'min_rx 200']

const comesUp = (daemon: Holdfastd) =>
  daemon.shows('the session is up', ({ bfdSessions: [one] }) => one?.state === 'up' && one.remote?.state === 'up')

/** As the capture has it: no code of the daemon's between the wire and here but the codec. */
function packetOf(frame: Frame) {
  const { bytes } = frame
  const ip = bytes.subarray(14)
  const payload = ip.subarray(28, ((ip[2] ?? 0) << 8) | (ip[3] ?? 0))
  const decoded = decodeControlPacket(payload)
  if (!decoded.ok) throw new Error(`on the wire: ${JSON.stringify(decoded.error)}`)
  return {
    at: frame.at,
    source: [...ip.subarray(12, 16)].join('.'),
    ttl: ip[8] ?? 0,
    sourcePort: ((ip[20] ?? 0) << 8) | (ip[21] ?? 0),
    length: payload.length,
    packet: decoded.value as ControlPacket,
  }
}

lab(
  'B-001, B-005, B-010, B-011: a session with keepalived comes up, and its packets are as they should be',
  async (lab) => {
    const { strong, gateway } = scene(lab)
    const wire = await gateway.capture('udp port 3784')
    await gateway.keepalived(session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: SLOW }), [])
    const daemon = await strong.holdfastd(session({ neighbour: '198.51.100.1', source: '198.51.100.11', more: SLOW }))
    await comesUp(daemon)
    const ours = () => wire.frames.map(packetOf).filter(({ source }) => source === '198.51.100.11')
    await until('polls are answered', () => ours().some(({ packet }) => packet.state === 'up' && !packet.poll))
    const settled = ours().length
    await until('twenty packets', () => ours().length > settled + 20)

    const seen = ours()
    expect(new Set(seen.map(({ ttl, length }) => `${ttl} ${length}`))).toEqual(new Set(['255 24']))
    const ports = [...new Set(seen.map(({ sourcePort }) => sourcePort))]
    expect(ports).toHaveLength(1)
    expect(ports[0]).toBeGreaterThanOrEqual(49_152)
    expect(seen[0]?.packet).toMatchObject({ state: 'down', yourDiscriminator: 0, desiredMinTransmit: 1_000_000 })
    const up = seen.slice(settled).filter(({ packet }) => packet.state === 'up' && !packet.poll && !packet.final)
    expect(
      new Set(up.map(({ packet }) => `${packet.state} ${packet.desiredMinTransmit} ${packet.multiplier}`)),
    ).toEqual(new Set(['up 200000 5']))
    const { bfdSessions } = await daemon.shows('both ends know', ({ bfdSessions: [one] }) => one?.detectionTime === 1)
    expect(bfdSessions[0]).toMatchObject({
      state: 'up',
      path: 'good',
      neighbour: '198.51.100.1',
      detectionTime: 1,
      transmitInterval: 0.2,
      remote: { state: 'up', multiplier: 5, minTransmit: 0.2, minReceive: 0.2 },
      drops: {},
    })
  },
)

lab('over IPv6 with the hop limit of 255 that keepalived has to be told', async (lab) => {
  const { strong, gateway } = scene(lab)
  const setting = { neighbour: '2001:db8::11', source: '2001:db8::1', more: SLOW }
  const silent = await gateway.keepalived(session(setting), [])
  const daemon = await strong.holdfastd(session({ neighbour: '2001:db8::1', source: '2001:db8::11', more: SLOW }))
  await daemon.shows(
    'keepalived’s own 64 is refused by name',
    ({ bfdSessions: [one] }) => (one?.drops['hop-limit'] ?? 0) > 0,
  )
  await silent.stop()
  await gateway.keepalived(session({ ...setting, more: [...SLOW, 'hoplimit 255'] }), [])
  await comesUp(daemon)
})

lab('a link-local neighbour by the interface it is on, and not the same address by another', async (lab) => {
  const { strong, weak, gateway } = scene(lab)
  const [ours, theirs] = ['fe80::b1', 'fe80::b2']
  const on = {
    strong: [strong, 'eth1', ours],
    gateway: [gateway, 'eth0', theirs],
    weak: [weak, 'eth0', theirs],
  } as const
  for (const [host, name, address] of Object.values(on)) host.ip('addr', 'add', `${address}/64`, 'dev', name, 'nodad')
  const lines = SLOW.map((line) => `  ${line}\n`).join('')
  const link = (neighbour: string, source?: string) =>
    `bfd_instance peer {\n  neighbor_ip ${neighbour}\n${source === undefined ? '' : `  source_ip ${source}\n`}${lines}}\n`
  await gateway.holdfastd(link(`${ours}%eth0`))
  const daemon = await strong.holdfastd(link(`${theirs}%eth1`, ours))
  await comesUp(daemon)
  expect((await daemon.status()).bfdSessions[0]).toMatchObject({ neighbour: theirs, interface: 'eth1', drops: {} })

  // The same on the other segment, where nobody speaks: what comes by eth1 is not for it.
  daemon.configure(link(`${theirs}%eth0`))
  expect((await daemon.holdfast('reload')).status).toBe(0)
  const { bfdSessions } = await daemon.shows(
    'what the gateway goes on to say is for nobody',
    ({ bfdSessions: [one] }) => one?.interface === 'eth0' && one.packetsSent > 2,
  )
  expect(bfdSessions[0]).toMatchObject({ state: 'down', packetsReceived: 0 })
})

for (const passive of ['holdfast', 'keepalived'] as const)
  lab(`${passive} passive: the other begins`, async (lab) => {
    const { strong, gateway } = scene(lab)
    const of = (daemon: string) => [...SLOW, ...(daemon === passive ? ['passive'] : [])]
    await gateway.keepalived(
      session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: of('keepalived') }),
      [],
    )
    const daemon = await strong.holdfastd(
      session({ neighbour: '198.51.100.1', source: '198.51.100.11', more: of('holdfast') }),
    )
    await comesUp(daemon)
  })

lab('a lost gateway moves the address within the detection time, and its return moves it back', async (lab) => {
  const { strong, weak, gateway } = scene(lab)
  await gateway.keepalived(session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: SLOW }), [])
  const track = ['track_bfd {', '  peer weight 0', '}']
  const daemon = await strong.holdfastd(
    session({ neighbour: '198.51.100.1', source: '198.51.100.11', more: SLOW }) +
      instance({ priority: 200, version: 3, more: track }),
  )
  await strong.holds(VIRTUAL_ADDRESS)
  await weak.holdfastd(instance({ priority: 100, version: 3 }))
  const [lan, outside] = [await weak.capture('ip proto 112'), await strong.capture('udp port 3784', 'eth1')]
  await outside.next((frame) => packetOf(frame).source === '198.51.100.1')

  gateway.cut()
  await weak.holds(VIRTUAL_ADDRESS)
  await strong.releases(VIRTUAL_ADDRESS)
  const resigned = await lan.next((frame) => frame.kind === 'vrrp' && frame.priority === 0)
  const heard = outside.frames.map(packetOf).findLast(({ source }) => source === '198.51.100.1')
  // The detection time, and less than VRRP's own three intervals and more.
  expect(resigned.at - (heard?.at ?? 0)).toBeGreaterThan(990)
  expect(resigned.at - (heard?.at ?? 0)).toBeLessThan(3_600)
  expect((await daemon.status()).virtualRouters[0]?.faultReason).toMatch(/^tracked bfd peer is down: /)

  gateway.mend()
  await strong.holds(VIRTUAL_ADDRESS)
})

lab('keepalived tracks a session with Holdfast: its end in order is no failure, its death is one', async (lab) => {
  const { strong, gateway } = scene(lab)
  const configuration = session({ neighbour: '198.51.100.1', source: '198.51.100.11', more: SLOW })
  const daemon = await strong.holdfastd(configuration)
  const tracks = instance({ priority: 100, version: 3, advertInt: 0.2, more: ['track_bfd {', '  peer weight 0', '}'] })
  const peer = await gateway.keepalived(
    session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: SLOW }) + tracks,
    [],
  )
  await gateway.holds(VIRTUAL_ADDRESS)
  await daemon.stop()
  await peer.process.line(/peer.*(Neighbor signaled session down|AdminDown|Entering Down)/i)
  expect(gateway.has(VIRTUAL_ADDRESS)).toBe(true)

  const again = await strong.holdfastd(configuration)
  await comesUp(again)
  again.killAll()
  await gateway.releases(VIRTUAL_ADDRESS)
})

lab('a reload leaves an unchanged session alone and brings other timers in by a poll', async (lab) => {
  const { strong, gateway } = scene(lab)
  await gateway.keepalived(session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: SLOW }), [])
  const ends = { neighbour: '198.51.100.1', source: '198.51.100.11' }
  const daemon = await strong.holdfastd(session({ ...ends, more: SLOW }))
  await comesUp(daemon)
  const before = (await daemon.status()).bfdSessions[0]
  const reload = async (configuration: string) => {
    daemon.configure(configuration)
    const { status, stderr } = await daemon.holdfast('reload')
    expect(status, stderr).toBe(0)
  }
  await reload(`${session({ ...ends, more: SLOW })}${instance({ priority: 100, version: 3 })}`)
  await reload(session({ ...ends, more: ['min_tx 300', 'min_rx 250'] }))
  const after = await daemon.shows(
    'the new intervals are in force',
    ({ bfdSessions: [one] }) => one?.transmitInterval === 0.3 && one.detectionTime === 1.25,
  )
  expect(after.bfdSessions[0]).toMatchObject({ state: 'up', since: before?.since, sourcePort: before?.sourcePort })
  expect(after.bfdSessions[0]?.discriminator).toBe(before?.discriminator)
})

lab(
  'BFD_CHECK: a real server goes when its host dies, and comes back with it',
  async (lab) => {
    const { strong, gateway } = scene(lab)
    const peer = session({ neighbour: '198.51.100.11', source: '198.51.100.1', more: SLOW })
    const first = await gateway.keepalived(peer, [])
    const service = [
      'virtual_server 192.0.2.100 80 {',
      '  lb_algo rr',
      '  lb_kind DR',
      '  protocol TCP',
      '  real_server 198.51.100.1 80 {',
      '    BFD_CHECK {',
      '      name peer',
      '    }',
      '  }',
      '}',
      '',
    ].join('\n')
    const daemon = await strong.holdfastd(
      session({ neighbour: '198.51.100.1', source: '198.51.100.11', more: [...SLOW, 'checker'] }) + service,
    )
    const server = async (state: 'up' | 'down', weight: number | undefined) => {
      await daemon.shows(
        `its state is ${state}`,
        ({ virtualServers: [one], forwarding }) => {
          const held = forwarding?.services[0]?.destinations[0]?.weight
          return one?.realServers[0]?.state === state && held === weight
        },
        50_000,
      )
    }
    await server('up', 1)
    first.killAll()
    await server('down', undefined)
    const second = await gateway.keepalived(peer, [])
    await server('up', 1)
    second.killAll()
    await server('down', undefined)
    // Without the session nothing decides any more.
    daemon.configure(service.replace(/BFD_CHECK {[^}]*}/, ''))
    expect((await daemon.holdfast('reload')).status).toBe(0)
    await server('up', 1)
  },
  150_000,
)

import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import { load, told } from './files.ts'

const instance = (lines = '') =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n${lines}\n}\n`
const session = (lines: string, name = 'peer') => `bfd_instance ${name} {\n${lines}\n}\n`

test('a session with its defaults; nothing has to track it', () => {
  const { model, diagnostics } = load(session('neighbor_ip 192.0.2.2'))
  expect(diagnostics).toEqual([])
  expect(model.bfdSessions).toEqual([
    {
      name: 'peer',
      family: 4,
      neighbour: '192.0.2.2',
      multihop: false,
      minReceive: 10_000,
      minTransmit: 10_000,
      idleTransmit: 1_000_000,
      multiplier: 5,
      passive: false,
      hopLimit: 255,
      maxHops: 0,
      vrrp: true,
      checker: true,
    },
  ])
})

test('a session with everything, in milliseconds of three decimals', () => {
  const { model, diagnostics } = load(
    session(
      'neighbour_ip 2001:db8::2\nsource_ip 2001:db8::1\nmin_rx 3.312\nmin_tx 50\nidle_tx 2000\nmultiplier 3\npassive\nhoplimit 64\nmax_hops 5\nmultihop\nweight -7 reverse\nvrrp',
    ) + instance('track_bfd {\npeer\n}'),
  )
  expect(diagnostics).toEqual([])
  expect(model.bfdSessions).toEqual([
    {
      name: 'peer',
      family: 6,
      neighbour: '2001:db8::2',
      source: '2001:db8::1',
      multihop: true,
      minReceive: 3_312,
      minTransmit: 50_000,
      idleTransmit: 2_000_000,
      multiplier: 3,
      passive: true,
      hopLimit: 64,
      maxHops: 5,
      vrrp: true,
      checker: false,
      weight: { weight: -7, reverse: true },
    },
  ])
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'bfd', name: 'peer', weight: -7, reverse: true }])
})

test('a link-local neighbour is on the interface that it or the source names, and is printed so', () => {
  const ends = [
    'neighbor_ip fe80::2%eth0',
    'neighbor_ip fe80::2%eth0\nsource_ip fe80::1',
    'neighbor_ip fe80::2\nsource_ip fe80::1%eth0',
    'neighbor_ip fe80::2%eth0\nsource_ip 2001:db8::1',
  ]
  for (const lines of ends) {
    const { model, diagnostics } = load(session(lines))
    expect(diagnostics).toEqual([])
    expect(model.bfdSessions[0]).toMatchObject({ neighbour: 'fe80::2', interface: 'eth0' })
    const printed = print(model, { secrets: 'shown' })
    expect(printed).toContain('neighbor_ip fe80::2%eth0\n')
    expect(load(printed).model.bfdSessions).toEqual(model.bfdSessions)
  }
  const twice = ['eth0', 'eth1'].map((name) => session(`neighbor_ip fe80::2%${name}`, name)).join('')
  expect(load(twice).model.bfdSessions).toHaveLength(2)
})

test('-1 and 255 hops are no check', () => {
  for (const hops of [-1, 255])
    expect(load(session(`neighbor_ip 192.0.2.2\nmax_hops ${hops}`)).model.bfdSessions[0]?.maxHops).toBeUndefined()
})

test('a line of track_bfd says otherwise, in an instance and in a group', () => {
  const { model } = load(
    session('neighbor_ip 192.0.2.2\nweight 5') +
      instance('track_bfd {\npeer weight 10 noreverse\n}') +
      'vrrp_sync_group G {\ngroup { VI_1 }\ntrack_bfd {\npeer weight 253 reverse\n}\n}\n',
  )
  expect(model.virtualRouters[0]?.tracks).toEqual([{ kind: 'bfd', name: 'peer', weight: 10, reverse: false }])
  expect(model.syncGroups[0]?.tracks).toEqual([{ kind: 'bfd', name: 'peer', weight: 253, reverse: true }])
})

const wrong: readonly [lines: string, complaint: string][] = [
  [session(''), '1:1 error object: bfd_instance peer has no neighbor_ip; it is left out'],
  [
    session('neighbor_ip 192.0.2.2\nsource_ip 2001:db8::1'),
    '3:11 error object: bfd_instance peer has a source_ip of another family than its neighbor_ip 192.0.2.2; it is left out',
  ],
  [
    session('neighbor_ip fe80::2'),
    '2:13 error object: bfd_instance peer has the link-local address fe80::2 and does not say on which interface; it is left out',
  ],
  [
    session('neighbor_ip 2001:db8::2\nsource_ip fe80::1'),
    '3:11 error object: bfd_instance peer has the link-local address fe80::1 and does not say on which interface; it is left out',
  ],
  [
    session('neighbor_ip fe80::2%eth0\nsource_ip fe80::1%eth1'),
    '3:11 error object: bfd_instance peer has its neighbour on eth0 and its source on eth1; it is left out',
  ],
  [
    session('neighbor_ip 192.0.2.2%eth0'),
    '2:13 warning remark: neighbor_ip 192.0.2.2%eth0: %eth0 means nothing, for it is not link-local',
  ],
  [
    session('neighbor_ip fe80::2%'),
    '2:13 error value: neighbor_ip fe80::2% names no interface behind its %; the line has no effect',
  ],
  [
    session('neighbor_ip 192.0.2.2', 'a'.repeat(32)),
    `1:14 error object: bfd_instance ${'a'.repeat(32)} has a name longer than 31 bytes; it is left out`,
  ],
  [
    session('neighbor_ip 192.0.2.2') + session('neighbor_ip 192.0.2.2', 'twin'),
    '4:1 error object: bfd_instance twin has the addresses of another; it is left out',
  ],
  [
    session('neighbor_ip 192.0.2.2\nmin_tx 0.5'),
    '3:8 error value: min_tx 0.5 is not a number of milliseconds from 1 to 4294967; the line has no effect',
  ],
  [
    session('neighbor_ip 192.0.2.2\nidle_tx 999'),
    '3:9 error value: idle_tx 999 is not a number of milliseconds from 1000 to 4294967; the line has no effect',
  ],
  [
    session('neighbor_ip 192.0.2.2\nmin_rx 20000'),
    '3:8 warning remark: min_rx 20000: these are milliseconds, and that is 20 s',
  ],
  [
    session('neighbor_ip 192.0.2.2\nmultiplier 30'),
    '3:1 warning remark: multiplier 30: it takes that many intervals to notice a failure',
  ],
  [
    session('neighbor_ip 192.0.2.2\nweight 254'),
    '3:8 error value: weight 254 is not a whole number from -253 to 253; the line has no effect',
  ],
  [instance('track_bfd {\npeer\n}'), '6:1 error value: there is no bfd_instance peer; it is not tracked'],
  [
    session('neighbor_ip 192.0.2.2\nchecker') + instance('track_bfd {\npeer\n}'),
    '10:1 error value: bfd_instance peer tells checkers only; it is not tracked',
  ],
]
for (const [text, complaint] of wrong)
  test(complaint.slice(0, 100), () => {
    expect(told(load(text))).toContain(complaint)
  })

const server = (check: string) =>
  `virtual_server 192.0.2.9 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nreal_server 192.0.2.2 80 {\n${check}\n}\n}\n`
const peer = session('neighbor_ip 192.0.2.2')

test('BFD_CHECK names a session, and has alpha of its own or from its real server', () => {
  const checkers = (text: string) => load(text).model.virtualServers[0]?.realServers[0]?.checkers
  expect(checkers(peer + server('BFD_CHECK {\nname peer\n}'))).toMatchObject([
    { kind: 'bfd', session: 'peer', timing: { alpha: false } },
  ])
  expect(checkers(peer + server('alpha\nBFD_CHECK {\nname peer\n}\nTCP_CHECK {\n}'))).toMatchObject([
    { kind: 'tcp', timing: { alpha: true } },
    { kind: 'bfd', session: 'peer', timing: { alpha: true } },
  ])
  expect(checkers(peer + server('alpha\nBFD_CHECK {\nname peer\nalpha no\n}'))).toMatchObject([
    { timing: { alpha: false } },
  ])
})

test('BFD_CHECK is printed and read again', () => {
  const { model } = load(peer + server('BFD_CHECK {\nname peer\nalpha\n}'))
  expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
})

const wrongChecks: readonly [text: string, complaint: string][] = [
  [server('BFD_CHECK {\n}'), '6:1 error object: BFD_CHECK has no name; the checker is left out'],
  [
    server('BFD_CHECK {\nname peer\n}'),
    '7:6 error object: BFD_CHECK names peer, and there is no such bfd_instance; the checker is left out',
  ],
  [
    server('BFD_CHECK {\nname peer\n}') + session('neighbor_ip 192.0.2.2\nvrrp'),
    '7:6 error object: BFD_CHECK names peer, which tells VRRP only; the checker is left out',
  ],
  [
    server('BFD_CHECK {\nname peer\n}\nBFD_CHECK {\nname peer\n}') + peer,
    '10:6 error object: BFD_CHECK names peer a second time; the checker is left out',
  ],
]
for (const [text, complaint] of wrongChecks)
  test(complaint, () => {
    expect(told(load(text))).toContain(complaint)
  })

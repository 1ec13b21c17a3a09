/** What the record of real command lines cannot hold: great numbers, long names, connections, refusals. */
import { describe, expect, test } from 'vitest'
import { address, fail } from '../../../src/base/index.ts'
import { exact, large } from '../../../src/cli/ipvsadm/columns.ts'
import { connectionsText } from '../../../src/cli/ipvsadm/connections-text.ts'
import { exitsText } from '../../../src/cli/ipvsadm/exits-text.ts'
import { listText } from '../../../src/cli/ipvsadm/list-text.ts'
import { type Naming, numeric, serverText, serviceText } from '../../../src/cli/ipvsadm/naming.ts'
import { errnoText, refusalText } from '../../../src/cli/ipvsadm/refusal-text.ts'
import { restoreLines } from '../../../src/cli/ipvsadm/session.ts'
import { parseServices } from '../../../src/cli/ipvsadm/system-lookups.ts'
import { accessTable } from '../../../src/cli/ipvsadm/table-access.ts'
import type { Connection, ServiceCounters, ServiceState } from '../../../src/forwarding/index.ts'
import { outcomeOf } from './lookups.ts'
import { modelBackend } from './model-backend.ts'

const numbers: readonly (readonly [number, string, string])[] = [
  [0, '        0', '        0'],
  [99_999_999, ' 99999999', ' 99999999'],
  [100_000_000, '  100000K', ' 100000000'],
  [999_999_999, '  999999K', ' 999999999'],
  [1_000_000_000, '    1000M', ' 1000000000'],
  [99_999_999_999, '   99999M', ' 99999999999'],
  [100_000_000_000, '     100G', ' 100000000000'],
  [99_999_999_999_999, '   99999G', ' 99999999999999'],
  [100_000_000_000_000, '     100T', ' 100000000000000'],
  [1.9, '        1', '        1'],
]
for (const [number, short, all] of numbers)
  test(`${number} is ${short.trim()}, exactly ${all.trim()}`, () => {
    expect([large(number), exact(number)]).toEqual([short, all])
  })

const long: Naming = { host: () => 'a-host-with-a-name.of-many-words.example', service: () => 'http' }
test('IPv4 names are cut so that columns stay, IPv6 names are not', () => {
  const service = { kind: 'address', protocol: 'tcp', address: address('192.0.2.1'), port: 80 } as const
  expect(serviceText(service, long)).toBe('TCP  a-host-with-a-name.of-many-w')
  expect(serverText(address('192.0.2.9'), 80, service, long)).toBe('a-host-with-a-name.of-many-w')
  const other = { ...service, address: address('2001:db8::1') }
  expect(serviceText(other, long)).toBe('TCP  [a-host-with-a-name.of-many-words.example]:http')
  expect(serverText(address('2001:db8::9'), 80, other, long)).toBe('[a-host-with-a-name.of-many-words.example]:http')
})

const state: ServiceState = {
  service: {
    address: { kind: 'address', protocol: 'tcp', address: address('198.51.100.7'), port: 443 },
    scheduler: 'wlc',
    persistence: { timeout: 360, prefixLength: 24 },
    onePacket: false,
  },
  destinations: [
    {
      address: address('10.9.0.11'),
      port: 8443,
      weight: 3,
      method: 'nat',
      upperThreshold: 100,
      lowerThreshold: 50,
    },
  ],
}
const rates = { connections: 7, inPackets: 123_456_789, outPackets: 3, inBytes: 123_456_789, outBytes: 2 }
const counters: ServiceCounters = {
  serviceKey: 'tcp/198.51.100.7:443',
  connections: 52,
  inPackets: 1810,
  outPackets: 1644,
  inBytes: 123_456_789,
  outBytes: 4_000_000_000,
  rates,
  destinations: [
    {
      destinationKey: '10.9.0.11:8443',
      connections: 40,
      inPackets: 1500,
      outPackets: 1400,
      inBytes: 123_000_000,
      outBytes: 3_999_999_999,
      rates,
      activeConnections: 12,
      inactiveConnections: 40,
      persistentConnections: 5,
    },
  ],
}
const forms = [
  [
    'plain',
    `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  198.51.100.7:443 wlc persistent 360 mask 255.255.255.0
  -> 10.9.0.11:8443               Masq    3      12         40        ~`,
  ],
  [
    'stats',
    `Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  198.51.100.7:443                   52     1810     1644  123456K    4000M
  -> 10.9.0.11:8443                     40     1500     1400  123000K    3999M`,
  ],
  [
    'rate',
    `Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  198.51.100.7:443                    7  123456K        3  123456K        2
  -> 10.9.0.11:8443                      7 123456789        3  123456K        2`,
  ],
  [
    'thresholds',
    `Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn ~
  -> RemoteAddress:Port
TCP  198.51.100.7:443 wlc persistent 360 mask 255.255.255.0
  -> 10.9.0.11:8443               100        50         12         40        ~`,
  ],
  [
    'persistent-conn',
    `Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn ~
  -> RemoteAddress:Port
TCP  198.51.100.7:443 wlc persistent 360 mask 255.255.255.0
  -> 10.9.0.11:8443               3         5           12         40        ~`,
  ],
] as const
for (const [form, text] of forms)
  test(`${form} shows what was counted`, () => {
    const shown = listText({ form, exact: false, naming: numeric, services: [state], counters: [counters] })
    expect(shown.replaceAll(' \n', ' ~\n')).toBe(`${text}\n`)
  })

const connection: Connection = {
  serviceKey: 'tcp/198.51.100.7:443',
  protocol: 'tcp',
  client: address('203.0.113.9'),
  clientPort: 51022,
  virtual: address('198.51.100.7'),
  virtualPort: 443,
  destination: address('10.9.0.11'),
  destinationPort: 8443,
  state: 'ESTABLISHED',
  expiresIn: 897,
  template: false,
  method: 'nat',
  synced: false,
}
describe('connections', () => {
  test('a row each, minutes beyond two digits where it takes them', () => {
    const rows = [connection, { ...connection, expiresIn: 60_005 }]
    expect(connectionsText(rows, false, numeric)).toBe(`IPVS connection entries
pro expire state       source             virtual            destination
TCP 14:57  ESTABLISHED 203.0.113.9:51022  198.51.100.7:443   10.9.0.11:8443
TCP 1000:05 ESTABLISHED 203.0.113.9:51022  198.51.100.7:443   10.9.0.11:8443
`)
  })

  test('the template of a mark shows it as an address of protocol IP', () => {
    const template = {
      ...connection,
      mark: 9,
      clientPort: 0,
      virtualPort: 0,
      state: 'ASSURED',
      template: true,
    } as const
    expect(connectionsText([template], false, numeric).split('\n')[2]).toBe(
      'IP  14:57  ASSURED     203.0.113.9:51022  0.0.0.9:0          10.9.0.11:8443'.replace(':51022 ', ':0     '),
    )
  })

  test('what a persistence engine goes by has columns of its own', () => {
    const engine = { ...connection, persistenceEngine: { name: 'sip', data: 'abc@example' } }
    const [, title, row, plain] = connectionsText([engine, connection], true, numeric).split('\n')
    expect(title).toBe(
      'pro expire state       source             virtual            destination        pe name          pe_data',
    )
    expect(row).toBe(
      'TCP 14:57  ESTABLISHED 203.0.113.9:51022  198.51.100.7:443   10.9.0.11:8443   sip                abc@example',
    )
    expect(plain).toBe('TCP 14:57  ESTABLISHED 203.0.113.9:51022  198.51.100.7:443   10.9.0.11:8443')
  })
})

describe('refusals', () => {
  const rows = [
    ['add-service', 'EEXIST', 'Service already exists'],
    ['add-service', 'ENOENT', 'Scheduler or persistence engine not found'],
    ['edit-service', 'ENOENT', 'Scheduler or persistence engine not found'],
    ['edit-service', 'ESRCH', 'No such service'],
    ['find-service', 'ESRCH', 'No such service'],
    ['add-server', 'EEXIST', 'Destination already exists'],
    ['add-server', 'ESRCH', 'Service not defined'],
    ['change-server', 'ENOENT', 'No such destination'],
    ['change-server', 'ESRCH', 'Service not defined'],
    ['start-daemon', 'EEXIST', 'Daemon has already run'],
    ['stop-daemon', 'ESRCH', 'No daemon is running'],
    ['other', 'EPERM', 'Permission denied (you must be root)'],
    ['other', 'EINVAL', 'Invalid operation.  Possibly wrong module version, address not unicast, ...'],
    ['other', 'ENOPROTOOPT', 'Protocol not available'],
    ['other', 'ENOMEM', 'Memory allocation problem'],
    ['other', 'EOPNOTSUPP', 'Operation not supported with IPv6'],
    ['other', 'EAFNOSUPPORT', 'Operation not supported with specified address family'],
    ['other', 'EMSGSIZE', 'Module is wrong version'],
    ['add-server', 'ERANGE', 'Numerical result out of range'],
    ['start-daemon', 'ENODEV', 'No such device'],
  ] as const
  for (const [errand, code, text] of rows)
    test(`${errand}: ${code} is "${text}"`, () => {
      expect(errnoText(errand, code)).toBe(text)
    })

  test('what has no code of the kernel says itself what helps', () => {
    const message = 'the table is full; raise connection_table_size'
    expect(refusalText('add-server', { reason: 'no-space', message })).toBe(message)
  })

  test('a refusal of the backend ends with 255, and the table is looked at anew', async () => {
    const backend = modelBackend({ services: [state] })
    const table = accessTable({
      ...backend,
      apply: async () => [fail({ reason: 'system', code: 'ENOMEM', message: 'no memory' })],
    })
    expect(await outcomeOf(['-D', '-t', '198.51.100.7:443'], table)).toEqual({
      exitCode: 255,
      stdout: '',
      stderr: 'Memory allocation problem\n',
    })
  })
})

test('editing without -m makes a NAT server one of direct routing', async () => {
  const backend = modelBackend({ services: [state] })
  const table = accessTable(backend)
  const words = '-t 198.51.100.7:443 -r 10.9.0.11:8443'.split(' ')
  expect((await outcomeOf(['-e', ...words], table)).stderr).toBe('No such destination\n')
  await outcomeOf(['-a', '-t', '198.51.100.7:443', '-r', '10.9.0.12', '-m', '-w', '5'], table)
  await outcomeOf(['-e', '-t', '198.51.100.7:443', '-r', '10.9.0.12'], table)
  expect(backend.state.services[0]?.destinations[1]).toMatchObject({ method: 'dr', weight: 1, port: 443 })
})

test('exits are listed with the most frequent first', () => {
  expect(exitsText({ 'table-full': 3, forwarded: 1_234_567_890, 'no-route': 0 })).toBe(
    `   Packets Exit       Meaning
1234567890 forwarded  to a server
         3 table-full no room for another connection; raise lvs_settings connection_table_size and restart
         0 no-route   no way to its server
`,
  )
})

test('restore input is split at blanks alone, and its program name is no word', () => {
  expect(restoreLines('\tipvsadm -A\t-t  a:1\r\n\n  \n# -A "b c"')).toEqual([
    ['-A', '-t', 'a:1'],
    ['#', '-A', '"b', 'c"'],
  ])
})

test('/etc/services: names, aliases, comments', () => {
  const text = '# all\nhttp\t80/tcp\twww web # hyper\nnothing\ndomain 53/udp\n'
  expect(parseServices(text)).toEqual([
    { names: ['http', 'www', 'web'], port: 80, protocol: 'tcp' },
    { names: ['domain'], port: 53, protocol: 'udp' },
  ])
})

test('FULLNAT: made, listed and saved by options of our own, and what is saved makes the same again', async () => {
  const made = modelBackend({ services: [] })
  const table = accessTable(made)
  const run = async (words: string) => outcomeOf(words.split(' '), table)
  for (const line of [
    '-A -t 192.0.2.1:80 -s rr --laddr 10.0.0.3,10.0.0.4 --toa',
    '-a -t 192.0.2.1:80 -r 10.0.0.21:8080 --fullnat -w 2',
    '-A -t [2001:db8::1]:80 -s wlc --laddr 2001:db8:2::3',
  ])
    expect(await run(line)).toMatchObject({ exitCode: 0, stderr: '' })
  expect(made.state.services).toMatchObject([
    {
      service: { localAddresses: ['10.0.0.3', '10.0.0.4'], tcpOptionAddress: true },
      destinations: [{ method: 'fullnat', port: 8080 }],
    },
    { service: { localAddresses: ['2001:db8:2::3'] } },
  ])
  const { stdout } = await run('-L -n')
  expect(stdout).toContain('\nTCP  192.0.2.1:80 rr laddr 10.0.0.3,10.0.0.4 toa\n')
  expect(stdout).toMatch(/^ {2}-> 10\.0\.0\.21:8080 +FullNat 2 /m)
  const saved = (await run('-S -n')).stdout
  expect(saved).toBe(
    '-A -t 192.0.2.1:80 -s rr --laddr 10.0.0.3,10.0.0.4 --toa\n' +
      '-a -t 192.0.2.1:80 -r 10.0.0.21:8080 --fullnat -w 2\n' +
      '-A -t [2001:db8::1]:80 -s wlc --laddr 2001:db8:2::3\n',
  )
  const again = modelBackend({ services: [] })
  expect(await outcomeOf(['-R'], accessTable(again), saved)).toMatchObject({ exitCode: 0 })
  expect(again.state).toEqual(made.state)
})

test.each([
  ['-A -t 192.0.2.1:80 --laddr 10.0.0.3,', 'illegal local address specified'],
  ['-A -t 192.0.2.1:80 --laddr 2001:db8::3', 'Local addresses are of the address family of the virtual service'],
  ['-a -t 192.0.2.1:80 -r 10.0.0.21 -m --fullnat', "multiple 'forwarding-method' options specified"],
  ['-a -t 192.0.2.1:80 -r 10.0.0.21 --toa', "Illegal 'toa' option with the 'add-server' command"],
  ['-a -t 192.0.2.1:80 -r 2001:db8::21 --fullnat', 'Different address family is allowed only for tunneling servers'],
])('FULLNAT: %s is refused', async (line, sentence) => {
  const outcome = await outcomeOf(line.split(' '), accessTable(modelBackend({ services: [state] })))
  expect([outcome.exitCode, outcome.stderr.trim()]).toEqual([2, expect.stringContaining(sentence)])
})

import { expect, test } from 'vitest'
import type { Micros } from '../../src/base/index.ts'
import { type Checker, type RealServer, serviceKey, servicesOf, type VirtualServer } from '../../src/model/index.ts'
import { load, server, told } from './files.ts'

const s = (seconds: number) => (seconds * 1_000_000) as Micros
const first = (of: VirtualServer): RealServer => of.realServers[0] as RealServer
const checker = (realServer: string, lines = ''): { value: Checker | undefined; told: readonly string[] } => {
  const got = server(lines, realServer)
  return { value: first(got.value).checkers[0], told: got.told }
}

test('a virtual server with the least written has every default of keepalived.conf(5)', () => {
  const { value, told } = server('', 'TCP_CHECK {\n}')
  expect(told).toEqual([])
  expect(value).toEqual({
    key: 'tcp/192.0.2.1:80',
    service: { kind: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 },
    scheduler: 'rr',
    onePacket: false,
    realServers: [
      {
        address: '198.51.100.1',
        port: 80,
        weight: 1,
        method: 'nat',
        inhibitOnFailure: false,
        upperThreshold: 0,
        lowerThreshold: 0,
        checkers: [
          {
            kind: 'tcp',
            timing: {
              delayLoop: s(60),
              retry: 1,
              delayBeforeRetry: s(1),
              warmup: s(60),
              alpha: false,
              logAllFailures: false,
            },
            target: { address: '198.51.100.1', port: 80, connectTimeout: s(5) },
          },
        ],
      },
    ],
    quorum: 1,
    hysteresis: 0,
    alpha: false,
    omega: false,
  })
})

const rows: readonly (readonly [claim: string, lines: string, fields: Record<string, unknown>])[] = [
  [
    'lvs_sched and lvs_method are other words for lb_algo and lb_kind',
    'lvs_sched wlc\nlvs_method DR',
    { scheduler: 'wlc' },
  ],
  ['the protocol may be in any case', 'protocol udp', { key: 'udp/192.0.2.1:80' }],
  [
    'persistence_timeout without a number is 360 s',
    'persistence_timeout',
    { persistence: { timeout: 360, prefixLength: 32 } },
  ],
  [
    'persistence_granularity is a netmask',
    'persistence_timeout 50\npersistence_granularity 255.255.255.0',
    { persistence: { timeout: 50, prefixLength: 24 } },
  ],
  [
    'persistence_granularity makes a service persistent',
    'persistence_granularity 255.255.0.0',
    { persistence: { timeout: 360, prefixLength: 16 } },
  ],
  ['ha_suspend is a flag', 'ha_suspend', { haSuspend: true }],
  ['panic_threshold is a percentage', 'panic_threshold 30', { panicThreshold: 30 }],
  ['ops is for UDP', 'protocol UDP\nops', { onePacket: true }],
  ['alpha and omega are flags, whatever follows', 'alpha 1\nomega 1', { alpha: true, omega: true }],
  [
    'sorry_server takes port and method of the service',
    'sorry_server 198.51.100.9',
    { sorryServer: { address: '198.51.100.9', port: 80, method: 'nat', inhibit: false } },
  ],
  [
    'sorry_server has words of its own',
    'sorry_server 198.51.100.9 8080\nsorry_server_inhibit\nsorry_server_lvs_method NAT',
    { sorryServer: { address: '198.51.100.9', port: 8080, method: 'nat', inhibit: true } },
  ],
  [
    'quorum scripts',
    'quorum_up "/bin/u p"\nquorum_down /bin/d root',
    { quorumUp: { argv: ['/bin/u', 'p'] }, quorumDown: { argv: ['/bin/d'], user: 'root' } },
  ],
]
for (const [claim, lines, fields] of rows)
  test(`virtual_server: ${claim}`, () => {
    const { value, told } = server(lines)
    expect(told).toEqual([])
    expect(value).toMatchObject(fields)
  })

test('slow_start is what its servers have, unless they say otherwise', () => {
  expect(first(server('slow_start 30', '').value)).toMatchObject({ slowStart: s(30) })
  expect(first(server('slow_start 30', 'slow_start 0.5').value)).toMatchObject({ slowStart: s(0.5) })
  expect(first(server('slow_start 30', 'slow_start 0').value)).not.toHaveProperty('slowStart')
})

test('snmp_name is kept, for whenever there is SNMP', () => {
  const { value, told } = server('snmp_name web', 'snmp_name one')
  expect(value).toMatchObject({ snmpName: 'web', realServers: [{ snmpName: 'one' }] })
  expect(new Set(told.map((line) => line.replace(/^.*(?:remark|without-effect): /, '')))).toEqual(
    new Set(['there is no SNMP agent; its words have no effect']),
  )
})

test('ha_suspend is not for firewall marks', () => {
  const loaded = load('virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\nha_suspend\nreal_server 198.51.100.1 {\n}\n}')
  expect(told(loaded)).toEqual([expect.stringContaining('ha_suspend is not for firewall marks')])
  expect(loaded.model.virtualServers[0]).not.toHaveProperty('haSuspend')
})

test('IPv6, with a prefix length for persistence', () => {
  const loaded = load(`virtual_server 2001:db8::1 53 {
protocol UDP\nlb_algo rr\nlb_kind DR\npersistence_timeout 9\npersistence_granularity 64
real_server 2001:db8::2 53 {\n}\n}`)
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualServers[0]).toMatchObject({
    key: 'udp/[2001:db8::1]:53',
    persistence: { timeout: 9, prefixLength: 64 },
  })
})

test('a firewall mark has the family of its servers and no protocol; NAT behind it may map ports', () => {
  const { value, told } = server('', 'TCP_CHECK {\n}', 'fwmark 7')
  expect(told).toEqual([])
  expect(value).toMatchObject({ key: 'fwmark/4/7', service: { kind: 'fwmark', family: 4, mark: 7 } })
  expect(first(value)).toMatchObject({ port: 80, checkers: [{ target: { port: 80 } }] })
})

test('behind a firewall mark direct routing keeps the port of the packet; the one written is what checkers ask', () => {
  const { value, told } = server('lb_kind DR', 'TCP_CHECK {\n}', 'fwmark 7')
  expect(told).toEqual([expect.stringContaining('behind a firewall mark DR keeps the port of the packet; using none')])
  expect(first(value)).toMatchObject({ port: 0, checkers: [{ target: { port: 80 } }] })
})

test('quorum is at most the sum of weights, hysteresis less than the quorum', () => {
  const { value, told } = server('quorum 9\nhysteresis 5', 'weight 3')
  expect(value).toMatchObject({ quorum: 3, hysteresis: 2 })
  expect(told.map((one) => one.split(': ')[1])).toEqual([
    'virtual_server 192.0.2.1:80 has quorum 9, but all weights together are 3; using 3',
    'virtual_server 192.0.2.1:80 has hysteresis 5, which must be less than the quorum 3; using 2',
  ])
})

test('a checker takes what it does not say from its real server, then from the virtual server', () => {
  const service =
    'delay_loop 7\nconnect_timeout 8\nretry 9\ndelay_before_retry 10\nwarmup 11\nalpha\nvirtualhost vs.example'
  expect(checker('TCP_CHECK {\n}', service).value).toMatchObject({
    timing: { delayLoop: s(7), retry: 9, delayBeforeRetry: s(10), warmup: s(11), alpha: true },
    target: { connectTimeout: s(8) },
  })
  const realServer =
    'delay_loop 17\nconnect_timeout 18\nretry 19\ndelay_before_retry 20\nwarmup 0\nalpha off\nvirtualhost rs.example'
  expect(checker(`HTTP_GET {\nurl {\npath /\n}\n}\n${realServer}`, service).value).toMatchObject({
    timing: { delayLoop: s(17), retry: 19, delayBeforeRetry: s(20), warmup: s(0), alpha: false },
    target: { connectTimeout: s(18) },
    requests: [{ virtualHost: 'rs.example' }],
  })
  const own = 'delay_loop 27\nconnect_timeout 28\nretry 0\ndelay_before_retry 0\nwarmup 1\nalpha yes\nlog_all_failures'
  expect(checker(`TCP_CHECK {\n${own}\n}\n${realServer}`, service).value).toMatchObject({
    timing: { delayLoop: s(27), retry: 0, delayBeforeRetry: s(0), warmup: s(1), alpha: true, logAllFailures: true },
    target: { connectTimeout: s(28) },
  })
})

test('warmup is delay_loop where nobody says it', () => {
  expect(checker('TCP_CHECK {\ndelay_loop 3\n}').value?.timing.warmup).toBe(s(3))
})

test('HTTP_GET waits 3 s before a repetition, TCP_CHECK 1 s', () => {
  expect(checker('HTTP_GET {\nurl {\npath /\n}\n}').value?.timing.delayBeforeRetry).toBe(s(3))
  expect(checker('TCP_CHECK {\n}').value?.timing.delayBeforeRetry).toBe(s(1))
})

test('HTTP_GET in full', () => {
  const { value, told } = checker(`HTTP_GET {
connect_ip 203.0.113.9
connect_port 8080
bindto 203.0.113.1
bind_port 999
bind_if eth1
fwmark 5
virtualhost check.example
http_protocol 1.0c
fast_recovery
url {
path /a?b=c
digest 9B3A0C85A887A256D6939DA88AABD8CD
status_code 200
status_code 300-302
virtualhost url.example
}
url {
path "/with blank"
}
}`)
  expect(told).toEqual([])
  expect(value).toEqual({
    kind: 'http',
    timing: { delayLoop: s(60), retry: 1, delayBeforeRetry: s(3), warmup: s(60), alpha: false, logAllFailures: false },
    target: {
      address: '203.0.113.9',
      port: 8080,
      bindAddress: '203.0.113.1',
      bindPort: 999,
      bindInterface: 'eth1',
      fwmark: 5,
      connectTimeout: s(5),
    },
    requests: [
      {
        path: '/a?b=c',
        virtualHost: 'url.example',
        digest: '9b3a0c85a887a256d6939da88aabd8cd',
        statusCodes: [
          { from: 200, to: 200 },
          { from: 300, to: 302 },
        ],
      },
      { path: '/with blank', virtualHost: 'check.example', statusCodes: [{ from: 200, to: 299 }] },
    ],
    httpVersion: '1.0C',
    fastRecovery: true,
  })
})

test('a real server has weight, method, thresholds and scripts', () => {
  const { value, told } = server(
    'weight 4\ninhibit_on_failure',
    'weight 0\nlvs_method TUN\nuthreshold 9\nlthreshold 3\nnotify_up "/bin/u 1"\nnotify_down /bin/d\ninhibit_on_failure false',
  )
  expect(told).toEqual([])
  expect(first(value)).toMatchObject({
    weight: 0,
    method: 'tun',
    upperThreshold: 9,
    lowerThreshold: 3,
    inhibitOnFailure: false,
    notifyUp: { argv: ['/bin/u', '1'] },
    notifyDown: { argv: ['/bin/d'] },
  })
  expect(first(server('weight 4\ninhibit_on_failure').value)).toMatchObject({ weight: 4, inhibitOnFailure: true })
})

test('a real server written before lb_kind takes the final one', () => {
  const { value } = server('real_server 198.51.100.1 80 {\n}\nlb_kind DR')
  expect(first(value).method).toBe('dr')
})

test('a real server takes lb_kind as it is when its block opens', () => {
  const { value } = server('lb_kind TUN\nreal_server 198.51.100.1 80 {\n}\nlb_kind NAT')
  expect(first(value).method).toBe('tun')
})

test('NAT maps ports, DR does not; the checker asks the port that was written', () => {
  const port = (kind: string) =>
    first(server(`lb_kind ${kind}\nreal_server 198.51.100.1 8080 {\nTCP_CHECK {\n}\n}`).value)
  expect(port('NAT')).toMatchObject({ port: 8080, checkers: [{ target: { port: 8080 } }] })
  expect(port('DR')).toMatchObject({ port: 80, checkers: [{ target: { port: 8080 } }] })
})

test('nb_get_retry is an old word for retry, in TCP_CHECK too where keepalived does not know it', () => {
  const { value, told } = checker('TCP_CHECK {\nnb_get_retry 3\n}')
  expect(value?.timing.retry).toBe(3)
  expect(told.map((one) => one.replace(/^\S+ /, ''))).toEqual([
    'warning deprecated: nb_get_retry is an old word for retry',
  ])
})

const complaints: readonly (readonly [where: 'service' | 'server', lines: string, told: RegExp])[] = [
  ['service', 'lb_algo fastest', /lb_algo fastest is no scheduler/],
  ['service', 'lb_kind nat', /lb_kind nat is not NAT, DR, TUN or FNAT/],
  ['service', 'lb_kind fullnat', /is not NAT, DR, TUN or FNAT/],
  ['service', 'lb_kind DR type gue', /type has no meaning after DR/],
  ['service', 'lb_kind TUN gue', /lb_kind TUN gue is not type, port, nocsum, csum or remcsum/],
  ['service', 'lb_kind TUN type vxlan', /type vxlan is not ipip, gue or gre/],
  ['service', 'lb_kind TUN type', /lb_kind needs ipip, gue or gre/],
  ['service', 'lb_kind TUN type gue', /type gue has no port/],
  ['service', 'lb_kind TUN type gue port 0', /port 0 is not a whole number from 1 to 65535/],
  ['service', 'lb_kind TUN type gre port 5', /port 5 is for type gue/],
  ['service', 'lb_kind TUN csum', /csum is for type gue and gre/],
  ['service', 'lb_kind TUN type gre remcsum', /remcsum is for type gue/],
  ['service', 'lb_algo sh fast', /lb_algo fast is no flag of a scheduler/],
  ['service', 'lb_algo rr\nsh-port', /sh-port is for lb_algo sh, not rr/],
  ['service', 'lb_algo sh mh-port', /mh-port is for lb_algo mh, not sh/],
  ['service', 'persistence_engine a-name-of-16-byte', /is not a name of at most 15 bytes/],
  ['service', 'persistence_engine sip', /persistence_engine does nothing without persistence_timeout/],
  ['service', 'toa', /toa is for FNAT of TCP/],
  ['service', 'laddr_group_name G', /there is no local_address_group G/],
  [
    'service',
    'lb_kind FNAT\nsorry_server 198.51.100.9',
    /FNAT needs local addresses; its servers by FNAT are left out/,
  ],
  ['service', 'sorry_server 127.0.0.1', /NAT cannot reach a loopback address/],
  ['server', 'uthreshold 3\nlthreshold 4', /lthreshold 4 is above uthreshold 3; using none/],
  ['server', 'lvs_method TUN type gre port 1', /lvs_method TUN port 1 is for type gue/],
  ['service', 'persistence_granularity 255.0.255.0', /is not a contiguous IPv4 netmask/],
  ['service', 'persistence_granularity 64', /more than the 32 bits/],
  ['service', 'persistence_timeout 0', /is not a whole number from 1 to 2678400/],
  ['service', 'ops', /ops is for UDP and firewall marks/],
  ['service', 'sorry_server_inhibit', /stands before sorry_server/],
  ['service', 'sorry_server 2001:db8::1', /is not IPv4 as its virtual server is/],
  ['service', 'ip_family inet6', /ip_family contradicts 192.0.2.1/],
  ['service', 'panic_threshold 101', /panic_threshold 101 is not a whole number from 0 to 100/],
  ['service', 'slow_start soon', /slow_start soon is not a number of seconds/],
  ['service', 'delay_loop 0', /delay_loop 0 is not a number of seconds/],
  ['server', 'weight -1', /weight -1 is not a whole number/],
  ['server', 'retry 0', /retry 0 is not a whole number from 1/],
  [
    'server',
    'TCP_CHECK {\nbindto 2001:db8::1\n}',
    /is not of the family of 198.51.100.1; the check comes from the address that the kernel/,
  ],
  ['server', 'TCP_CHECK {\nconnect_ip fe80::1\n}', /has no bind_if; the checker is left out/],
  ['server', 'HTTP_GET {\n}', /HTTP_GET has no url; the checker is left out/],
  ['server', 'HTTP_GET {\nurl {\nstatus_code 2xx\npath /\n}\n}', /status_code 2xx is not a code or range/],
  ['server', 'HTTP_GET {\nhttp_protocol 2\nurl {\npath /\n}\n}', /is not 1.0, 1.0C or 1.1/],
  ['server', 'TCP_CHECK {\npath /\n}', /unknown keyword path in TCP_CHECK/],
]
for (const [where, lines, message] of complaints)
  test(`virtual_server, with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
    const { told } = where === 'service' ? server(lines) : server('', lines)
    expect(
      told.some((one) => message.test(one)),
      told.join('\n'),
    ).toBe(true)
  })

test('a service that is there twice is told with both places', () => {
  const one =
    'virtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 198.51.100.1 80 {\n}\n}\n'
  const loaded = load(one + one + one.replace('TCP', 'UDP'))
  expect(loaded.model.virtualServers.map((server) => server.key)).toEqual(['tcp/192.0.2.1:80', 'udp/192.0.2.1:80'])
  expect(loaded.diagnostics.map((one) => [one.line, one.related[0]?.line])).toEqual([[8, 1]])
})

test('a real server of another family is left out unless it is tunnelled', () => {
  const { value, told } = server('real_server 2001:db8::1 80 {\n}\nreal_server 2001:db8::2 80 {\nlvs_method TUN\n}')
  expect(value.realServers.map((one) => one.address)).toEqual(['2001:db8::2'])
  expect(told.join()).toMatch(/2001:db8::1 is not IPv4 as its virtual server is; it is left out/)
})

const double = (kind: string, ...ports: readonly number[]) =>
  server(`lb_kind ${kind}\n${ports.map((port) => `real_server 198.51.100.1 ${port} {\n}\n`).join('')}`)

for (const kind of ['DR', 'TUN'])
  test(`${kind}: real servers that only ports tell apart, which cannot be used, are one; a word, and no error`, () => {
    const { value, told } = double(kind, 8080, 80, 8081)
    expect(value.realServers.map(({ port }) => port)).toEqual([80])
    expect(told.filter((one) => /\berror\b/.test(one))).toEqual([])
    expect(told.filter((one) => one.includes('the same destination'))).toEqual(
      [80, 8081].map(
        (port) =>
          `${port === 80 ? 5 : 7}:1 warning remark: real_server 198.51.100.1:${port} is the same destination of virtual_server 192.0.2.1:80 as real_server 198.51.100.1:8080; it is left out`,
      ),
    )
  })

test('a real server that is written twice is an error, by NAT as by direct routing', () => {
  for (const kind of ['NAT', 'DR'])
    expect(double(kind, 80, 80).told).toEqual([
      '5:1 error object: real_server 198.51.100.1:80 is there twice in virtual_server 192.0.2.1:80; the second is left out',
    ])
  expect(double('NAT', 8080, 8081)).toMatchObject({
    told: [],
    value: { realServers: [{ port: 8080 }, { port: 8081 }] },
  })
})

const methods: readonly (readonly [written: string, forwarding: Record<string, unknown>])[] = [
  ['NAT', { method: 'nat' }],
  ['DR', { method: 'dr' }],
  ['TUN', { method: 'tun' }],
  ['TUN type ipip', { method: 'tun' }],
  ['TUN type gue port 6080', { method: 'tun', tunnel: { type: 'gue', port: 6080, checksum: 'none' } }],
  ['TUN type gue port 6080 csum', { method: 'tun', tunnel: { type: 'gue', port: 6080, checksum: 'checksum' } }],
  ['TUN remcsum port 1 type gue', { method: 'tun', tunnel: { type: 'gue', port: 1, checksum: 'remote-checksum' } }],
  ['TUN type gre', { method: 'tun', tunnel: { type: 'gre', port: 0, checksum: 'none' } }],
  ['TUN type gre nocsum', { method: 'tun', tunnel: { type: 'gre', port: 0, checksum: 'none' } }],
  ['TUN type gre csum', { method: 'tun', tunnel: { type: 'gre', port: 0, checksum: 'checksum' } }],
]
for (const [written, forwarding] of methods)
  test(`${written} is read for a virtual server, a real server and a sorry server`, () => {
    const others = `lb_kind ${written === 'NAT' ? 'DR' : 'NAT'}\nsorry_server 198.51.100.9\nsorry_server_lvs_method ${written}`
    const inherited = server(`lb_kind ${written}`)
    const own = server(others, `lvs_method ${written}`)
    expect([...inherited.told, ...own.told]).toEqual([])
    for (const one of [first(inherited.value), first(own.value), own.value.sorryServer])
      expect({ method: one?.method, ...(one?.tunnel === undefined ? {} : { tunnel: one.tunnel }) }).toEqual(forwarding)
  })

const flagRows: readonly (readonly [lines: string, flags: readonly string[] | undefined])[] = [
  ['lb_algo sh', undefined],
  ['lb_algo sh\nsh-port', ['flag-2']],
  ['sh-port\nlb_algo sh\nsh-fallback', ['flag-1', 'flag-2']],
  ['lb_algo mh mh-port mh-fallback', ['flag-1', 'flag-2']],
  ['lb_algo twos\nflag-3\nflag-1\nflag-3', ['flag-1', 'flag-3']],
  ['lb_algo sh flag-1 sh-fallback', ['flag-1']],
]
for (const [lines, flags] of flagRows)
  test(`flags of schedulers: ${lines.replaceAll('\n', ', ')}`, () => {
    const { value, told } = server(lines)
    expect(told).toEqual([])
    expect(value.schedulerFlags).toEqual(flags)
  })

test('ops may stand after the scheduler', () => {
  const { value, told } = server('protocol UDP\nlb_algo rr ops')
  expect(told).toEqual([])
  expect(value.onePacket).toBe(true)
})

test('a persistence engine is a name', () => {
  const { value, told } = server('protocol UDP\npersistence_timeout 50\npersistence_engine sip')
  expect(told).toEqual([])
  expect(value.persistenceEngine).toBe('sip')
})

const fullnat = (group: string, lines: string, head = '192.0.2.1 80', realServer = '198.51.100.1 8080') =>
  load(`${group}
virtual_server ${head} {
protocol TCP
lb_algo rr
${lines}
real_server ${realServer} {\n}\n}`)

test('FULLNAT takes its source addresses from a group, which may stand anywhere and have ranges and interfaces', () => {
  const group = 'local_address_group G {\n10.0.0.1\n10.0.0.254-255 dpdk0\n10.0.0.255-10.0.1.1\n}'
  const loaded = fullnat(group, 'lb_kind FNAT\nladdr_group_name G\ntoa')
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualServers[0]).toMatchObject({
    localAddresses: ['10.0.0.1', '10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1'],
    tcpOptionAddress: true,
    realServers: [{ method: 'fullnat', port: 8080 }],
  })
})

test('FULLNAT by IPv6, with a range of the last group in hexadecimal', () => {
  const group = 'local_address_group G {\n2001:db8::fffe-ffff\n2001:db8::1:9-a eth0\n}'
  const loaded = fullnat(group, 'lb_kind FNAT\nladdr_group_name G', '2001:db8::80 80', '2001:db8::2 80')
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualServers[0]?.localAddresses).toEqual([
    '2001:db8::fffe',
    '2001:db8::ffff',
    '2001:db8::1:9',
    '2001:db8::1:a',
  ])
})

test('only servers by FNAT are lost where local addresses are missing', () => {
  const loaded = load(`virtual_server 192.0.2.1 80 {
protocol TCP\nlb_algo rr\nlb_kind DR
sorry_server 198.51.100.9\nsorry_server_lvs_method FNAT
real_server 198.51.100.1 80 {\nlvs_method FNAT\n}
real_server 198.51.100.2 80 {\n}\n}`)
  expect(loaded.model.virtualServers[0]?.realServers.map((one) => one.address)).toEqual(['198.51.100.2'])
  expect(loaded.model.virtualServers[0]?.sorryServer).toBeUndefined()
  expect(told(loaded)).toEqual([
    '1:1 error object: virtual_server 192.0.2.1:80: FNAT needs local addresses; its servers by FNAT are left out',
  ])
})

const groups: readonly (readonly [what: string, group: string, said: RegExp])[] = [
  ['is not there', '', /there is no local_address_group G/],
  ['is empty', 'local_address_group G {\n}', /local_address_group G has no address/],
  ['has no name', 'local_address_group {\n10.0.0.1\n}', /local_address_group needs a name/],
  ['is of the other family', 'local_address_group G {\n2001:db8::1\n}', /G is IPv6, its virtual server IPv4/],
  [
    'is of both families',
    'local_address_group G {\n10.0.0.1\n2001:db8::1\n}',
    /local_address_group G is IPv4; 2001:db8::1 is left out/,
  ],
  [
    'is there twice',
    'local_address_group G {\n10.0.0.1\n}\nlocal_address_group G {\n10.0.0.2\n}',
    /local_address_group G is there twice/,
  ],
  ['holds no address', 'local_address_group G {\neth0\n}', /local address eth0 is not an IPv4 or IPv6 address/],
  ['counts down', 'local_address_group G {\n10.0.0.9-1\n}', /local address 10.0.0.9-1 does not go upwards/],
  ['ends nowhere', 'local_address_group G {\n10.0.0.9-300\n}', /ends with 300, which is neither/],
  ['changes family', 'local_address_group G {\n10.0.0.9-2001:db8::1\n}', /begins and ends in different families/],
  ['is huge', 'local_address_group G {\n10.0.0.0-10.0.16.0\n}', /is more than 4096 addresses/],
  [
    'is huge in parts',
    'local_address_group G {\n10.0.0.0-10.0.15.255\n10.1.0.0\n}',
    /a group holds at most 4096 addresses/,
  ],
  ['names no interface', 'local_address_group G {\n10.0.0.1 a/b\n}', /a\/b is no interface name/],
  ['says more', 'local_address_group G {\n10.0.0.1 eth0 eth1\n}', /eth1 after a local address means nothing/],
]
for (const [what, group, said] of groups)
  test(`a group of local addresses that ${what} is told`, () => {
    const all = told(fullnat(group, 'lb_kind FNAT\nladdr_group_name G'))
    expect(
      all.some((one) => said.test(one)),
      all.join('\n'),
    ).toBe(true)
  })

test('a group without FNAT, and toa without TCP, are of no use and told', () => {
  const group = 'local_address_group G {\n10.0.0.1\n}'
  const plain = fullnat(group, 'lb_kind NAT\nladdr_group_name G')
  expect(plain.model.virtualServers[0]).not.toHaveProperty('localAddresses')
  expect(told(plain)).toEqual([
    '8:18 warning remark: laddr_group_name is for FNAT; virtual_server 192.0.2.1:80 goes without',
  ])
  const udp = fullnat(group, 'lb_kind FNAT\nladdr_group_name G\nprotocol UDP\ntoa')
  expect(udp.model.virtualServers[0]).not.toHaveProperty('tcpOptionAddress')
  expect(told(udp)).toEqual(['10:1 warning remark: toa is for FNAT of TCP; virtual_server 192.0.2.1:80 goes without'])
})

test('a firewall mark of IPv6 takes tunnelled servers of either family', () => {
  const { value, told } = server(
    'ip_family inet6\nlb_kind TUN\nreal_server 198.51.100.1 {\n}\nreal_server 2001:db8::1 {\n}',
    '',
    'fwmark 9',
  )
  expect(told).toEqual([])
  expect(value.service).toEqual({ kind: 'fwmark', family: 6, mark: 9 })
  expect(value.realServers.map(({ address, port }) => [address, port])).toEqual([
    ['198.51.100.1', 0],
    ['2001:db8::1', 0],
  ])
})

const grouped = (entries: string, lines = 'lb_kind DR', realServer = '198.51.100.1 80') =>
  load(`virtual_server_group G {
${entries}
}
virtual_server group G {
protocol TCP
lb_algo rr
${lines}
real_server ${realServer} {\n}\n}`)
const keysOf = (of: VirtualServer | undefined) => (of === undefined ? [] : servicesOf(of).map(serviceKey))

test('a group is the same virtual server whatever comes to it or leaves it', () => {
  const keyOf = (entries: string) => grouped(entries).model.virtualServers[0]?.key
  expect(keyOf('192.0.2.1 80\n192.0.2.2 80')).toBe('group/G/tcp/4')
  expect(keyOf('192.0.2.2 80')).toBe('group/G/tcp/4')
  expect(keyOf('fwmark 7\n192.0.2.2 80')).toBe('group/G/tcp/4')
})

test('a group of virtual servers is one virtual server with every address, range, network and mark of it', () => {
  const loaded = grouped(
    '192.0.2.1 80\n192.0.2.8-9 80\n192.0.2.254-192.0.3.0 81\n192.0.2.64/30\n192.0.2.1/32 443\nfwmark 7 inet\nfwmark 8',
    'lb_kind NAT\npersistence_timeout 9',
  )
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualServers).toHaveLength(1)
  expect(loaded.model.virtualServers[0]).toMatchObject({ key: 'group/G/tcp/4', group: { name: 'G' } })
  expect(keysOf(loaded.model.virtualServers[0])).toEqual([
    'tcp/192.0.2.1:80',
    'tcp/192.0.2.8:80',
    'tcp/192.0.2.9:80',
    'tcp/192.0.2.254:81',
    'tcp/192.0.2.255:81',
    'tcp/192.0.3.0:81',
    'tcp/192.0.2.64:0',
    'tcp/192.0.2.65:0',
    'tcp/192.0.2.66:0',
    'tcp/192.0.2.67:0',
    'tcp/192.0.2.1:443',
    'fwmark/4/7',
    'fwmark/4/8',
  ])
})

test('networks of IPv6 are read to the address', () => {
  const loaded = grouped('2001:db8::10/126 80', 'lb_kind DR', '2001:db8::2 80')
  expect(told(loaded)).toEqual([])
  expect(keysOf(loaded.model.virtualServers[0])).toEqual(
    ['10', '11', '12', '13'].map((last) => `tcp/[2001:db8::${last}]:80`),
  )
})

test('a group with one port is as one service for its servers, one with several leaves them their own', () => {
  const one = grouped('192.0.2.1 80\n192.0.2.2 80', 'lb_kind DR', '198.51.100.1').model.virtualServers[0]
  expect(one?.realServers[0]?.port).toBe(80)
  const two = grouped('192.0.2.1 80\n192.0.2.2 443', 'lb_kind DR', '198.51.100.1').model.virtualServers[0]
  expect(two?.realServers[0]?.port).toBe(0)
  const nat = grouped('192.0.2.1 80\n192.0.2.2 443', 'lb_kind NAT', '198.51.100.1 8080').model.virtualServers[0]
  expect(nat?.realServers[0]?.port).toBe(8080)
})

test('in a group a server is what it is by its written port, whatever the ports of the group become', () => {
  const serverIn = (entries: string, kind = 'lb_kind DR') =>
    grouped(entries, kind, '198.51.100.1 80').model.virtualServers[0]?.realServers[0]
  const first = serverIn('192.0.2.1 80')
  expect(first?.port).toBe(80)
  for (const entries of ['192.0.2.1 80\n192.0.2.2 443', '192.0.2.1 443', '192.0.2.1 80\nfwmark 7', 'fwmark 7'])
    for (const kind of ['lb_kind DR', 'lb_kind TUN'])
      expect(serverIn(entries, kind)).toEqual(serverIn('192.0.2.1 80', kind))
  expect(told(grouped('192.0.2.1 80\n192.0.2.2 443'))).toEqual([
    '9:1 warning remark: real_server 198.51.100.1:80: DR keeps the port of each service of the group, which is not always 80',
  ])
})

test('in a group, too, servers that only ports tell apart are one by direct routing', () => {
  const double = (kind: string) =>
    grouped('192.0.2.1 80\n192.0.2.2 443', kind, '198.51.100.1 80 {\n}\nreal_server 198.51.100.1 443')
  expect(double('lb_kind DR').model.virtualServers[0]?.realServers).toHaveLength(1)
  expect(told(double('lb_kind DR'))).toContainEqual(
    '11:1 warning remark: real_server 198.51.100.1:443 is the same destination of virtual_server group G as real_server 198.51.100.1:80; it is left out',
  )
  expect(double('lb_kind NAT').model.virtualServers[0]?.realServers).toHaveLength(2)
})

const groupRows: readonly (readonly [what: string, entries: string, lines: string, said: RegExp])[] = [
  ['nothing', '', 'lb_kind DR', /virtual_server_group G has no entry; nothing can use it/],
  ['a host bit', '192.0.2.1/24 80', 'lb_kind DR', /192.0.2.1\/24 has host bits that are not zero/],
  ['no length', '192.0.2.0/33 80', 'lb_kind DR', /192.0.2.0\/33 has no prefix length from 1 to 32/],
  ['too much', '2001:db8::/64 80', 'lb_kind DR', /2001:db8::\/64 is more than 4096 addresses/],
  ['too many', '192.0.2.0/24 80\n198.18.0.0/20 80', 'lb_kind DR', /a group holds at most 4096 services/],
  ['a bad port', '192.0.2.1 http', 'lb_kind DR', /192.0.2.1 port http is not a whole number/],
  ['a name', 'www.example.com 80', 'lb_kind DR', /www.example.com is not an IPv4 or IPv6 address/],
  ['a mark of no family', 'fwmark 1 ipv4', 'lb_kind DR', /fwmark ipv4 is neither inet nor inet6/],
  ['no mark', 'fwmark', 'lb_kind DR', /fwmark needs a firewall mark/],
  ['a word too many', '192.0.2.1 80 eth0', 'lb_kind DR', /eth0 means nothing in a virtual_server_group/],
  ['both families', '192.0.2.1 80\n2001:db8::1 80', 'lb_kind DR', /has entries of both families; using those of IPv4/],
  ['another family', '2001:db8::1 80', 'ip_family inet', /has no entry of IPv4; it is left out/],
  ['every port', '192.0.2.1 80\n192.0.2.2', 'lb_kind DR', /takes every port, which needs persistence/],
]
for (const [what, entries, lines, said] of groupRows)
  test(`a group of virtual servers that holds ${what} is told`, () => {
    const all = told(grouped(entries, lines))
    expect(
      all.some((one) => said.test(one)),
      all.join('\n'),
    ).toBe(true)
  })

test('a group that is not there, or twice, or shares a service with another virtual server, is told', () => {
  const server = 'virtual_server group G {\nprotocol TCP\nlb_algo rr\nlb_kind DR\nreal_server 1.2.3.4 80 {\n}\n}\n'
  const group = 'virtual_server_group G {\n192.0.2.1 80\n192.0.2.2 80\n}\n'
  expect(told(load(server))).toEqual([
    '1:22 error object: there is no virtual_server_group G; the virtual server is left out',
  ])
  expect(told(load(group + group + server))).toEqual([
    '5:1 error object: virtual_server_group G is there twice; the second is left out',
  ])
  const single = server.replace('group G', '192.0.2.2 80')
  const loaded = load(single + group + server)
  expect(told(loaded)).toEqual([
    '12:1 error object: virtual_server group G TCP has tcp/192.0.2.2:80, which is there already; the second is left out',
  ])
  expect(loaded.model.virtualServers.map(({ key }) => key)).toEqual(['tcp/192.0.2.2:80'])
  expect(told(load(group + server + server.replace('TCP', 'UDP')))).toEqual([])
})

/** Options of the checkers that do not speak HTTP, each in the whole daemon: with a server of its kind that sees it, or by its verdict. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { dnsTypes } from '../../src/model/index.ts'
import { lab } from '../lab/lab-test.ts'
import { until } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'
import { allEnd, type CheckRow, virtualServerOf, weightsOf } from './check-table.ts'

const OK = 'up accepted'
const STATUS = 'down bad-status'
const row = (claim: string, ends: string, real: string): CheckRow => ({ claim, ends, real })
const block = (keyword: string, port: number | undefined, lines: readonly string[]) =>
  `${keyword} {\n${port === undefined ? '' : `connect_port ${port}\n`}${lines.join('\n')}\n}`
const smtp = (claim: string, ends: string, ...lines: readonly string[]) =>
  row(claim, ends, block('SMTP_CHECK', 25, lines))
const dns = (claim: string, ends: string, ...lines: readonly string[]) =>
  row(claim, ends, block('DNS_CHECK', 53, lines))
const udp = (claim: string, ends: string, ...lines: readonly string[]) =>
  row(claim, ends, block('UDP_CHECK', 53, lines))
const grpc = (claim: string, ends: string, ...lines: readonly string[]) =>
  row(claim, ends, block('GRPC_CHECK', 50051, lines))

/** What dig +noedns sends for example.com; dnsmasq answers with 45 bytes. */
const QUERY = 'payload 1234 0100 0001 0000 0000 0000 07 6578616D706C65 03 636f6d 00 0001 0001'

const network: readonly CheckRow[] = [
  smtp('SMTP_CHECK: a name of its own', OK, 'helo_name probe.example'),
  smtp('SMTP_CHECK: keepalived’s name', OK),
  smtp('SMTP_CHECK: a server that turns us away', STATUS, 'bindto 192.0.2.12'),
  smtp(
    'SMTP_CHECK: a server that waits to be asked',
    'down response-timeout',
    'connect_port 8080',
    'connect_timeout 0.5',
  ),
  row(
    'SMTP_CHECK with two hosts, of which one is a mail server',
    'down accepted connection-refused',
    [
      'SMTP_CHECK {\nhelo_name both.example',
      'host {\nconnect_ip 192.0.2.21\nconnect_port 25\n}',
      'host {\nconnect_ip 192.0.2.21\nconnect_port 9\nretry 0\n}\n}',
    ].join('\n'),
  ),
  row(
    'SMTP_CHECK with a host beside where it connects itself',
    'down connection-refused accepted',
    ['SMTP_CHECK {\nconnect_port 9\nretry 0', 'host {\nconnect_ip 192.0.2.21\nconnect_port 25\n}\n}'].join('\n'),
  ),

  ...dnsTypes.map((type) => dns(`DNS_CHECK: type ${type}`, OK, `type ${type}`, `name ${type}.example.com`)),
  dns('DNS_CHECK: SOA of the root unless told otherwise', STATUS),
  dns('DNS_CHECK: the first name counts', OK, 'type A', 'name first.example.com', 'name elsewhere.example'),
  dns('DNS_CHECK: a name with a dot at its end', OK, 'type A', 'name dot.example.com.'),
  dns('DNS_CHECK: a name that is not there', STATUS, 'type A', 'name nowhere.example.org'),

  udp('UDP_CHECK: a reply', OK, QUERY, 'require_reply'),
  udp('UDP_CHECK: none required', OK, QUERY),
  udp('UDP_CHECK: what it begins with', OK, QUERY, 'require_reply 1234'),
  udp('UDP_CHECK: any digit', OK, QUERY, 'require_reply 1X34 Xx'),
  udp('UDP_CHECK: what it does not begin with', 'down bad-reply', QUERY, 'require_reply 1235'),
  udp('UDP_CHECK: min_reply_length', OK, QUERY, 'require_reply 1234', 'min_reply_length 45'),
  udp(
    'UDP_CHECK: min_reply_length that it has not',
    'down bad-reply',
    QUERY,
    'require_reply 1234',
    'min_reply_length 46',
  ),
  udp('UDP_CHECK: max_reply_length', OK, QUERY, 'require_reply 1234', 'max_reply_length 45'),
  udp(
    'UDP_CHECK: max_reply_length that it exceeds',
    'down bad-reply',
    QUERY,
    'require_reply 1234',
    'max_reply_length 44',
  ),
  udp('UDP_CHECK: lengths mean nothing without what it begins with', OK, QUERY, 'require_reply', 'max_reply_length 44'),
  udp('UDP_CHECK: the usual datagram, which no name server answers', OK, 'connect_timeout 0.5'),
  udp('UDP_CHECK: and so no reply comes', 'down response-timeout', 'connect_timeout 0.5', 'require_reply'),

  grpc('GRPC_CHECK: the server as a whole', 'up serving'),
  grpc('GRPC_CHECK: a service that serves', 'up serving', 'service shop.Cart'),
  grpc('GRPC_CHECK: a service that does not', 'down not-serving', 'service shop.Till'),
  grpc('GRPC_CHECK: a service that nobody knows', 'down not-serving', 'service shop.Cellar'),
  grpc('GRPC_CHECK: tls, which the server does not speak', 'down tls-failure', 'tls'),
  grpc('GRPC_CHECK: a server of HTTP/1.1', 'down malformed-response', 'connect_port 8080'),
]

lab(
  'each option of SMTP_CHECK, DNS_CHECK, UDP_CHECK and GRPC_CHECK is seen by a server of its kind, or decides',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '192.0.2.12/24'] } })
    const server = lab.host('server', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
    const program = (name: string, ...argv: readonly string[]) =>
      server.spawn(name, [process.execPath, join(repositoryRoot, `test/lab/library/${name}.mjs`), ...argv])
    const mail = program('relay', '192.0.2.21', '25', '192.0.2.12')
    const health = program('health', '192.0.2.21:50051')
    const names = server.spawn('dnsmasq', [
      ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'],
      ...[
        '--pid-file=',
        '--address=/example.com/192.0.2.80',
        '--local=/example.com/',
        '--log-queries',
        '--log-facility=-',
      ],
    ])
    await Promise.all([mail.line(/"ready"/), health.line(/"ready"/), server.nginx({ listen: ['8080'], body: 'well' })])
    const daemon = await director.holdfastd(
      virtualServerOf(network, 'delay_loop 0.5\ndelay_before_retry 0.2\nwarmup 0\nretry 1'),
    )
    await allEnd(daemon, network)

    const greeted = () =>
      new Set(mail.lines.flatMap(({ text }) => (text.includes('"helo"') ? [JSON.parse(text).helo] : [])))
    await until('each has said its name', () => greeted().size === 3, { detail: () => mail.output })
    expect([...greeted()].sort()).toEqual(['both.example', 'probe.example', 'smtpchecker.keepalived.org'])
    const asked = new Set(names.lines.flatMap(({ text }) => /query\[(.*) from 192\.0\.2\.11$/.exec(text)?.[1] ?? []))
    for (const type of dnsTypes) expect(asked).toContain(`${type}] ${type}.example.com`)
    for (const name of ['first.example.com', 'dot.example.com']) expect(asked).toContain(`A] ${name}`)
    expect([...asked].filter((one) => one.includes('elsewhere'))).toEqual([])
    expect([...asked].filter((one) => /^SOA\] \.?$/.test(one))).toHaveLength(1)
  },
)

/** A row with the weight that its server comes to; undefined: it is not in the table. */
type WeighedRow = CheckRow & { readonly weight: number | undefined }

const weighed = (
  claim: string,
  ends: string,
  weight: number | undefined,
  ...checkers: readonly string[]
): WeighedRow => ({
  ...row(claim, ends, `weight 5\n${checkers.join('\n')}`),
  weight,
})
const script = (command: string, ...lines: readonly string[]) =>
  `MISC_CHECK {\nmisc_path "${command}"\n${lines.join('\n')}\n}`
const exits = (code: number, ...lines: readonly string[]) => script(`/bin/sh -c 'exit ${code}'`, ...lines)
const file = (name: string, ...lines: readonly string[]) => `FILE_CHECK {\ntrack_file ${name}\n${lines.join('\n')}\n}`

const local: readonly WeighedRow[] = [
  weighed('MISC_CHECK: exit code 0', OK, 5, exits(0)),
  weighed('MISC_CHECK: another', 'down script-failed', undefined, exits(2)),
  weighed('MISC_CHECK: a signal', 'down script-failed', undefined, script("/bin/sh -c 'kill -9 $$'")),
  weighed('MISC_CHECK: arguments', OK, 5, script("/usr/bin/test 'a b' = 'a b'")),
  weighed('MISC_CHECK: the wrong argument', 'down script-failed', undefined, script("/usr/bin/test 'a b' = 'a  b'")),
  weighed('MISC_CHECK: script_user', OK, 5, script("/bin/sh -c 'test $(id -un) = root'")),
  weighed(
    'MISC_CHECK: user and the group that goes with it',
    OK,
    5,
    script("/bin/sh -c 'test $(id -un).$(id -gn) = nobody.nogroup'", 'user nobody'),
  ),
  weighed(
    'MISC_CHECK: user and group',
    OK,
    5,
    script("/bin/sh -c 'test $(id -un).$(id -gn) = nobody.daemon'", 'user nobody daemon'),
  ),
  weighed('MISC_CHECK: misc_timeout', 'down script-timeout', undefined, script('/bin/sleep 3600', 'misc_timeout 0.5')),
  weighed(
    'MISC_CHECK: without it the delay_loop of the virtual server',
    'down script-timeout',
    undefined,
    script('/bin/sleep 3601'),
  ),
  weighed('misc_dynamic: 0 leaves the weight', OK, 5, exits(0, 'misc_dynamic')),
  weighed('misc_dynamic: 1 is a failure', 'down script-failed', undefined, exits(1, 'misc_dynamic')),
  weighed('misc_dynamic: 2 is weight 0', OK, 0, exits(2, 'misc_dynamic')),
  weighed('misc_dynamic: 255 is weight 253', OK, 253, exits(255, 'misc_dynamic')),
  weighed(
    'misc_dynamic: what several change adds up',
    'up accepted accepted',
    11,
    exits(12, 'misc_dynamic'),
    exits(8, 'misc_dynamic'),
  ),

  weighed('FILE_CHECK: the weight of the file', 'up file-up', 8, file('three')),
  weighed('FILE_CHECK: a weight of its own', 'up file-up', 11, file('three', 'weight 2')),
  weighed('FILE_CHECK: below 0 counts as 0', 'up file-up', 0, file('three', 'weight -2')),
  weighed('FILE_CHECK: reverse', 'up file-up', 2, file('three', 'weight 1 reverse')),
  weighed('FILE_CHECK: noreverse', 'up file-up', 8, file('three', 'weight 1 noreverse')),
  weighed('FILE_CHECK: a negative number', 'up file-up', 3, file('negative', 'weight 1')),
  weighed('FILE_CHECK: weight 0 and a number', 'down file-down', undefined, file('three', 'weight 0')),
  weighed('FILE_CHECK: weight 0 and 0', 'up file-up', 5, file('zero', 'weight 0')),
  weighed('FILE_CHECK: weight 0 reverse and a number', 'up file-up', 5, file('three', 'weight 0 reverse')),
  weighed('FILE_CHECK: weight 0 reverse and 0', 'down file-down', undefined, file('zero', 'weight 0 reverse')),
  weighed('FILE_CHECK: what outweighs everything', 'down file-down', undefined, file('three', 'weight -2147483647')),
  weighed('FILE_CHECK: a file that is not there holds 0', 'up file-up', 5, file('missing', 'weight 7')),
  weighed('FILE_CHECK: a FIFO holds 0, and nobody waits for its writer', 'up file-up', 5, file('fifo', 'weight 7')),
  weighed('FILE_CHECK: so does a file of 10 GiB, and nobody reads it', 'up file-up', 5, file('huge', 'weight 7')),
  weighed('FILE_CHECK: and a directory', 'up file-up', 5, file('directory', 'weight 7')),
  weighed('FILE_CHECK: several files', 'up file-up file-up', 6, file('three'), file('negative', 'weight 1')),
  weighed('FILE_CHECK and misc_dynamic', 'up file-up accepted', 12, file('three'), exits(11, 'misc_dynamic')),
]

lab('each option of MISC_CHECK and FILE_CHECK decides, or weighs', async (lab) => {
  const director = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
  const tracked = (name: string, text?: string) => {
    const path = text === undefined ? join(director.directory, name) : director.file(name, `${text}\n`)
    return `track_file ${name} {\nfile ${path}\nweight 1\n}`
  }
  await director.exec('mkfifo', join(director.directory, 'fifo'))
  await director.exec('mkdir', join(director.directory, 'directory'))
  await director.exec('truncate', '-s', '10G', join(director.directory, 'huge'))
  const files = [
    tracked('three', '3'),
    tracked('zero', '0'),
    tracked('negative', '-2'),
    ...['missing', 'fifo', 'huge', 'directory'].map((name) => tracked(name)),
  ]
  const daemon = await director.holdfastd(
    `global_defs {\nscript_user root\n}\n${files.join('\n')}\n${virtualServerOf(local, 'delay_loop 5\nwarmup 0')}`,
  )
  const seen = await allEnd(daemon, local)
  expect(weightsOf(seen, local)).toEqual(Object.fromEntries(local.map(({ claim, weight }) => [claim, weight])))
})

lab(
  'slow_start and panic_threshold: who returns gets its weight by and by, and checks never take the last ones',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    const server = lab.host('server', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
    const listen = (port: number) => server.spawn(`web${port}`, ['busybox', 'httpd', '-f', '-p', `${port}`])
    const ports = [8001, 8002, 8003, 8004]
    const webs = ports.map(listen)
    const rows = ports.map(
      (port, i): CheckRow => ({
        claim: `${i + 1}`,
        real: `weight 100\n${i === 0 ? 'slow_start 3600\n' : ''}TCP_CHECK {\nconnect_port ${port}\nretry 0\n}`,
        ends: 'up connected',
      }),
    )
    const ending = (ends: string) => rows.map((one, i) => (i === 0 ? one : { ...one, ends }))
    const daemon = await director.holdfastd(virtualServerOf(rows, 'panic_threshold 50\ndelay_loop 0.2\nwarmup 0'))
    // At the start nobody is spared.
    expect(weightsOf(await allEnd(daemon, rows), rows)).toEqual({ '1': 100, '2': 100, '3': 100, '4': 100 })

    const refused = 'down connection-refused'
    await webs[0]?.stop('SIGKILL')
    await allEnd(daemon, [{ ...(rows[0] as CheckRow), ends: refused }, ...rows.slice(1)])
    webs[0] = listen(8001)
    const returned = await allEnd(daemon, rows)
    const ramped = weightsOf(returned, rows)['1'] ?? 0
    expect(ramped).toBeGreaterThan(0)
    expect(ramped).toBeLessThan(50)
    expect(returned.virtualServers[0]?.realServers[0]?.rampedWeight).toBe(ramped)

    for (const web of webs.slice(1)) await web.stop('SIGKILL')
    const panicked = await allEnd(daemon, ending(refused))
    // Half of four have to serve: the one that lives, and one that does not.
    const kept = panicked.virtualServers[0]?.realServers.filter((one) => one.kept === true) ?? []
    expect(kept).toHaveLength(1)
    expect(Object.values(weightsOf(panicked, rows)).filter((weight) => weight !== undefined)).toHaveLength(2)
  },
)

/** Checkers that speak another protocol than HTTP: what is read, what is filled in, and what is said. */
import { expect, test } from 'vitest'
import type { Micros } from '../../src/base/index.ts'
import { print } from '../../src/config/index.ts'
import type { Checker } from '../../src/model/index.ts'
import { load, told } from './files.ts'

const s = (seconds: number) => (seconds * 1_000_000) as Micros

/** A virtual server on port 80 with one real server on port 8080 that has these lines; others go to the top. */
function read(lines: string, top = '') {
  const loaded = load(`${top}virtual_server 192.0.2.1 80 {
protocol TCP\nlb_algo rr\nlb_kind NAT
real_server 198.51.100.1 8080 {
${lines}
}
}`)
  const checkers: readonly Checker[] = loaded.model.virtualServers[0]?.realServers[0]?.checkers ?? []
  return { checkers, told: told(loaded), model: loaded.model }
}

const target = { address: '198.51.100.1', port: 8080, connectTimeout: s(5) }

test('SMTP_CHECK: what is not written', () => {
  const { checkers, told } = read('SMTP_CHECK {\n}')
  expect(told).toEqual([])
  expect(checkers).toEqual([
    {
      kind: 'smtp',
      heloName: 'smtpchecker.keepalived.org',
      target,
      timing: {
        delayLoop: s(60),
        retry: 1,
        delayBeforeRetry: s(1),
        warmup: s(60),
        alpha: false,
        logAllFailures: false,
      },
    },
  ])
})

test('SMTP_CHECK: each host is a checker, and the first takes the place of one that does not say where', () => {
  const hosts = 'host {\nconnect_ip 203.0.113.1\nretry 5\n}\nhost {\nconnect_port 587\nconnect_timeout 2\n}'
  const { checkers, told } = read(`SMTP_CHECK {\nhelo_name me.example\nconnect_timeout 9\n${hosts}\n}`)
  expect(told).toEqual([])
  expect(checkers).toMatchObject([
    {
      heloName: 'me.example',
      target: { ...target, address: '203.0.113.1', connectTimeout: s(9) },
      timing: { retry: 5 },
    },
    { heloName: 'me.example', target: { ...target, port: 587, connectTimeout: s(2) }, timing: { retry: 5 } },
  ])
})

test('SMTP_CHECK: one that says where asks there, and its hosts as well', () => {
  const { checkers } = read('SMTP_CHECK {\nconnect_port 26\nhost {\n}\n}')
  expect(checkers.map((one) => 'target' in one && one.target.port)).toEqual([26, 8080])
})

test('DNS_CHECK: what is not written, and what is', () => {
  const { checkers, told } = read('DNS_CHECK {\ndelay_loop 7\n}\nDNS_CHECK {\ntype mx\nname example.com.\nname b\n}')
  expect(told).toEqual([])
  expect(checkers).toMatchObject([
    { kind: 'dns', name: '.', type: 'SOA', target, timing: { retry: 3, delayLoop: s(7), delayBeforeRetry: s(7) } },
    { name: 'example.com', type: 'MX', timing: { delayBeforeRetry: s(60) } },
  ])
})

test('PING_CHECK has no port, and one retry after a second', () => {
  const { checkers, told } = read('PING_CHECK {\nconnect_ip 203.0.113.7\n}')
  expect(told).toEqual([])
  expect(checkers).toMatchObject([
    { kind: 'ping', target: { address: '203.0.113.7', port: 0 }, timing: { retry: 1, delayBeforeRetry: s(1) } },
  ])
})

test('UDP_CHECK: what is not written, and bytes as one likes to write them', () => {
  const { checkers, told } = read(
    'UDP_CHECK {\n}\nUDP_CHECK {\npayload 00 0aFF "01 02"\nrequire_reply 0X xx\nmin_reply_length 2\n}\nUDP_CHECK {\nrequire_reply\n}',
  )
  expect(told).toEqual([])
  const [first, second, third] = checkers
  expect(first).toMatchObject({
    kind: 'udp',
    payload: Buffer.from('keepalived check - keepalived ch').toString('hex'),
    target,
  })
  expect(first).not.toHaveProperty('reply')
  expect(second).toMatchObject({ payload: '000aff0102', reply: { pattern: '0xxx', minLength: 2, maxLength: 255 } })
  expect(third).toMatchObject({ reply: { minLength: 0, maxLength: 255 } })
  expect(third).not.toHaveProperty('reply.pattern')
})

test('a real server behind a firewall mark has no port: mail servers are asked on 25 and name servers on 53', () => {
  const { model } = load(
    'virtual_server fwmark 7 {\nlb_algo rr\nlb_kind NAT\nreal_server 198.51.100.1 {\nSMTP_CHECK {\n}\nDNS_CHECK {\n}\n}\n}',
  )
  const ports = model.virtualServers[0]?.realServers[0]?.checkers.map((one) => 'target' in one && one.target.port)
  expect(ports).toEqual([25, 53])
})

test('UDP_CHECK: a digit that is left over is a byte, as keepalived sends it', () => {
  const { checkers, told } = read('UDP_CHECK {\npayload 1 2 34 5\nrequire_reply 123 x\n}')
  expect(told).toEqual([])
  expect(checkers[0]).toMatchObject({ payload: '01023405', reply: { pattern: '12030x' } })
})

test('MISC_CHECK: what is not written, and what is', () => {
  const { checkers, told } = read(
    `weight 7\nMISC_CHECK {\nmisc_path /bin/true\n}\nMISC_CHECK {\nmisc_path "/bin/chk 'a b' c"\nmisc_timeout 2.5\nmisc_dynamic\nuser root wheel\ndelay_loop 3\n}`,
  )
  // Whether scripts are watched over is told once a file.
  expect(told.filter((one) => !one.includes('security'))).toEqual([])
  expect(checkers).toEqual([
    {
      kind: 'misc',
      command: { argv: ['/bin/true'] },
      timeout: s(60),
      timing: {
        delayLoop: s(60),
        retry: 0,
        delayBeforeRetry: s(1),
        warmup: s(60),
        alpha: false,
        logAllFailures: false,
      },
    },
    {
      kind: 'misc',
      command: { argv: ['/bin/chk', 'a b', 'c'], user: 'root', group: 'wheel' },
      timeout: s(2.5),
      dynamicFrom: 7,
      timing: expect.objectContaining({ delayLoop: s(3) }),
    },
  ])
})

test("misc_timeout is the virtual server's delay_loop where none or 0 is written", () => {
  const { model } = load(
    'virtual_server 192.0.2.1 80 {\ndelay_loop 9\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 198.51.100.1 80 {\ndelay_loop 4\nMISC_CHECK {\nmisc_path /bin/x\nmisc_timeout 0\n}\n}\n}',
  )
  expect(model.virtualServers[0]?.realServers[0]?.checkers).toMatchObject([
    { timeout: s(9), timing: { delayLoop: s(4) } },
  ])
})

const tracked = 'track_file state {\nfile /run/state\nweight 3 reverse\n}\n'

test('FILE_CHECK has the weight of its file, or one of its own', () => {
  const { checkers, told, model } = read(
    'FILE_CHECK {\ntrack_file state\n}\nFILE_CHECK {\ntrack_file state\nweight -2147483647 noreverse\n}',
    tracked,
  )
  expect(told).toEqual([])
  expect(checkers).toMatchObject([
    { kind: 'file', file: 'state', weight: 3, reverse: true },
    { file: 'state', weight: -2147483647, reverse: false },
  ])
  expect(model.trackFiles).toMatchObject([{ name: 'state', path: '/run/state' }])
  expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
})

const complaints: readonly [lines: string, complaint: string][] = [
  [
    'DNS_CHECK {\ntype PTR\n}',
    '7:6 error value: type PTR is not A, NS, CNAME, SOA, MX, TXT, AAAA, RRSIG or DNSKEY; the line has no effect',
  ],
  ['DNS_CHECK {\nname a..b\n}', '7:6 error value: name a..b has an empty label; the line has no effect'],
  ['FILE_CHECK {\n}', '6:1 error object: FILE_CHECK has no track_file; the checker is left out'],
  [
    'FILE_CHECK {\ntrack_file none\n}',
    '7:12 error object: FILE_CHECK names none, and there is no such track_file; the checker is left out',
  ],
  ['MISC_CHECK {\nmisc_timeout 3\n}', '6:1 error object: MISC_CHECK has no misc_path; the checker is left out'],
  [
    `DNS_CHECK {\nname ${'x'.repeat(64)}.b\n}`,
    `7:6 error value: name ${'x'.repeat(60)}… is longer than a domain name may be; the line has no effect`,
  ],
  [
    'UDP_CHECK {\nrequire_reply 12g\n}',
    '7:15 error value: require_reply 12g is not in hexadecimal digits, two a byte; any reply will do, so the check is weaker than it is written (as with keepalived)',
  ],
  [
    'UDP_CHECK {\npayload xx\n}',
    "7:9 error value: payload xx is not in hexadecimal digits, two a byte; the line has no effect, and the datagram is keepalived's usual one where no other says what it holds",
  ],
  [
    'UDP_CHECK {\npayload\n}',
    "7:1 error missing-argument: payload needs hexadecimal digits; the line has no effect, and the datagram is keepalived's usual one where no other says what it holds",
  ],
  [
    'UDP_CHECK {\nmin_reply_length 300\n}',
    '6:1 warning remark: UDP_CHECK has min_reply_length 300 above max_reply_length 255; no reply with a pattern will do',
  ],
]

const INSTEAD = "the check asks at the real server's own address, unless another line names one"
const NOWHERE = ' (that of keepalived then asks nowhere, and the server stays as it began)'
const PORT = "the check asks at the real server's own port, unless another line names one (as with keepalived)"
const SOURCE =
  'the check comes from the address that the kernel chooses, unless another line names one (as with keepalived)'
const wheres: readonly [block: string, line: string, complaint: string][] = [
  ['UDP_CHECK', 'connect_ip here', `is not an IPv4 or IPv6 address; ${INSTEAD}${NOWHERE}`],
  ['PING_CHECK', 'connect_ip', `connect_ip needs an address; ${INSTEAD}${NOWHERE}`],
  ['SMTP_CHECK', 'connect_ip here', `is not an IPv4 or IPv6 address; ${INSTEAD} (as with keepalived)`],
  ['GRPC_CHECK', 'connect_ip here', `is not an IPv4 or IPv6 address; ${INSTEAD}`],
  ['TCP_CHECK', 'connect_port 0', `is not a whole number from 1 to 65535; ${PORT}`],
  ['PING_CHECK', 'connect_port 0', 'is not a whole number from 1 to 65535; the line has no effect'],
  ['TCP_CHECK', 'bindto here', `is not an IPv4 or IPv6 address; ${SOURCE}`],
]
for (const [block, line, complaint] of wheres)
  test(`${block}, what it does in the place of a wrong ${line}`, () => {
    const { told, checkers } = read(`${block} {\n${line}\n}`)
    const errors = told.filter((one) => one.includes(' error '))
    expect(errors).toHaveLength(1)
    expect(errors[0]?.endsWith(complaint), errors[0]).toBe(true)
    const plain = read(`${block} {\n}`).checkers
    expect(checkers).toEqual(plain)
  })

for (const [lines, complaint] of complaints)
  test(complaint.slice(0, 90), () => expect(read(lines).told).toContain(complaint))

const printed = [
  'SMTP_CHECK {\nhelo_name a\nconnect_port 25\nbindto 198.51.100.9\nretry 4\nalpha\n}',
  'DNS_CHECK {\ntype TXT\nname a.b\n}',
  'UDP_CHECK {\npayload 00 01\nrequire_reply x1\n}',
  `MISC_CHECK {\nmisc_path "/bin/x 'a b'"\nuser root\nmisc_dynamic\nmisc_timeout 2\n}`,
  'PING_CHECK {\nbind_if eth0\n}',
]
for (const text of printed)
  test(`${text.split(' ')[0]} is printed and read again`, () => {
    const { model, told: complaints } = read(text)
    expect(complaints).toEqual([])
    expect(load(print(model, { secrets: 'shown' })).model).toEqual(model)
  })

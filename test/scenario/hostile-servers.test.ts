/**
 * Servers that mean no good, under every kind of checker in the whole daemon: each check ends in its time with an outcome that
 * has a name, memory stays bounded, and who is well stays up.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { certify } from '../lab/library/certificates.ts'
import { repositoryRoot } from '../lab/library/root.ts'
import { allEnd, type CheckRow, serverOf, virtualServerOf } from './check-table.ts'

const LATE = 'response-timeout'
/** What each kind of checker makes of each of these servers: how the check ends. */
const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  TCP_CHECK: { silent: 'connected', noise: 'connected', closes: 'connected', 'a byte at a time': 'connected' },
  HTTP_GET: {
    silent: LATE,
    'a byte at a time': LATE,
    noise: 'too-large',
    closes: 'no-response',
    'resets once asked': 'reset',
    'a header without end': 'too-large',
    'a header a byte at a time': LATE,
    'a header that is cut': 'malformed-response',
    'a body of 10 GiB': 'too-large',
    'a body a byte at a time': LATE,
    'a body that is reset': 'reset',
    'a compressed bomb': 'malformed-response',
  },
  SSL_GET: {
    silent: LATE,
    'a byte at a time': 'tls-failure',
    noise: 'tls-failure',
    closes: 'reset',
    'resets once asked': 'reset',
    'noise in records of TLS': 'tls-failure',
    'a handshake a byte at a time': LATE,
    'an alert of TLS': 'tls-failure',
    'noise after the handshake': 'tls-failure',
    'a server that wants a certificate': 'tls-failure',
    'silent after the handshake': LATE,
    'resets after the handshake': 'no-response',
    'a header without end over TLS': 'too-large',
    'a body of 10 GiB over TLS': 'too-large',
    'a body a byte at a time over TLS': LATE,
    'a compressed bomb over TLS': 'malformed-response',
  },
  HTTP2_GET: {
    silent: LATE,
    noise: 'malformed-response',
    'a byte at a time': 'malformed-response',
    'resets once asked': 'reset',
    'settings without end': 'malformed-response',
    'pings without end': 'malformed-response',
    'a continued header without end': 'too-large',
    'headers of no response without end': 'malformed-response',
    'a header that names itself again and again': 'too-large',
    'nothing in DATA without end': 'malformed-response',
    'a stream that says nothing': LATE,
    'a stream that is reset': 'reset',
    'a connection that is given up': 'reset',
    'a stream without end': 'too-large',
    'a stream a byte at a time': LATE,
  },
  'HTTP2_GET over TLS': {
    silent: LATE,
    'an alert of TLS': 'tls-failure',
    'noise after the handshake': 'tls-failure',
    'a server that wants a certificate': 'tls-failure',
    'a stream that says nothing over TLS': LATE,
    'a stream that is reset over TLS': 'reset',
    'a stream without end over TLS': 'too-large',
    'a stream a byte at a time over TLS': LATE,
  },
  GRPC_CHECK: {
    silent: LATE,
    'headers of no response without end': 'malformed-response',
    'a header that names itself again and again': 'too-large',
    noise: 'malformed-response',
    'resets once asked': 'reset',
    'a stream that says nothing': LATE,
    'a stream that is reset': 'reset',
    'a stream without end': 'malformed-response',
    'a stream a byte at a time': LATE,
  },
  SMTP_CHECK: {
    silent: LATE,
    noise: 'too-large',
    closes: 'no-response',
    'a byte at a time': LATE,
    'greetings without end': 'too-large',
    'a greeting a byte at a time': LATE,
    'a greeting a line at a time': LATE,
    'silent after its greeting': LATE,
    'resets after its greeting': 'reset',
    'an answer to HELO without end': 'too-large',
    'an answer to HELO a line at a time': LATE,
    'noise after its greeting': 'malformed-response',
  },
  DNS_CHECK: {
    'no datagram': LATE,
    'the question back, a thousand times': LATE,
    'datagrams of 64 KB': LATE,
    'an answer to another id': LATE,
    'an answer to a question that names itself': LATE,
    'an answer that is cut within its question': LATE,
    'an answer whose records name themselves': 'accepted',
    'an answer that counts more records than it has': 'accepted',
  },
  UDP_CHECK: {
    'no datagram': LATE,
    'the question back, a thousand times': 'bad-reply',
    'datagrams of 64 KB': 'bad-reply',
  },
  PING_CHECK: {
    'no echo': LATE,
    'an echo of another id': LATE,
    'an echo of another number': LATE,
    'an echo of other data': LATE,
    'an echo that is cut': LATE,
    'an echo of less than a header': LATE,
    'the request itself': LATE,
    'an echo with a wrong checksum': LATE,
    'an echo from another address': LATE,
    'a thousand wrong echoes': LATE,
    "an error about somebody else's request": LATE,
    "an error about somebody else's request, and the echo": 'accepted',
    'an error about the request': 'unreachable',
    'wrong echoes, and the right one twice': 'accepted',
  },
}
const UP = ['connected', 'accepted']
const checks: Readonly<Record<string, (lines: string) => string>> = {
  TCP_CHECK: (lines) => `TCP_CHECK {\n${lines}\n}`,
  HTTP_GET: (lines) => `HTTP_GET {\n${lines}\nurl {\npath /\nexpect_json .\n}\n}`,
  SSL_GET: (lines) => `SSL_GET {\n${lines}\nurl {\npath /\nexpect_json .\n}\n}`,
  HTTP2_GET: (lines) => `HTTP2_GET {\ntls off\n${lines}\nurl {\npath /\n}\n}`,
  'HTTP2_GET over TLS': (lines) => `HTTP2_GET {\n${lines}\nurl {\npath /\n}\n}`,
  GRPC_CHECK: (lines) => `GRPC_CHECK {\n${lines}\n}`,
  SMTP_CHECK: (lines) => `SMTP_CHECK {\n${lines}\n}`,
  DNS_CHECK: (lines) => `DNS_CHECK {\n${lines}\n}`,
  UDP_CHECK: (lines) => `UDP_CHECK {\n${lines}\npayload 1234\nrequire_reply 99\n}`,
  PING_CHECK: (lines) => `PING_CHECK {\n${lines}\n}`,
}

/** Resident memory that a process had at most, in bytes. */
const mostMemory = (pid: number | undefined): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** Far below one of the bodies, and below one of the bombs for each that was sent. */
const MOST_GROWTH = 128 * 1024 * 1024

lab('whatever servers do, a check ends in its time, with a name, and costs bounded memory', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const server = lab.host('server', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  const { pem, key } = certify(server, 'hostile')
  const program = (name: string, ...argv: readonly string[]) =>
    server.spawn(name, [process.execPath, join(repositoryRoot, `test/scenario/${name}.mjs`), ...argv]).line(/^\{/)
  server.sysctl('net.ipv4.icmp_echo_ignore_all=1')
  const echoes = Object.keys(expected['PING_CHECK'] ?? {}).map((_, i) => `192.0.2.${31 + i}`)
  for (const one of echoes) server.ip('addr', 'add', `${one}/24`, 'dev', 'eth0')
  const [bytes, echo] = await Promise.all([
    program('hostile', '192.0.2.21', pem, key),
    program('hostile-echo', '192.0.2.21', ...echoes),
    server.nginx({ listen: ['8080'], body: 'well' }),
  ])
  const ports = JSON.parse(bytes.text) as Readonly<Record<string, number>>
  const addresses = JSON.parse(echo.text) as Readonly<Record<string, string>>

  const rows = Object.entries(expected).flatMap(([kind, outcomes]) =>
    Object.entries(outcomes).map(([name, outcome]): CheckRow => {
      // Who is to be late is asked again, should the first word of this host itself be late; the others are asked once, with all
      // the time that a slow machine takes.
      const [timeout, loop] = outcome === LATE ? [2, 1] : [20, 3600]
      const where = kind === 'PING_CHECK' ? `connect_ip ${addresses[name]}` : `connect_port ${ports[name]}`
      const lines = `${where}\nconnect_timeout ${timeout}\nretry 0\ndelay_loop ${loop}`
      const state = UP.includes(outcome) ? 'up' : 'down'
      return { claim: `${kind}: ${name}`, real: checks[kind]?.(lines) ?? '', ends: `${state} ${outcome}` }
    }),
  )
  const well: CheckRow = {
    claim: 'one that is well',
    real: 'HTTP_GET {\nconnect_port 8080\ndelay_loop 0.2\nretry 0\nurl {\npath /\n}\n}',
    ends: 'up accepted',
  }
  const all = [well, ...rows]
  const daemon = await director.holdfastd(virtualServerOf(all, 'warmup 0'))
  const pid = await daemon.pidOf('checker')
  const before = mostMemory(pid)
  const seen = await allEnd(daemon, all)
  expect(await daemon.pidOf('checker')).toBe(pid)
  expect(mostMemory(pid) - before).toBeLessThan(MOST_GROWTH)
  expect(serverOf(seen, all, well.claim)?.state).toBe('up')
  expect(daemon.process.lines.filter(({ text }) => /went down.*:1001\b/.test(text))).toEqual([])
})

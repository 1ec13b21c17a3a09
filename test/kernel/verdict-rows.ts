/** What servers answer, and the verdict on them that keepalived and Holdfast come to, a row each. */
import { createHash } from 'node:crypto'

export type Verdict = 'UP' | 'DOWN'

export type VerdictRow = {
  readonly claim: string
  /** The checkers of the real server with these lines in each that connects. */
  readonly real: (lines: string) => string
  /** What listens on the port of the row (scripted-servers.mjs); absent: nobody. */
  readonly plan?: object
  readonly verdict: Verdict
  /** keepalived's, where it is another, and what docs/differences.md says of that. */
  readonly keepalived?: { readonly verdict: Verdict; readonly because: string }
  /** It takes a time-out to know. */
  readonly late?: true
  /** It is what it is from the start, and nobody is told. */
  readonly untold?: true
}

const http = (claim: string, verdict: Verdict, answer: string, ...url: readonly string[]): VerdictRow => ({
  claim: `HTTP_GET: ${claim}`,
  real: (lines) => `HTTP_GET {\nurl {\npath /\n${url.join('\n')}\n}\n${lines}\n}`,
  plan: { answers: [answer], end: 'close' },
  verdict,
})
const planned = (row: VerdictRow, more: object): VerdictRow => ({ ...row, plan: { ...row.plan, ...more } })
const ending = (row: VerdictRow, end: 'drop' | 'reset' | 'hold'): VerdictRow => planned(row, { end })
const inPieces = (row: VerdictRow): VerdictRow => planned(row, { piecemeal: true })
const unlike = (row: VerdictRow, verdict: Verdict, because: string): VerdictRow => ({
  ...row,
  keepalived: { verdict, because },
})
const late = (row: VerdictRow): VerdictRow => ({ ...row, late: true })
const untold = (row: VerdictRow): VerdictRow => ({ ...row, untold: true })
const md5 = (text: string) => `digest ${createHash('md5').update(text).digest('hex')}`
const OK = 'HTTP/1.0 200 OK\r\n'

const NO_REASON = 'A status line that ends after the code'
const ON_THE_HEADER = 'A regex is matched against the header as well'
const LINE_BY_LINE = '`SMTP_CHECK` takes each line for a reply'
const ANY_QUESTION = '`DNS_CHECK` takes an answer to any question for its own'
const EIGHT_BYTES = '`DNS_CHECK` takes eight bytes for an answer'

const web: readonly VerdictRow[] = [
  http('200', 'UP', `${OK}\r\nfine`),
  inPieces(http('200, in pieces', 'UP', `${OK}\r\nfine`)),
  http('200 without a body', 'UP', `${OK}\r\n`),
  http('204', 'UP', 'HTTP/1.0 204 No Content\r\n\r\n'),
  http('404', 'DOWN', 'HTTP/1.0 404 Not Found\r\n\r\n'),
  http('301', 'DOWN', 'HTTP/1.0 301 Moved\r\nLocation: /x\r\n\r\n'),
  http('100 before 200', 'DOWN', `HTTP/1.1 100 Continue\r\n\r\n${OK}\r\nfine`),
  http('status_code 404', 'UP', 'HTTP/1.0 404 Not Found\r\n\r\n', 'status_code 404'),
  http('status_code 404, and 200', 'DOWN', `${OK}\r\n`, 'status_code 404'),
  http('status_code 300-399 404', 'UP', 'HTTP/1.0 404 Not Found\r\n\r\n', 'status_code 300-399 404'),
  unlike(http('no reason phrase', 'UP', 'HTTP/1.0 200\r\n\r\nfine'), 'DOWN', NO_REASON),
  http('an answer without a header', 'DOWN', 'fine'),
  http('a header that ends with the connection', 'DOWN', OK),
  http('a header with bare line feeds', 'DOWN', 'HTTP/1.0 200 OK\nServer: x\n\nfine'),
  planned(http('no answer', 'DOWN', ''), { answers: [], end: 'close' }),
  http('digest', 'UP', `${OK}\r\nfine`, md5('fine')),
  http('digest of another page', 'DOWN', `${OK}\r\nfine`, md5('well')),
  http('digest of no page', 'UP', `${OK}\r\n`, md5('')),
  http(
    'digest of chunks as they are',
    'UP',
    `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n`,
    md5('4\r\nfine\r\n0\r\n\r\n'),
  ),
  http('digest as far as Content-Length goes', 'UP', `${OK}Content-Length: 4\r\n\r\nfine and more`, md5('fine')),
  http('a page that is shorter than Content-Length', 'UP', `${OK}Content-Length: 40\r\n\r\nfine`, md5('fine')),
  http('regex', 'UP', `${OK}\r\nall is fine`, 'regex "is.fine"'),
  http('regex that does not match', 'DOWN', `${OK}\r\nall is fine`, 'regex "bad"'),
  http('regex_no_match', 'UP', `${OK}\r\nall is fine`, 'regex "bad"', 'regex_no_match'),
  http('regex_no_match that matches', 'DOWN', `${OK}\r\nall is fine`, 'regex "fine"', 'regex_no_match'),
  unlike(http('regex on the header', 'DOWN', `${OK}X-Seen: here\r\n\r\nfine`, 'regex "here"'), 'UP', ON_THE_HEADER),
  unlike(http('regex at the begin of the page', 'UP', `${OK}\r\nfine`, 'regex "^fine$"'), 'DOWN', ON_THE_HEADER),
  http('regex_min_offset', 'UP', `${OK}\r\naa aa`, 'regex "aa"', 'regex_min_offset 1'),
  unlike(
    http('regex_min_offset behind it', 'DOWN', `${OK}\r\naa`, 'regex "aa"', 'regex_min_offset 1'),
    'UP',
    ON_THE_HEADER,
  ),
  unlike(http('regex_max_offset', 'UP', `${OK}\r\n123aa`, 'regex "aa"', 'regex_max_offset 3'), 'DOWN', ON_THE_HEADER),
  http('regex_max_offset before it', 'DOWN', `${OK}\r\n123aa`, 'regex "aa"', 'regex_max_offset 2'),
  http('regex_options caseless', 'UP', `${OK}\r\nFINE`, 'regex "fine"', 'regex_options caseless'),
  late(ending(http('a connection that stays open', 'DOWN', `${OK}Content-Length: 4\r\n\r\nfine`), 'hold')),
  ending(http('a connection that is reset after the page', 'DOWN', `${OK}\r\nfine`), 'reset'),
]

const ssl = (claim: string, verdict: Verdict, tls: string, ...url: readonly string[]): VerdictRow => ({
  claim: `SSL_GET: ${claim}`,
  real: (lines) => `SSL_GET {\nurl {\npath /\n${url.join('\n')}\n}\n${lines}\n}`,
  plan: { answers: [`${OK}\r\nfine`], end: 'close', tls },
  verdict,
})
const secure: readonly VerdictRow[] = [
  ssl('TLS 1.3, and a certificate of nobody in particular', 'UP', 'TLSv1.3', md5('fine')),
  ssl('TLS 1.2', 'UP', 'TLSv1.2', md5('fine')),
  ending(ssl('no goodbye', 'UP', 'TLSv1.3', md5('fine')), 'drop'),
  ssl('another page', 'DOWN', 'TLSv1.3', md5('well')),
  { ...ssl('a server without TLS', 'DOWN', ''), plan: { answers: [`${OK}\r\nfine`], end: 'close' } },
  { ...http('a server with TLS', 'DOWN', ''), plan: { answers: ['fine'], end: 'close', tls: 'TLSv1.3' } },
]

const smtp = (claim: string, verdict: Verdict, greet: string, ...answers: readonly string[]): VerdictRow => ({
  claim: `SMTP_CHECK: ${claim}`,
  real: (lines) => `SMTP_CHECK {\n${lines}\n}`,
  plan: { greet, answers, end: 'close' },
  verdict,
})
const mail: readonly VerdictRow[] = [
  smtp('all in order', 'UP', '220 hello\r\n', '250 fine\r\n', '221 bye\r\n'),
  inPieces(smtp('all in order, in pieces', 'UP', '220 hello\r\n', '250 fine\r\n', '221 bye\r\n')),
  smtp('bare line feeds', 'UP', '220 hello\n', '250 fine\n', '221 bye\n'),
  smtp('no words', 'UP', '220 \r\n', '250 \r\n', '221 \r\n'),
  smtp('another greeting', 'DOWN', '421 busy\r\n', '250 fine\r\n', '221 bye\r\n'),
  smtp('HELO is refused', 'DOWN', '220 hello\r\n', '550 no\r\n', '221 bye\r\n'),
  smtp('QUIT is refused', 'UP', '220 hello\r\n', '250 fine\r\n', '500 what\r\n'),
  smtp('no reply at all', 'DOWN', 'hello\r\n', '250 fine\r\n', '221 bye\r\n'),
  smtp('the end instead of an answer to HELO', 'DOWN', '220 hello\r\n'),
  unlike(
    smtp('a greeting of two lines', 'UP', '220-hello\r\n220 again\r\n', '250 fine\r\n', '221 bye\r\n'),
    'DOWN',
    LINE_BY_LINE,
  ),
]

const dns = (claim: string, verdict: Verdict, answer: object): VerdictRow => ({
  claim: `DNS_CHECK: ${claim}`,
  real: (lines) => `DNS_CHECK {\ntype A\nname example.com\n${lines}\n}`,
  plan: { dns: { flags: '8180', ...answer } },
  verdict,
})
const udp = (claim: string, verdict: Verdict, reply: string | undefined, ...own: readonly string[]): VerdictRow => ({
  claim: `UDP_CHECK: ${claim}`,
  real: (lines) => `UDP_CHECK {\npayload 0102\n${own.join('\n')}\n${lines}\n}`,
  ...(reply === undefined ? {} : { plan: { reply } }),
  verdict,
})
const datagrams: readonly VerdictRow[] = [
  dns('no error', 'UP', {}),
  dns('from one who is an authority', 'UP', { flags: '8580' }),
  dns('cut short', 'UP', { flags: '8380' }),
  dns('NXDOMAIN', 'DOWN', { flags: '8183' }),
  dns('SERVFAIL', 'DOWN', { flags: '8182' }),
  late(dns('another id', 'DOWN', { id: 'other' })),
  late(dns('the query itself', 'DOWN', { flags: '0100' })),
  dns('without the question', 'UP', { question: 'none' }),
  late(unlike(dns('to another question', 'DOWN', { question: 'other' }), 'UP', ANY_QUESTION)),
  late(dns('of less than eight bytes', 'DOWN', { length: 7 })),
  late(unlike(dns('of less than a header', 'DOWN', { length: 11 }), 'UP', EIGHT_BYTES)),
  udp('nobody listens', 'DOWN', undefined),
  udp('a reply that nobody asked for', 'UP', '0102'),
  udp('a reply', 'UP', '0102', 'require_reply'),
  udp('the reply that is required', 'UP', '010203', 'require_reply 0102'),
  udp('another reply', 'DOWN', '010203', 'require_reply 0103'),
  udp('any digit', 'UP', '010203', 'require_reply 0X0x'),
  udp('a reply that is shorter than the pattern', 'UP', '01', 'require_reply 0102'),
  udp('min_reply_length', 'DOWN', '010203', 'require_reply 01', 'min_reply_length 4'),
  udp('max_reply_length', 'DOWN', '010203', 'require_reply 01', 'max_reply_length 2'),
  udp('lengths without a pattern', 'UP', '010203', 'require_reply', 'max_reply_length 2'),
  udp('256 bytes', 'DOWN', '01'.repeat(256), 'require_reply 01'),
  udp('255 bytes', 'UP', '01'.repeat(255), 'require_reply 01'),
]

/** What the tracked files hold. */
export const files = { three: '3', zero: '0', negative: '-2' } as const

const local = (claim: string, verdict: Verdict, ...checkers: readonly string[]): VerdictRow => ({
  claim,
  real: () => `weight 5\n${checkers.join('\n')}`,
  verdict,
})
const tcp = (claim: string, verdict: Verdict): VerdictRow => ({
  claim: `TCP_CHECK: ${claim}`,
  real: (lines) => `TCP_CHECK {\n${lines}\n}`,
  verdict,
})
const exits = (code: number, ...lines: readonly string[]) =>
  `MISC_CHECK {\nmisc_path "/bin/sh -c 'exit ${code}'"\n${lines.join('\n')}\n}`
const killed = (...lines: readonly string[]) =>
  `MISC_CHECK {\nmisc_path "/bin/sh -c 'kill -9 $$'"\n${lines.join('\n')}\n}`
const file = (name: string, ...lines: readonly string[]) => `FILE_CHECK {\ntrack_file ${name}\n${lines.join('\n')}\n}`
const others: readonly VerdictRow[] = [
  { ...tcp('who says nothing', 'UP'), plan: { answers: [], end: 'hold' } },
  { ...tcp('who closes', 'UP'), plan: { answers: [], end: 'close' } },
  tcp('nobody listens', 'DOWN'),
  local('PING_CHECK', 'UP', 'PING_CHECK {\n}'),
  local('MISC_CHECK: 0', 'UP', exits(0)),
  local('MISC_CHECK: 1', 'DOWN', exits(1)),
  local('MISC_CHECK: 2', 'DOWN', exits(2)),
  local('MISC_CHECK: a signal', 'DOWN', killed()),
  local('MISC_CHECK: misc_timeout', 'DOWN', 'MISC_CHECK {\nmisc_path "/bin/sleep 3600"\nmisc_timeout 1\n}'),
  ...[0, 2, 3, 100, 255].map((code) => local(`misc_dynamic: ${code}`, 'UP', exits(code, 'misc_dynamic'))),
  local('misc_dynamic: 1', 'DOWN', exits(1, 'misc_dynamic')),
  local('misc_dynamic: a signal', 'DOWN', killed('misc_dynamic')),
  local('misc_dynamic twice', 'UP', exits(12, 'misc_dynamic'), exits(8, 'misc_dynamic')),
  ...Object.keys(files).flatMap((name) => [
    untold(local(`FILE_CHECK of ${name}`, 'UP', file(name))),
    untold(local(`FILE_CHECK of ${name}, weight 2`, 'UP', file(name, 'weight 2'))),
    untold(local(`FILE_CHECK of ${name}, weight 1 reverse`, 'UP', file(name, 'weight 1 reverse'))),
    untold(local(`FILE_CHECK of ${name}, weight 0`, name === 'zero' ? 'UP' : 'DOWN', file(name, 'weight 0'))),
  ]),
]

export const verdictRows: readonly VerdictRow[] = [...web, ...secure, ...mail, ...datagrams, ...others]

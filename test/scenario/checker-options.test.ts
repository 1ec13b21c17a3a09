/** Options of HTTP_GET, SSL_GET and HTTP2_GET in the whole daemon, each by what nginx saw of it: its page tells how it was asked. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lab } from '../lab/lab-test.ts'
import { certify } from '../lab/library/certificates.ts'
import { allEnd, type CheckRow, virtualServerOf } from './check-table.ts'

type HttpRow = {
  readonly real?: string
  readonly check?: string
  /** Lines of the url; its path is /asked unless they say another. */
  readonly url?: string
  /** Further urls. */
  readonly urls?: readonly string[]
}

const OK = 'up accepted'
const MISMATCH = 'down pattern-mismatch'
const STATUS = 'down bad-status'

const httpRow =
  (keyword: string, port: number) =>
  (claim: string, ends: string, { real = '', check = '', url = '', urls = [] }: HttpRow): CheckRow => {
    const all = [/^path /m.test(url) ? url : `path /asked\n${url}`, ...urls].map((one) => `url {\n${one}\n}`).join('\n')
    return { claim, ends, real: `${real}\n${keyword} {\nconnect_port ${port}\n${all}\n${check}\n}` }
  }
const http = httpRow('HTTP_GET', 8080)
const ssl = httpRow('SSL_GET', 8443)
const http2 = httpRow('HTTP2_GET', 8443)

/** That the page says `word` of how it was asked. */
const says = (word: string) => `regex "[|]${word.replaceAll('.', '[.]')}[|]"`
const FIXED = 'one\nTwo 3\n'
const digest = createHash('md5').update(FIXED).digest('hex')
/** The pattern on the page /fixed, without or with more lines. */
const onFixed = (pattern: string, ...more: readonly string[]) => `path /fixed\nregex "${pattern}"\n${more.join('\n')}`
const onUmlaut = (pattern: string, ...more: readonly string[]) => `path /umlaut\nregex "${pattern}"\n${more.join('\n')}`
/** Patterns whose backslashes are written twice, as within double quotes they have to be. */
const ONLY_NAMED = '^()(?<x>o)ne\\\\sTw\\\\1 3'
const UNSET = '^(x)?\\\\1one'
const AT_THE_END = '3\\\\n^'
const WORD = '^\\\\w$'
/** They forbid what the pattern does not say, or change only how the matcher goes about it. */
const INVISIBLE = [
  ...['auto_callout', 'never_ucp', 'never_utf', 'never_backslash_c', 'use_offset_limit'],
  ...['no_auto_possess', 'no_dotstar_anchor', 'no_start_optimize'],
]
const status = (code: number, ...wanted: readonly string[]) =>
  `path /status/${code}${wanted.length === 0 ? '' : `\nstatus_code ${wanted.join(' ')}`}`

/** nginx answers `|PROTOCOL|HOST|ADDRESS|PORT|Connection|User-Agent|`: those of the request, and of who asks. */
const plain: readonly CheckRow[] = [
  http('http_protocol 1.0 unless told otherwise, without a word of the connection', OK, {
    url: 'regex "^[|]HTTP/1[.]0[|].*[|][|]KeepAliveClient[|]$"',
  }),
  http('http_protocol 1.1', OK, {
    check: 'http_protocol 1.1',
    url: 'regex "^[|]HTTP/1[.]1[|].*[|]close[|]KeepAliveClient"',
  }),
  http('http_protocol 1.0C', OK, {
    check: 'http_protocol 1.0C',
    url: 'regex "^[|]HTTP/1[.]0[|].*[|]close[|]KeepAlive"',
  }),
  http('http_protocol 1.0c', OK, {
    check: 'http_protocol 1.0c',
    url: 'regex "^[|]HTTP/1[.]0[|].*[|]close[|]KeepAlive"',
  }),
  http('virtualhost of the virtual server', OK, { url: says('all.example') }),
  http('virtualhost of the real server', OK, { real: 'virtualhost one.example', url: says('one.example') }),
  http('virtualhost of the checker', OK, {
    real: 'virtualhost one.example',
    check: 'virtualhost two.example',
    url: says('two.example'),
  }),
  http('virtualhost of the url', OK, {
    check: 'virtualhost two.example',
    url: `virtualhost url.example\n${says('url.example')}`,
  }),
  http('another virtualhost', MISMATCH, { url: says('other.example') }),
  http('bindto', OK, { check: 'bindto 192.0.2.12', url: says('192.0.2.12') }),
  http('bind_port', OK, { check: 'bind_port 40123', url: says('40123') }),
  http('connect_ip', OK, { check: 'connect_ip 192.0.2.22', url: 'regex "^second"' }),

  http('any of 200 to 299 unless told otherwise', OK, { url: status(204) }),
  http('300 is not one of them', STATUS, { url: status(301) }),
  http('status_code with one code', OK, { url: status(418, '418') }),
  http('status_code with another', STATUS, { url: status(204, '418') }),
  http('status_code with codes and ranges', OK, { url: status(503, '200-204', '418', '500-503') }),
  http('status_code twice: lines add up, the first', OK, { url: status(418, '418\nstatus_code 200') }),
  http('status_code twice: lines add up, the second', OK, { url: status(418, '200\nstatus_code 418') }),
  http('status_code between its ranges', STATUS, { url: status(418, '200-404', '500-503') }),

  http('digest', OK, { url: `path /fixed\ndigest ${digest}` }),
  http('another digest', 'down digest-mismatch', {
    url: `path /fixed\ndigest ${digest.replace(/^./, (one) => (one === '0' ? '1' : '0'))}`,
  }),
  http('digest and regex, of which one fails', MISMATCH, { url: `${onFixed('three')}\ndigest ${digest}` }),

  http('regex_options caseless', OK, { url: onFixed('^ONE', 'regex_options caseless') }),
  http('the same without', MISMATCH, { url: onFixed('^ONE') }),
  http('regex_options multiline', OK, { url: onFixed('^Two', 'regex_options multiline') }),
  http('the same without', MISMATCH, { url: onFixed('^Two') }),
  http('regex_options dotall', OK, { url: onFixed('one.Two', 'regex_options dotall') }),
  http('the same without', MISMATCH, { url: onFixed('one.Two') }),
  http('regex_options extended', OK, { url: onFixed('T w o', 'regex_options extended') }),
  http('the same without', MISMATCH, { url: onFixed('T w o') }),
  http('regex_options dollar_endonly', MISMATCH, { url: onFixed('3$', 'regex_options dollar_endonly') }),
  http('the same without', OK, { url: onFixed('3$') }),
  http('regex_options firstline', MISMATCH, { url: onFixed('Two', 'regex_options firstline') }),
  http('the same without', OK, { url: onFixed('Two') }),
  http('regex_options ungreedy', OK, { url: onFixed('^on(?>.*)e', 'regex_options ungreedy') }),
  http('the same without', MISMATCH, { url: onFixed('^on(?>.*)e') }),
  http('regex_options no_auto_capture', OK, { url: onFixed(ONLY_NAMED, 'regex_options no_auto_capture') }),
  http('the same without', MISMATCH, { url: onFixed(ONLY_NAMED) }),
  http('regex_options match_unset_backref', OK, { url: onFixed(UNSET, 'regex_options match_unset_backref') }),
  http('the same without', MISMATCH, { url: onFixed(UNSET) }),
  http('regex_options alt_circumflex', OK, { url: onFixed(AT_THE_END, 'regex_options multiline alt_circumflex') }),
  http('the same without', MISMATCH, { url: onFixed(AT_THE_END, 'regex_options multiline') }),
  http('regex_options allow_empty_class', OK, { url: onFixed('^one[^]Two', 'regex_options allow_empty_class') }),
  http('regex_options alt_bsux', OK, { url: onFixed('\\\\u0054wo', 'regex_options alt_bsux') }),
  http('regex_options alt_verbnames', OK, {
    url: onFixed('(*MARK:a\\\\)b)one', 'regex_options alt_verbnames'),
  }),
  http('regex_options dupnames', OK, { url: onFixed('(?<a>three)|(?<a>Two)', 'regex_options dupnames') }),
  http('regex_options utf', OK, { url: onUmlaut('^.$', 'regex_options utf') }),
  http('the same without', MISMATCH, { url: onUmlaut('^.$') }),
  http('regex_options utf ucp', OK, { url: onUmlaut(WORD, 'regex_options utf ucp') }),
  http('the same without ucp', MISMATCH, { url: onUmlaut(WORD, 'regex_options utf') }),
  ...INVISIBLE.map((option) =>
    http(`regex_options ${option}`, OK, { url: onFixed('^one.Two', `regex_options dotall ${option}`) }),
  ),
  http('regex_options, several', OK, { url: onFixed('^o n e . t w o', 'regex_options caseless extended dotall') }),
  http('regex_no_match', OK, { url: onFixed('three', 'regex_no_match') }),
  http('regex_no_match, and it does', MISMATCH, { url: onFixed('Two', 'regex_no_match') }),
  http('regex_min_offset', OK, { url: onFixed('Two', 'regex_min_offset 4') }),
  http('regex_min_offset beyond it', MISMATCH, { url: onFixed('Two', 'regex_min_offset 5') }),
  http('regex_max_offset', OK, { url: onFixed('Two', 'regex_max_offset 4') }),
  http('regex_max_offset before it', MISMATCH, { url: onFixed('Two', 'regex_max_offset 3') }),
  http('regex_min_offset and regex_max_offset', OK, {
    url: onFixed('[a-z]', 'regex_min_offset 3', 'regex_max_offset 5'),
  }),
  http('regex_stack', OK, { url: onFixed('Two', 'regex_stack 32768 65536') }),
  http('a regex that would take for ever', 'down pattern-limit', { url: 'path /aaa\nregex "^(a+)+$"' }),

  http('several urls, all of them good', OK, { urls: [status(418, '418'), onFixed('Two')] }),
  http('several urls, the last of them bad', STATUS, { urls: [onFixed('Two'), status(418)] }),
  http('several urls, the first of them bad', STATUS, { url: status(418), urls: ['path /fixed'] }),

  http('expect_header', OK, { url: 'path /json\nexpect_header x-role primary\nexpect_header Content-Type' }),
  http('expect_header with another value', 'down header-mismatch', { url: 'path /json\nexpect_header X-Role standby' }),
  http('expect_header that is not there', 'down header-mismatch', { url: 'path /fixed\nexpect_header X-Role' }),
  http('expect_json', OK, { url: 'path /json\nexpect_json .checks[1].state up\nexpect_json .ready true' }),
  http('expect_json with another value', 'down json-mismatch', { url: 'path /json\nexpect_json .checks[0].state up' }),
  http('expect_json that is not there', 'down json-mismatch', { url: 'path /json\nexpect_json .checks[2]' }),
  http('expect_json of what is none', 'down json-mismatch', { url: 'path /fixed\nexpect_json .' }),

  {
    claim: 'another checker of the same server that fails',
    ends: 'down accepted connection-refused',
    real: `HTTP_GET {\nconnect_port 8080\nurl {\npath /fixed\n}\n}\nTCP_CHECK {\nconnect_port 9\n}`,
  },
]

/** nginx answers `|TLS|name|ALPN|HOST|PROTOCOL|`. */
function secured(pin: string): readonly CheckRow[] {
  const wrong = pin.replace(/^./, (one) => (one === '0' ? '1' : '0'))
  const [tls, certificate] = ['down tls-failure', 'down bad-certificate']
  return [
    ssl('SSL_GET: no name, no ALPN, the best version', OK, {
      url: 'regex "^[|]TLSv1[.]3[|][|][|]all[.]example[|]HTTP/1[.]0"',
    }),
    ssl('SSL_GET: http_protocol 1.1', OK, { check: 'http_protocol 1.1', url: says('HTTP/1.1') }),
    ssl('enable_sni: the virtualhost of the virtual server', OK, {
      check: 'enable_sni',
      url: 'regex "^[|]TLSv1.3[|]all[.]example[|]"',
    }),
    ssl('enable_sni: that of the checker', OK, {
      check: 'enable_sni\nvirtualhost two.example',
      url: 'regex "^[|]TLSv1.3[|]two[.]example[|]"',
    }),
    ssl('enable_sni: that of the url', OK, {
      check: 'enable_sni\nvirtualhost two.example',
      url: 'virtualhost url.example\nregex "^[|]TLSv1.3[|]url[.]example[|]"',
    }),
    ssl('sni_name', OK, {
      check: 'sni_name sni.example',
      url: 'regex "^[|]TLSv1.3[|]sni[.]example[|][|]all[.]example[|]"',
    }),
    ssl('tls_compliant', OK, { check: 'tls_compliant', url: says('TLSv1.3') }),
    ssl('tls_compliant of the url', OK, { url: `tls_compliant\n${says('TLSv1.3')}` }),
    ssl('tls_versions 1.2', OK, { check: 'tls_versions 1.2', url: says('TLSv1.2') }),
    ssl('tls_versions that the server does not speak', tls, { check: 'tls_versions 1.1' }),
    ssl('tls_alpn', OK, { check: 'tls_alpn http/1.1', url: 'regex "[|]http/1[.]1[|]"' }),
    ssl('tls_alpn that the server does not speak', tls, { check: 'tls_alpn smtp' }),
    ssl('tls_verify: the name of the request', OK, { check: 'tls_verify\nvirtualhost www.example' }),
    ssl('tls_verify: another name', certificate, { check: 'tls_verify' }),
    ssl('tls_hostname', OK, { check: 'tls_hostname www.example' }),
    ssl('tls_hostname: another name', certificate, { check: 'tls_hostname mail.example' }),
    ssl('tls_verify: an authority nobody knows', certificate, {
      check: 'tls_hostname www.example\nconnect_port 8444',
    }),
    ssl('tls_pin', OK, { check: `tls_pin ${wrong} ${pin}` }),
    ssl('tls_pin of another key', certificate, { check: `tls_pin ${wrong}` }),
    ssl('SSL_GET of a server without TLS', tls, { check: 'connect_port 8080' }),
    http('HTTP_GET of a server with TLS', STATUS, { check: 'connect_port 8443' }),
    ssl('digest over TLS', OK, { url: `path /fixed\ndigest ${digest}` }),

    http2('HTTP2_GET: h2 and the name of the request', OK, {
      url: 'regex "^[|]TLSv1.3[|]all[.]example[|]h2[|]all[.]example[|]HTTP/2[.]0[|]"',
    }),
    http2('HTTP2_GET: enable_sni off', OK, { check: 'enable_sni off', url: 'regex "^[|]TLSv1.3[|][|]h2[|]"' }),
    http2('HTTP2_GET: tls off', OK, { check: 'tls off\nconnect_port 8082', url: 'regex "[|]HTTP/2[.]0[|]"' }),
    http2('HTTP2_GET of a server without HTTP/2', tls, { check: 'connect_port 8444' }),
    http2('HTTP2_GET: tls_versions', OK, { check: 'tls_versions 1.2', url: says('TLSv1.2') }),
    http2('HTTP2_GET: tls_verify', certificate, { check: 'tls_verify' }),
    http2('HTTP2_GET: tls_hostname', OK, { check: 'tls_hostname www.example' }),
    http2('HTTP2_GET: tls_pin', certificate, { check: `tls_pin ${wrong}` }),
    http2('HTTP2_GET: status_code', STATUS, { url: status(418) }),
    http2('HTTP2_GET: digest', OK, { url: `path /fixed\ndigest ${digest}` }),
    http2('HTTP2_GET: several urls, one bad', MISMATCH, { url: 'path /fixed', urls: [onFixed('three')] }),
    http2('HTTP2_GET: expect_header', 'down header-mismatch', { url: 'path /json\nexpect_header x-role standby' }),
    http2('HTTP2_GET: expect_json', OK, { url: 'path /json\nexpect_json .ready true' }),
  ]
}

lab('each option of HTTP_GET, SSL_GET and HTTP2_GET is seen by nginx, or decides', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '192.0.2.12/24'] } })
  const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24', '192.0.2.22/24'] } })
  const authority = certify(web, 'authority')
  const known = certify(web, 'www.example', authority, '-addext', 'subjectAltName=DNS:www.example')
  const unknown = certify(web, 'stranger', undefined, '-addext', 'subjectAltName=DNS:www.example')
  const spki = new X509Certificate(readFileSync(known.pem)).publicKey.export({ type: 'spki', format: 'der' })
  const pages = `location /fixed { return 200 '${FIXED}'; }
    location /umlaut { return 200 ü; }
    location /json {
      default_type application/json; add_header X-Role primary;
      return 200 '{"ready":true,"checks":[{"state":"down"},{"state":"up"}]}';
    }
    ${[204, 301, 418, 503].map((code) => `location /status/${code} { return ${code}; }`).join('\n')}`
  const secure = `location /asked { return 200 "|$ssl_protocol|$ssl_server_name|$ssl_alpn_protocol|$host|$server_protocol|"; }`
  const keys = ({ pem, key }: { pem: string; key: string }) =>
    `ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${pem}; ssl_certificate_key ${key};`
  await web.nginx({
    listen: ['192.0.2.21:8080'],
    body: 'well',
    locations: `location /asked {
        return 200 "|$server_protocol|$host|$remote_addr|$remote_port|$http_connection|$http_user_agent|";
      }
      location /aaa { return 200 "${'a'.repeat(64)}!"; }
      ${pages} }
      server { listen 192.0.2.22:8080; location / { return 200 second; } }
      server { listen 8082 http2; ${secure} }
      server { listen 8444 ssl; ${keys(unknown)} ${secure} }
      server { listen 8443 ssl http2; ${keys(known)} ${secure} ${pages}`,
  })
  const rows = [...plain, ...secured(createHash('sha256').update(spki).digest('hex'))]
  const timing = 'delay_loop 0.5\ndelay_before_retry 0.2\nwarmup 0\nvirtualhost all.example'
  const daemon = await director.holdfastd(`SSL {\nca ${authority.pem}\n}\n${virtualServerOf(rows, timing)}`)
  await allEnd(daemon, rows)
})

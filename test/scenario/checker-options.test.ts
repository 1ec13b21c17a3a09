/** Options of HTTP_GET in the whole daemon, each by what nginx saw of it: its page tells how it was asked. */
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'

type Row = readonly [option: string, real: string, check: string, url: string, state: 'up' | 'down']

/** `PROTOCOL|HOST|ADDRESS|PORT|`: that of the request, and of who asks. */
const rows: readonly Row[] = [
  [
    'http_protocol 1.0, and the virtualhost of the virtual server',
    '',
    '',
    'regex "^HTTP/1[.]0[|]all[.]example[|]"',
    'up',
  ],
  ['http_protocol 1.1', '', 'http_protocol 1.1', 'regex "^HTTP/1[.]1[|]"', 'up'],
  ['http_protocol 1.0C', '', 'http_protocol 1.0C', 'regex "^HTTP/1[.]0[|]"', 'up'],
  ['virtualhost of the real server', 'virtualhost one.example', '', 'regex "[|]one[.]example[|]"', 'up'],
  [
    'virtualhost of the checker',
    'virtualhost one.example',
    'virtualhost two.example',
    'regex "[|]two[.]example[|]"',
    'up',
  ],
  [
    'virtualhost of the url',
    '',
    'virtualhost two.example',
    'virtualhost url.example\nregex "[|]url[.]example[|]"',
    'up',
  ],
  ['another virtualhost', '', '', 'regex "[|]other[.]example[|]"', 'down'],
  ['bindto', '', 'bindto 192.0.2.12', 'regex "[|]192[.]0[.]2[.]12[|]"', 'up'],
  ['bind_port', '', 'bind_port 40123', 'regex "[|]40123[|]"', 'up'],
  ['connect_ip', '', 'connect_ip 192.0.2.22', 'regex "^second"', 'up'],
  ['regex_options', '', '', 'regex "^http/"\nregex_options caseless', 'up'],
  ['the same without', '', '', 'regex "^http/"', 'down'],
  ['regex_no_match', '', '', 'regex "^HTTP/"\nregex_no_match', 'down'],
  ['regex_min_offset', '', '', 'regex "HTTP/"\nregex_min_offset 4', 'down'],
  ['regex_max_offset', '', '', 'regex "all[.]example"\nregex_max_offset 4', 'down'],
]

lab('each option of HTTP_GET is seen by the server, or decides', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24', '192.0.2.12/24'] } })
  const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24', '192.0.2.22/24'] } })
  const page = '"$server_protocol|$host|$remote_addr|$remote_port|"'
  const nginx = await web.nginx({
    listen: ['192.0.2.21:8080'],
    body: 'well',
    locations: `location /asked { return 200 ${page}; } }
      server { listen 192.0.2.22:8080; location / { return 200 second; }`,
  })
  // Ports tell them apart; the server listens where the checker connects.
  const servers = rows.map(
    ([, real, check, url], i) => `real_server 192.0.2.21 ${8001 + i} {
${real}
HTTP_GET {
url {
path /asked
${url}
}
connect_port 8080
${check}
}
}`,
  )
  const daemon = await director.holdfastd(`virtual_server 192.0.2.100 80 {
delay_loop 1
delay_before_retry 0.2
warmup 0
lb_algo rr
lb_kind NAT
protocol TCP
virtualhost all.example
${servers.join('\n')}
real_server 192.0.2.21 9001 {
TCP_CHECK {
connect_port 8080
retry 2
log_all_failures
}
}
}
`)
  const outcomes = ({ virtualServers }: DaemonSnapshot) =>
    virtualServers[0]?.realServers.map(({ checkers }) => checkers[0]?.lastOutcome) ?? []
  const seen = await daemon.shows(
    'all have been asked, and those that fail are down',
    (s) =>
      outcomes(s).every((outcome) => outcome !== undefined) &&
      rows.every(([, , , , state], i) => s.virtualServers[0]?.realServers[i]?.state === state),
  )
  expect(rows.map(([option], i) => [option, outcomes(seen)[i]])).toEqual(
    rows.map(([option, , , , state]) => [option, state === 'up' ? 'accepted' : 'pattern-mismatch']),
  )

  // What a retry forgives is told where that is asked for.
  await nginx.stop()
  await daemon.process.line(/info +checker: probe failed and is repeated .*TCP_CHECK 192\.0\.2\.21:8080/)
})

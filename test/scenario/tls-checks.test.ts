/** Checks over TLS in the whole daemon: root reads the files of SSL, and a role without privileges uses them. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'
import { type Certificate, certify } from '../lab/library/certificates.ts'

const server = ({ virtualServers }: DaemonSnapshot) => virtualServers[0]?.realServers[0]

lab('SSL_GET and HTTP2_GET with a client certificate, verified; a reload takes another authority', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  const authority = certify(director, 'authority')
  const stranger = certify(director, 'stranger')
  const served = certify(director, 'web', authority, '-addext', 'subjectAltName=DNS:www.example')
  const shown = certify(director, 'client', authority, '-addext', 'basicConstraints=CA:FALSE')
  await web.nginx({
    listen: ['8080'],
    body: 'plain',
    locations: `}
      server {
        listen 8443 ssl http2;
        ssl_certificate ${served.pem};
        ssl_certificate_key ${served.key};
        ssl_client_certificate ${authority.pem};
        ssl_verify_client on;
        location / { add_header X-Seen $ssl_client_s_dn; return 200 '{"well":true}'; }`,
  })
  const configuration = (trusted: Certificate) => `SSL {
  ca ${trusted.pem}
  certificate ${shown.pem}
  key ${shown.key}
}
virtual_server 192.0.2.100 443 {
  delay_loop 0.2
  delay_before_retry 0.1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  virtualhost www.example
  real_server 192.0.2.21 443 {
    SSL_GET {
      connect_port 8443
      warmup 0
      enable_sni
      tls_verify
      url {
        path /
        regex "well.:true"
      }
    }
    HTTP2_GET {
      connect_port 8443
      warmup 0
      url {
        path /
        expect_header X-Seen CN=client
        expect_json .well true
      }
    }
  }
}
`
  const daemon = await director.holdfastd(configuration(authority))
  const up = await daemon.shows(
    'both checks have succeeded',
    (s) => server(s)?.checkers.every(({ lastOutcome }) => lastOutcome === 'accepted') === true,
  )
  expect(server(up)).toMatchObject({ state: 'up' })

  daemon.configure(configuration(stranger))
  expect((await daemon.holdfast('reload')).status).toBe(0)
  const down = await daemon.shows('the server is not trusted any more', (s) => server(s)?.state === 'down')
  expect(server(down)?.reason).toMatch(/^SSL_GET 192\.0\.2\.21:8443\/: the certificate is not trusted \(/)
  expect(server(down)?.checkers.map(({ lastOutcome }) => lastOutcome)).toEqual(['bad-certificate', 'accepted'])

  const secret = readFileSync(shown.key, 'utf8').split('\n')[1] as string
  for (const argv of [['status', '--json'], ['status'], ['config', 'diff']])
    expect((await daemon.holdfast(...argv)).stdout).not.toContain(secret)
  expect(await daemon.stop()).toBe(0)
})

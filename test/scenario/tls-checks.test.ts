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

lab(
  'what cannot be as strict as it is written is no check without it: at a start the servers are down, a reload is refused',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    const web = lab.host('web', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
    const served = certify(director, 'web')
    await web.nginx({
      listen: ['8080'],
      body: '{}',
      locations: `}
      server { listen 8443 ssl; ssl_certificate ${served.pem}; ssl_certificate_key ${served.key};
        location / { return 200 '{}'; }`,
    })
    const configuration = (ca: string, pin: string, path: string) => `SSL {
  ca ${ca}
}
virtual_server 192.0.2.100 443 {
  delay_loop 0.2
  delay_before_retry 0.1
  warmup 0
  panic_threshold 100
  lb_algo rr
  lb_kind NAT
  protocol TCP
  ${[
    `SSL_GET {\n connect_port 8443\n tls_pin ${pin}\n url {\n path /\n }\n}`,
    `SSL_GET {\n connect_port 8443\n tls_verify\n url {\n path /\n }\n}`,
    `HTTP_GET {\n connect_port 8080\n url {\n path /\n expect_json ${path}\n }\n}`,
  ]
    .map((checker, i) => `real_server 192.0.2.21 ${1001 + i} {\n${checker}\n}`)
    .join('\n')}
}
`
    const bad = configuration('/nowhere/ca.pem', 'abc', 'no-path')
    const daemon = await director.holdfastd(bad)
    const ends = (s: DaemonSnapshot) => s.virtualServers[0]?.realServers.map((one) => one.checkers[0]?.lastOutcome)
    const judged = await daemon.shows('each is judged', (s) => ends(s)?.every((one) => one !== undefined) === true)
    expect(ends(judged)).toEqual(['bad-configuration', 'bad-certificate', 'bad-configuration'])
    expect(judged.virtualServers[0]?.realServers.map(({ reason }) => reason)).toEqual([
      'SSL_GET 192.0.2.21:8443/: tls_pin abc is not a SHA-256',
      'SSL_GET 192.0.2.21:8443/: nobody is trusted: the ca of SSL could not be read',
      'HTTP_GET 192.0.2.21:8080/: expect_json no-path is no path',
    ])
    // A panic keeps nobody who was never found up for want of being asked.
    expect(judged.forwarding?.services[0]?.destinations.map(({ port }) => port)).toEqual([1002])
    for (const place of [
      ':2:6: error: ca /nowhere/ca.pem cannot',
      ':15:10: error: tls_pin abc is',
      ':35:14: error: expect_json no-path is',
    ])
      expect(daemon.process.output).toContain(place)

    daemon.configure(configuration(served.pem, 'ab'.repeat(32), '.'))
    expect((await daemon.holdfast('reload')).status).toBe(0)
    await daemon.shows('they are asked', (s) => ends(s)?.join(' ') === 'bad-certificate bad-certificate accepted')
    daemon.configure(bad)
    expect((await daemon.holdfast('reload')).status).not.toBe(0)
    expect(ends(await daemon.status())).not.toContain('bad-configuration')
  },
)

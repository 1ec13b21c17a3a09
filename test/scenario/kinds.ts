/** Every kind of checker that asks somebody else, and a host that answers all of them. */
import { join } from 'node:path'
import { certify } from '../lab/library/certificates.ts'
import type { Host } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'

export type Kind = {
  /** How a probe that is answered ends. */
  readonly good: string
  /** The checker with these lines in it. */
  readonly check: (lines: string) => string
  readonly port?: number
}

const block = (keyword: string, own: string) => (lines: string) => `${keyword} {\n${own}\n${lines}\n}`
export const kinds: Readonly<Record<string, Kind>> = {
  TCP_CHECK: { good: 'connected', check: block('TCP_CHECK', ''), port: 8080 },
  HTTP_GET: { good: 'accepted', check: block('HTTP_GET', 'url {\npath /\n}'), port: 8080 },
  SSL_GET: { good: 'accepted', check: block('SSL_GET', 'url {\npath /\n}'), port: 8443 },
  HTTP2_GET: { good: 'accepted', check: block('HTTP2_GET', 'url {\npath /\n}'), port: 8443 },
  GRPC_CHECK: { good: 'serving', check: block('GRPC_CHECK', ''), port: 50051 },
  SMTP_CHECK: { good: 'accepted', check: block('SMTP_CHECK', ''), port: 25 },
  'host of SMTP_CHECK': { good: 'accepted', check: (lines) => `SMTP_CHECK {\nhost {\n${lines}\n}\n}`, port: 25 },
  DNS_CHECK: { good: 'accepted', check: block('DNS_CHECK', 'name example.com\ntype A'), port: 53 },
  UDP_CHECK: {
    good: 'accepted',
    check: block(
      'UDP_CHECK',
      'payload 123401000001000000000000 076578616d706c6503636f6d00 00010001\nrequire_reply 1234',
    ),
    port: 53,
  },
  PING_CHECK: { good: 'accepted', check: block('PING_CHECK', '') },
}

/** Everything that a checker can ask, on one host. */
export async function serveAllKinds(server: Host): Promise<{ stop(): Promise<unknown> }> {
  const { pem, key } = certify(server, 'www.example')
  const library = join(repositoryRoot, 'test/lab/library')
  const mail = server.spawn('mail', [process.execPath, join(library, 'relay.mjs'), '::', '25'])
  const health = server.spawn('health', [process.execPath, join(library, 'health.mjs'), '[::]:50051'])
  const names = server.spawn('dnsmasq', [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root'],
    ...['--pid-file=', '--address=/example.com/192.0.2.80'],
  ])
  const [web] = await Promise.all([
    server.nginx({
      listen: ['8080', '[::]:8080'],
      body: 'well',
      locations: `}
      server {
        listen 8443 ssl http2; listen [::]:8443 ssl http2;
        ssl_certificate ${pem}; ssl_certificate_key ${key};
        location / { return 200 well; }`,
    }),
    mail.line(/"ready"/),
    health.line(/"ready"/),
  ])
  return { stop: () => Promise.all([web, mail, health, names].map((one) => one.stop('SIGKILL'))) }
}

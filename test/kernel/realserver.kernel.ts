/** `holdfast realserver` at the end of tunnels, which the kernel's own devices make at the other end. */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Host, type Lab, openLab } from '../lab/library/index.ts'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
const VIP = '192.0.2.100'

let lab: Lab
let director: Host
let server: Host

beforeAll(async () => {
  execFileSync('modprobe', ['-a', 'ipip', 'ip_gre', 'fou'])
  lab = openLab()
  const segment = lab.segment()
  director = lab.host('director', { eth0: { segment, addresses: ['192.0.2.11/24'] } })
  server = lab.host('server', { eth0: { segment, addresses: ['192.0.2.21/24'] } })
  server.sysctl('net.ipv4.conf.all.rp_filter=1', 'net.ipv4.conf.default.rp_filter=1')
  await server.nginx({ listen: ['80'], body: 'server' })
}, 300_000)

afterAll(() => lab?.close())

const realserver = (...words: readonly string[]) =>
  server.exec(HOLDFAST, 'realserver', ...words, '--state-dir', `${server.directory}/state`)

const arrivals: readonly (readonly [arrival: string, link: readonly string[]])[] = [
  ['ipip', ['type', 'ipip']],
  ['gre', ['type', 'gre']],
  ['gue:6080', ['type', 'ipip', 'encap', 'gue', 'encap-sport', 'auto', 'encap-dport', '6080']],
]

test.each(arrivals)(
  '%s: taken apart once it is up, and all is as before after down',
  { timeout: 400_000 },
  async (arrival, link) => {
    const [type, kind, ...encapsulation] = link
    const ends = ['local', '192.0.2.11', 'remote', '192.0.2.21']
    director.ip('link', 'add', 'tunnel', type as string, kind as string, ...ends, ...encapsulation)
    director.ip('link', 'set', 'tunnel', 'up')
    director.ip('route', 'add', `${VIP}/32`, 'dev', 'tunnel', 'src', '192.0.2.11')
    try {
      const curl = () => director.exec('curl', '-s', '--max-time', '3', `http://${VIP}/`)
      const links = () => server.ip('-o', 'link', 'show', 'up')
      const was = links()
      // Not asked before: an answer that the tunnel leads nowhere would hold its packets back for half a minute.
      expect(await realserver('up', VIP, '--arrival', arrival)).toMatchObject({ status: 0 })
      expect(await curl()).toMatchObject({ status: 0, stdout: 'server\n' })
      expect(await realserver('down')).toMatchObject({ status: 0, stderr: '' })
      expect(links()).toBe(was)
      expect((await curl()).status).not.toBe(0)
    } finally {
      director.ip('link', 'del', 'tunnel')
    }
  },
)

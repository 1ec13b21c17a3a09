/**
 * A client, a director, a server for direct routing beside them and one for NAT behind the director, with services of both
 * methods in both families on virtual addresses that the test puts on an interface of its choice.
 */
import { join } from 'node:path'
import { expect } from 'vitest'
import { VIRTUAL_ADDRESS, VIRTUAL_ADDRESS_6 } from './configurations.ts'
import { type Holdfastd, type Host, type Lab, type LabProcess, type Segment, until } from './library/index.ts'
import { repositoryRoot } from './library/root.ts'

export type AttachScene = {
  readonly front: Segment
  readonly back: Segment
  readonly client: Host
  readonly director: Host
  /** For direct routing, on the front segment; for NAT, on the back segment. */
  readonly beside: Host
  readonly behind: Host
}

export const URLS = [
  [`http://${VIRTUAL_ADDRESS}:80`, 'beside'],
  [`http://${VIRTUAL_ADDRESS}:8080`, 'behind'],
  [`http://[${VIRTUAL_ADDRESS_6}]:80`, 'beside'],
  [`http://[${VIRTUAL_ADDRESS_6}]:8080`, 'behind'],
] as const

/** Hosts without addresses on the front segment: `addressed` gives them, on the interface that the test makes. */
export function attachScene(lab: Lab): AttachScene {
  const [front, back] = [lab.segment('front'), lab.segment('back')]
  const bare = { segment: front, addresses: [] }
  const client = lab.host('client', { eth0: bare })
  const director = lab.host('director', {
    eth0: bare,
    eth1: { segment: back, addresses: ['10.0.0.1/24', '2001:db8:2::1/64'] },
  })
  director.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  const beside = lab.host('beside', { eth0: bare })
  const behind = lab.host('behind', { eth0: { segment: back, addresses: ['10.0.0.21/24', '2001:db8:2::21/64'] } })
  behind.ip('route', 'add', 'default', 'via', '10.0.0.1')
  behind.ip('-6', 'route', 'add', 'default', 'via', '2001:db8:2::1')
  return { front, back, client, director, beside, behind }
}

/** Gives the three hosts of the front segment their addresses on an interface, and the server the virtual ones on lo. */
export function address({ client, director, beside }: AttachScene, device = 'eth0'): void {
  for (const [host, n] of [
    [client, 1],
    [director, 11],
    [beside, 21],
  ] as const) {
    host.ip('addr', 'add', `192.0.2.${n}/24`, 'dev', device)
    host.ip('addr', 'add', `2001:db8::${n}/64`, 'dev', device, 'nodad')
  }
  beside.takeVirtualAddress(VIRTUAL_ADDRESS)
  beside.ip('addr', 'add', `${VIRTUAL_ADDRESS_6}/128`, 'dev', 'lo', 'nodad')
}

export function takeVirtualAddresses(
  director: Host,
  device: string,
  prefixes: readonly [number, number] = [32, 128],
): void {
  director.ip('addr', 'add', `${VIRTUAL_ADDRESS}/${prefixes[0]}`, 'dev', device)
  director.ip('addr', 'add', `${VIRTUAL_ADDRESS_6}/${prefixes[1]}`, 'dev', device, 'nodad')
}

/** The servers and the daemon; ready when all services are in the table. */
export async function start({ director, beside, behind }: AttachScene): Promise<Holdfastd> {
  const servers = [echo(beside, '80'), echo(behind, '8000')]
  for (const server of servers) await until('a server is ready', () => server.output.includes('ready'), SLOW)
  const service = (address: string, port: number, kind: string, server: string) =>
    `virtual_server ${address} ${port} {\n lb_algo rr\n lb_kind ${kind}\n protocol TCP\n real_server ${server} {\n weight 1\n }\n}\n`
  const daemon = await director.holdfastd(
    service(VIRTUAL_ADDRESS, 80, 'DR', '192.0.2.21 80') +
      service(VIRTUAL_ADDRESS, 8080, 'NAT', '10.0.0.21 8000') +
      service(VIRTUAL_ADDRESS_6, 80, 'DR', '2001:db8::21 80') +
      service(VIRTUAL_ADDRESS_6, 8080, 'NAT', '2001:db8:2::21 8000'),
  )
  await hasAll(daemon, SLOW.within)
  return daemon
}

/** All services are in the table with their servers; those of IPv6 come when its programs are loaded. */
export const hasAll = (daemon: Holdfastd, within?: number): Promise<unknown> =>
  daemon.shows(
    'four services with a server each',
    ({ forwarding }) => forwarding?.services.map(({ destinations }) => destinations.length).join() === '1,1,1,1',
    within,
  )

export const echo = (host: Host, port: string): LabProcess =>
  host.spawn('echo', [process.execPath, join(repositoryRoot, 'test/bpf/echo-server.mjs'), host.name, port])

/** The emulated guest takes its time. */
const SLOW = { within: 90_000 }

async function curl(client: Host, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await client.exec('curl', '-sS', '-g', '--max-time', '50', ...words)
  return status === 0 ? stdout.trim() : `${status}: ${stderr.trim()}`
}

/** Each URL is answered by its server, and so many MiB reach the client and the server unchanged. */
export async function carriesTraffic(
  client: Host,
  urls: readonly (readonly [url: string, server: string])[],
  megabytes: number,
): Promise<void> {
  const file = client.file('upload', '')
  await client.exec('sh', '-c', `head -c ${megabytes << 20} /dev/urandom > ${file}`)
  const sums = await client.exec(
    'sh',
    '-c',
    `sha256sum < ${file}; yes holdfast | tr -d '\\n' | head -c ${megabytes << 20} | sha256sum`,
  )
  const [up, down] = sums.stdout.split('\n').map((line) => line.split(' ')[0])
  for (const [url, server] of urls) {
    expect([url, (await curl(client, `${url}/`)).split(' ')[0]]).toEqual([url, server])
    const got = await client.exec('sh', '-c', `curl -sS -g --max-time 50 ${url}/bulk/${megabytes} | sha256sum`)
    expect([url, got.stdout.split(' ')[0]]).toEqual([url, down])
    expect([url, await curl(client, '-H', 'Expect:', '--data-binary', `@${file}`, `${url}/`)]).toEqual([url, up])
  }
}

import { release } from 'node:os'
import process from 'node:process'
import { type Family, familyOf, type IpAddress, macText } from '../../base/index.ts'
import {
  compareConfigurations,
  type Diagnostic,
  type LoadOptions,
  lintConfiguration,
  loadConfiguration,
} from '../../config/index.ts'
import { type Configuration, endpoint, portInService, servicesOf } from '../../model/index.ts'
import type { DaemonSnapshot } from '../../observe/index.ts'
import {
  configurationFiles,
  driverOfInterface,
  fileExists,
  fullHostName,
  readText,
  shortHostName,
} from '../../sys/files/index.ts'
import { type Link, type LinkAddress, openRouteClient, type RouteClient } from '../../sys/netlink/index.ts'
import { hasCapability } from '../../sys/privileges/index.ts'
import { runCommand } from '../../sys/process/index.ts'
import { askDaemon } from '../daemon-request.ts'
import type { Facts, HeardAdvertisement, Knocked, ServerFacts } from './facts.ts'
import { askByArp, type KnockPlan, knockAt, listenForAdvertisements } from './link-questions.ts'
import { askPeer } from './peer.ts'
import { readRuleset } from './ruleset.ts'

export type DoctorOptions = {
  readonly config: string
  /** The other director's file, or its address. */
  readonly peer?: string
  /** What runs a command there; `{peer}` is its address. */
  readonly peerCommand: string
  readonly runDir: string
}

/** Looks and asks; takes a few seconds, most of it waiting for answers. */
export async function gatherFacts({ config: file, peer, peerCommand, runDir }: DoctorOptions): Promise<Facts> {
  const options: LoadOptions = {
    hostName: fullHostName(),
    configId: shortHostName(),
    environment: process.env,
    testing: true,
  }
  const { configuration } = loadConfiguration(configurationFiles, file, options)
  const { diagnostics } = lintConfiguration(configurationFiles, file, options, [])
  const opened = openRouteClient()
  const links = opened.ok ? valueOr(opened.value.links(), []) : []
  const addresses = opened.ok ? valueOr(opened.value.addresses(), []) : []
  const [daemon, asked, heard, peerHost] = await Promise.all([
    snapshotOf(runDir),
    configuration === undefined || !opened.ok
      ? { claims: new Map(), servers: [] }
      : askTheLinks(opened.value, configuration, links, addresses),
    configuration === undefined ? [] : listen(configuration, links),
    peer === undefined || fileExists(peer) ? undefined : askPeer(peer, peerCommand),
  ])
  if (opened.ok) opened.value.close()
  const ruleset = runCommand('nft', '-j', 'list', 'ruleset')
  const read = ruleset.ok ? readRuleset(ruleset.value) : undefined
  const tracking = connectionTracking()
  return {
    file,
    ...(configuration === undefined ? {} : { configuration }),
    complaints: diagnostics,
    ...(peer !== undefined && fileExists(peer)
      ? { peer: { file: peer, complaints: pairComplaints(file, peer, options) } }
      : {}),
    ...(peerHost === undefined ? {} : { peerHost }),
    privileged: hasCapability('net_admin') && hasCapability('net_raw'),
    kernel: release(),
    ipvsLoaded: fileExists('/proc/net/ip_vs'),
    ...(tracking === undefined ? {} : { connectionTracking: tracking }),
    links,
    addresses,
    settings: settingsOf(links),
    drivers: driversOf(links),
    managed: managedLinks(links),
    ...(read === undefined ? {} : { ruleset: read }),
    ...(daemon === undefined ? {} : { daemon }),
    heard,
    claims: asked.claims,
    servers: asked.servers,
  }
}

const valueOr = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }, otherwise: T): T =>
  result.ok ? result.value : otherwise

function pairComplaints(file: string, peer: string, options: LoadOptions): readonly Diagnostic[] {
  const { second, differences } = compareConfigurations(
    configurationFiles,
    { path: file, options },
    { path: peer, options },
  )
  return [...second.diagnostics.filter(({ severity }) => severity === 'error'), ...differences]
}

async function snapshotOf(runDir: string): Promise<DaemonSnapshot | undefined> {
  let snapshot: DaemonSnapshot | undefined
  await askDaemon(
    runDir,
    { request: 'status' },
    (answer) => {
      snapshot = answer['snapshot'] as DaemonSnapshot
      return 'enough'
    },
    5_000,
  )
  return snapshot
}

/** Long enough for the slowest sender to be heard, within reason. */
const LONGEST_LISTENING_MS = 4_000

async function listen(configuration: Configuration, links: readonly Link[]): Promise<readonly HeardAdvertisement[]> {
  const routers = configuration.virtualRouters.filter(({ family }) => family === 4)
  const names = [...new Set(routers.map((router) => router.interface))]
  const heard = await Promise.all(
    links
      .filter(({ name, up }) => up && names.includes(name))
      .map((link) => {
        const intervals = routers
          .filter((router) => router.interface === link.name)
          .map(({ advertisementInterval }) => advertisementInterval / 1000)
        return listenForAdvertisements(link, Math.min(LONGEST_LISTENING_MS, 2.5 * Math.max(...intervals)))
      }),
  )
  return heard.flat()
}

type Asked = Pick<Facts, 'claims' | 'servers'>

async function askTheLinks(
  client: RouteClient,
  configuration: Configuration,
  links: readonly Link[],
  addresses: readonly LinkAddress[],
): Promise<Asked> {
  const able = links.filter((link) => link.up && !link.loopback && !link.noArp && link.mac.length === 6)
  const virtual = configuration.virtualRouters.flatMap((router) => router.addresses)
  const claims = new Map<IpAddress, readonly string[]>()
  await Promise.all(
    able.map(async (link) => {
      const here = virtual.filter((entry) => entry.interface === link.name).map(({ address }) => address)
      if (here.length === 0) return
      for (const [address, macs] of await askByArp(link, here)) claims.set(address, macs)
    }),
  )
  const own = new Set(links.map(({ mac }) => macText(mac)))
  for (const [address, macs] of claims)
    claims.set(
      address,
      macs.filter((mac) => !own.has(mac)),
    )
  return { claims, servers: await askServers(client, configuration, able, addresses) }
}

/** Real servers over IPv4 on a link of this host. */
async function askServers(
  client: RouteClient,
  configuration: Configuration,
  links: readonly Link[],
  addresses: readonly LinkAddress[],
): Promise<readonly ServerFacts[]> {
  const all = configuration.virtualServers.flatMap(({ realServers }) => realServers.map(({ address }) => address))
  const near = [...new Set(all)].flatMap((address) => {
    if (familyOf(address) !== 4) return []
    const route = client.route(address)
    const link = route.ok && route.value.gateway === undefined ? route.value.interfaceIndex : undefined
    const found = links.find(({ index }) => index === link)
    return found === undefined ? [] : [{ address, link: found }]
  })
  const answered = await Promise.all(
    links.map(async (link) => {
      const here = near.filter((server) => server.link === link).map(({ address }) => address)
      return here.length === 0 ? new Map<IpAddress, readonly string[]>() : askByArp(link, here)
    }),
  )
  const macs = new Map(answered.flatMap((map) => [...map]))
  return Promise.all(
    near.map(({ address, link }) => askServer(configuration, link, address, macs.get(address)?.[0], addresses)),
  )
}

/** Documentation addresses of RFC 5737 are in labs; this network is for measurements (RFC 2544), so nobody routes it. */
const STRANGER = '198.18.0.1' as IpAddress

async function askServer(
  configuration: Configuration,
  link: Link,
  address: IpAddress,
  mac: string | undefined,
  addresses: readonly LinkAddress[],
): Promise<ServerFacts> {
  const ports = new Map<number, Knocked>()
  const takes = new Map<string, Knocked>()
  const source = sourceOn(addresses, link, configuration, 4)
  if (mac === undefined || source === undefined)
    return { address, interface: link.name, ...(mac === undefined ? {} : { mac }), ports, takes }
  const bytes = Uint8Array.from(mac.split(':').map((part) => Number.parseInt(part, 16)))
  const plans: (KnockPlan & { readonly note: (outcome: Knocked) => void })[] = []
  let returnsHere: boolean | undefined
  const knock = (
    from: IpAddress,
    destination: IpAddress,
    port: number,
    note: (outcome: Knocked) => void,
    tunnel?: KnockPlan['tunnel'],
  ) => plans.push({ mac: bytes, source: from, destination, port, note, ...(tunnel === undefined ? {} : { tunnel }) })
  for (const virtualServer of configuration.virtualServers)
    for (const realServer of virtualServer.realServers) {
      if (realServer.address !== address) continue
      for (const service of servicesOf(virtualServer)) {
        if (service.kind === 'fwmark' || service.protocol !== 'tcp' || familyOf(service.address) !== 4) continue
        const port = portInService(realServer, service)
        knock(source, address, port, (outcome) => ports.set(port, outcome))
        const taken = (outcome: Knocked) => takes.set(endpoint(service), outcome)
        if (realServer.method === 'dr') knock(source, service.address, service.port, taken)
        // The other tunnels have headers of their own, which are the core's business.
        if (realServer.method === 'tun' && (realServer.tunnel?.type ?? 'ipip') === 'ipip')
          knock(source, service.address, service.port, taken, { source, destination: address })
        if (realServer.method === 'nat' && returnsHere === undefined) {
          returnsHere = false
          knock(STRANGER, address, port, (outcome) => {
            returnsHere = outcome !== 'silent'
          })
        }
      }
    }
  const outcomes = await knockAt(link, plans)
  for (const [index, { note }] of plans.entries()) note(outcomes[index] ?? 'silent')
  return { address, interface: link.name, mac, ports, takes, ...(returnsHere === undefined ? {} : { returnsHere }) }
}

/** An address of this host on the link that is no virtual one: a server's own is not to be answered to it. */
function sourceOn(
  addresses: readonly LinkAddress[],
  link: Link,
  configuration: Configuration,
  family: Family,
): IpAddress | undefined {
  const virtual = new Set(
    configuration.virtualRouters.flatMap((router) => router.addresses.map(({ address }) => address)),
  )
  return addresses.find(
    ({ interfaceIndex, address }) =>
      interfaceIndex === link.index && familyOf(address) === family && !virtual.has(address),
  )?.address
}

const perInterface = ['arp_ignore', 'arp_announce', 'rp_filter', 'send_redirects', 'forwarding'] as const

function settingsOf(links: readonly Link[]): ReadonlyMap<string, string> {
  const names = ['all', ...links.map(({ name }) => name)]
  const paths = [
    'net/ipv4/ip_forward',
    'net/ipv6/conf/all/forwarding',
    ...names.flatMap((name) => perInterface.map((setting) => `net/ipv4/conf/${name}/${setting}`)),
  ]
  return new Map(
    paths.flatMap((path): [string, string][] => {
      const read = readText(`/proc/sys/${path}`)
      return read.ok ? [[path, read.value.trim()]] : []
    }),
  )
}

function connectionTracking(): Facts['connectionTracking'] {
  const [held, most] = ['count', 'max'].map((name) => readText(`/proc/sys/net/netfilter/nf_conntrack_${name}`))
  if (held === undefined || most === undefined || !held.ok || !most.ok) return undefined
  return { held: Number(held.value), most: Number(most.value) }
}

/** Both keep a file for each interface of theirs, by its index. */
function managedLinks(links: readonly Link[]): ReadonlyMap<string, string> {
  return new Map(
    links.flatMap(({ index, name }): [string, string][] => {
      const networkd = readText(`/run/systemd/netif/links/${index}`)
      if (networkd.ok && !/^ADMIN_STATE=unmanaged$/m.test(networkd.value)) return [[name, 'systemd-networkd']]
      const manager = readText(`/run/NetworkManager/devices/${index}`)
      return manager.ok && /^managed=true$/m.test(manager.value) ? [[name, 'NetworkManager']] : []
    }),
  )
}

function driversOf(links: readonly Link[]): ReadonlyMap<string, string> {
  return new Map(
    links.flatMap(({ name }): [string, string][] => {
      const driver = driverOfInterface(name)
      return driver === undefined ? [] : [[name, driver]]
    }),
  )
}

import { keepalivedErrors } from './keepalived-errors.ts'
import type { DaemonSnapshot, VirtualRouterSnapshot } from './snapshot.ts'

/**
 * The state dump of SIGUSR1: sections `------< Title >------` of indented `Key = value` lines. keepalived's own come first,
 * then ours, with our own keys.
 * @param topology       keepalived's sections
 * @param configuration  the model in force, secrets already taken out; any value
 */
export function dumpText(snapshot: DaemonSnapshot, topology: string, configuration: unknown): string {
  const { virtualRouters, bfdSessions, virtualServers, forwarding, roles, ...daemon } = snapshot
  return [
    topology,
    section('Daemon', daemon),
    ...roles.map(({ role, ...rest }) => section(`Role ${role}`, rest)),
    ...virtualRouters.map(({ name, ...rest }) => section(`VRRP instance ${name}`, rest)),
    ...bfdSessions.map(({ name, ...rest }) => section(`BFD session ${name}`, rest)),
    ...virtualServers.map(({ key, ...rest }) => section(`Virtual server ${key}`, rest)),
    ...(forwarding === undefined ? [] : [section('Forwarding', forwarding)]),
    section('Configuration', configuration),
  ].join('')
}

function section(title: string, value: unknown): string {
  return `------< ${title} >------\n${lines(value, ' ')}`
}

function lines(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return `${indent}${scalar(value)}\n`
  let text = ''
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue
    const label = Array.isArray(value) ? `[${key}]` : titled(key)
    if (typeof child !== 'object' || child === null) text += `${indent}${label} = ${scalar(child)}\n`
    else if (Object.keys(child).length === 0) text += `${indent}${label} = none\n`
    else if (Array.isArray(child) && child.every((item) => typeof item !== 'object')) {
      text += `${indent}${label} = ${child.map(scalar).join(', ')}\n`
    } else text += `${indent}${label}:\n${lines(child, `${indent}  `)}`
  }
  return text
}

/** `advertisementsSent` → `Advertisements sent`; keys that are not identifiers (reasons, addresses) stay as they are. */
function titled(key: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(key)) return key
  const words = key.replaceAll(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, capital: string) => `${before} ${capital.toLowerCase()}`,
  )
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function scalar(value: unknown): string {
  if (value === true) return 'yes'
  if (value === false) return 'no'
  return typeof value === 'string' ? value.replaceAll(/[\r\n]+/g, '; ') : String(value)
}

/**
 * The statistics of SIGUSR2 in keepalived's layout. Its packet and authentication errors are our drops by reason; what
 * has no line there is left to the state dump.
 */
export function statisticsText(routers: readonly VirtualRouterSnapshot[]): string {
  return routers.map(routerStatistics).join('')
}

function routerStatistics(router: VirtualRouterSnapshot): string {
  const errors = keepalivedErrors(router)
  return `VRRP Instance: ${router.name}
  Advertisements:
    Received: ${router.advertisementsReceived}
    Sent: ${router.advertisementsSent}
  Became master: ${router.becameMaster}
  Released master: ${router.releasedMaster}
  Packet Errors:
    Length: ${errors.length}
    TTL: ${errors.ttl}
    Invalid Type: ${errors.type}
    Advertisement Interval: ${errors.interval}
    Address List: ${errors.addressList}
  Authentication Errors:
    Invalid Type: ${errors.authenticationTypeUnknown}
    Type Mismatch: ${errors.authenticationType}
    Failure: ${errors.authentication}
  Authentication Extension Errors:
    Missing: ${errors.hmacMissing}
    Malformed: ${errors.hmacMalformed}
    Unknown Key: ${errors.hmacUnknownKey}
    Invalid HMAC: ${errors.hmacInvalid}
    Stale: ${errors.hmacStale}
    Replay: ${errors.hmacReplay}
  Priority Zero:
    Received: ${router.priorityZeroReceived}
    Sent: ${router.priorityZeroSent}
`
}

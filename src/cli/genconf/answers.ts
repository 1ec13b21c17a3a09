import {
  addressBytes,
  type Family,
  fail,
  familyOf,
  type IpAddress,
  isMulticast,
  ok,
  parseAddress,
  type Result,
} from '../../base/index.ts'

/** An address with the length of its subnet's prefix. */
export type Placed = { readonly address: IpAddress; readonly prefixLength: number }

export type PlannedServer = { readonly address: IpAddress; readonly port: number; readonly weight: number }

export type PairPlan = {
  readonly virtual: Placed
  /** 1–65535. */
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  readonly method: 'dr' | 'nat' | 'tun'
  readonly scheduler: string
  /** `tcp`, or the path of a page. */
  readonly check: string
  readonly directors: readonly [IpAddress, IpAddress]
  readonly interface: string
  readonly realServers: readonly PlannedServer[]
  /** 1–255. */
  readonly virtualRouterId: number
  readonly password: string
  readonly unicast: boolean
  /** NAT: the real servers' gateway, which moves with the service. */
  readonly inside?: { readonly placed: Placed; readonly interface: string }
}

/** The words of the command line, or of the questions. */
export type GenconfWords = {
  readonly vip?: string
  readonly port?: string
  readonly protocol?: string
  readonly method?: string
  readonly scheduler?: string
  readonly check?: string
  readonly directors?: string
  readonly interface?: string
  readonly realServers?: string
  readonly routerId?: string
  readonly password?: string
  readonly unicast?: true
  readonly gateway?: string
  readonly insideInterface?: string
}

/** @param fallback  a password of eight characters */
export function planOf(words: GenconfWords, fallback: string): Result<PairPlan, string> {
  const virtual = placed(words.vip ?? '')
  if (virtual === undefined)
    return fail(`vip: ${words.vip ?? 'none given'}; an address with its prefix, such as 192.0.2.100/24`)
  const family = familyOf(virtual.address)
  const port = numberFrom(words.port ?? '', 1, 65535)
  if (port === undefined) return fail(`port: ${words.port ?? 'none given'}; a number from 1 to 65535`)
  const protocol = oneOf(words.protocol ?? 'tcp', ['tcp', 'udp'])
  if (protocol === undefined) return fail(`protocol: ${words.protocol}; tcp or udp`)
  const method = oneOf(words.method ?? 'dr', ['dr', 'nat', 'tun'])
  if (method === undefined) return fail(`method: ${words.method}; dr, nat or tun`)

  const directors = list(words.directors).map((word) => parseAddress(word))
  const [first, second, ...more] = directors
  if (first === undefined || second === undefined || more.length > 0 || first === second)
    return fail(`directors: ${words.directors ?? 'none given'}; two addresses with a comma between them`)
  if (familyOf(first) !== familyOf(second)) return fail('directors: both addresses must be of one family')

  const servers = list(words.realServers).map((word) => serverOf(word, port))
  const wrong = list(words.realServers)[servers.indexOf(undefined)]
  if (wrong !== undefined)
    return fail(`real server: ${wrong}; ADDRESS, ADDRESS:PORT or ADDRESS:PORT:WEIGHT, IPv6 in brackets`)
  const realServers = servers.flatMap((server) => server ?? [])
  if (realServers.length === 0) return fail('real servers: none given')
  const odd = realServers.find(({ address }) => method !== 'tun' && familyOf(address) !== family)
  if (odd !== undefined)
    return fail(`real server ${odd.address}: of the other family than ${virtual.address}; only tunnels (tun) reach it`)
  const moved = realServers.find((server) => method !== 'nat' && server.port !== port)
  if (moved !== undefined)
    return fail(
      `real server ${moved.address}: port ${moved.port} where the service has ${port}; only nat changes ports`,
    )

  const check = words.check ?? (protocol === 'tcp' ? 'tcp' : 'none')
  if (check !== 'tcp' && check !== 'none' && !/^\/\S*$/.test(check))
    return fail(`check: ${check}; tcp, none, or the path of a page such as /health`)
  const virtualRouterId = numberFrom(words.routerId ?? String(lastByte(virtual.address, family)), 1, 255)
  if (virtualRouterId === undefined)
    return fail(`router id: ${words.routerId}; a number from 1 to 255, free on that network`)
  const password = words.password ?? fallback
  if (!/^[\x21-\x7e]{1,8}$/.test(password)) return fail('password: one to eight characters, without blanks')

  const inside = insideOf(words, method)
  if (!inside.ok) return inside
  return ok({
    virtual,
    port,
    protocol,
    method,
    scheduler: words.scheduler ?? 'wlc',
    check,
    directors: [first, second],
    interface: words.interface ?? 'eth0',
    realServers,
    virtualRouterId,
    password,
    unicast: words.unicast ?? false,
    ...(inside.value === undefined ? {} : { inside: inside.value }),
  })
}

function insideOf(words: GenconfWords, method: string): Result<PairPlan['inside'], string> {
  if (method !== 'nat') return ok(undefined)
  const gateway = placed(words.gateway ?? '')
  if (gateway === undefined)
    return fail(
      `gateway: ${words.gateway ?? 'none given'}; with nat the real servers need a gateway that moves with the service, such as 10.0.0.1/24`,
    )
  return ok({ placed: gateway, interface: words.insideInterface ?? 'eth1' })
}

function placed(word: string): Placed | undefined {
  const [text = '', length = '', ...rest] = word.split('/')
  const address = parseAddress(text)
  if (address === undefined || isMulticast(address) || rest.length > 0) return undefined
  const most = familyOf(address) === 4 ? 32 : 128
  const prefixLength = numberFrom(length, 1, most)
  return prefixLength === undefined ? undefined : { address, prefixLength }
}

function serverOf(word: string, portOfService: number): PlannedServer | undefined {
  const match = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*))(?::(?<port>\d+))?(?::(?<weight>\d+))?$/.exec(word)
  const address = parseAddress(match?.groups?.['bracketed'] ?? match?.groups?.['plain'] ?? word) ?? parseAddress(word)
  if (address === undefined) return undefined
  const port = numberFrom(match?.groups?.['port'] ?? String(portOfService), 1, 65535)
  const weight = numberFrom(match?.groups?.['weight'] ?? '1', 0, 65535)
  return port === undefined || weight === undefined ? undefined : { address, port, weight }
}

const list = (words: string | undefined): readonly string[] =>
  (words ?? '').split(/[\s,]+/).filter((word) => word !== '')

function oneOf<const Word extends string>(word: string, words: readonly Word[]): Word | undefined {
  return words.find((known) => known === word.toLowerCase())
}

function numberFrom(word: string, least: number, most: number): number | undefined {
  return /^\d{1,6}$/.test(word) && Number(word) >= least && Number(word) <= most ? Number(word) : undefined
}

/** 1–255, as administrators number their virtual routers. */
function lastByte(address: IpAddress, family: Family): number {
  return addressBytes(address)[family === 4 ? 3 : 15] || 51
}

/** Configuration texts for lab tests, in the language that Holdfast and keepalived share. */

export type Instance = {
  readonly priority: number
  readonly version?: 2 | 3
  readonly addresses?: readonly string[]
  /** Seconds. */
  readonly advertInt?: number
  readonly password?: string
  readonly authType?: 'PASS' | 'AH'
  readonly state?: 'MASTER' | 'BACKUP'
  readonly virtualRouterId?: number
  /** Further lines of the block. */
  readonly more?: readonly string[]
}

export const VIRTUAL_ADDRESS = '192.0.2.100'
export const VIRTUAL_ADDRESS_6 = '2001:db8::100'

/** One vrrp_instance on eth0 with 192.0.2.100/24, unless told otherwise. */
export function instance(options: Instance): string {
  const { priority, version = 2, addresses = [`${VIRTUAL_ADDRESS}/24`], advertInt = 1, state = 'BACKUP' } = options
  const { password, authType = 'PASS', virtualRouterId = 51, more = [] } = options
  const lines = [
    `state ${state}`,
    'interface eth0',
    `virtual_router_id ${virtualRouterId}`,
    `version ${version}`,
    `priority ${priority}`,
    `advert_int ${advertInt}`,
    ...(password === undefined ? [] : ['authentication {', `  auth_type ${authType}`, `  auth_pass ${password}`, '}']),
    ...more,
    'virtual_ipaddress {',
    ...addresses.map((address) => `  ${address}`),
    '}',
  ]
  return `vrrp_instance VI_${virtualRouterId} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}

/**
 * A client that takes the port of a finished connection again is scheduled anew by direct routing as well; its old connection leads to
 * a server that may have been removed.
 */
export const REUSED_PORTS = 'lvs_settings {\n  conn_reuse_mode 3\n}\n'

export type WebService = {
  readonly method: 'DR' | 'NAT'
  readonly realServers: readonly string[]
  readonly scheduler?: string
  /** Lines of the virtual_server block. */
  readonly more?: readonly string[]
  /** Lines of each real_server block; a TCP_CHECK every second without retries unless given. */
  readonly checker?: readonly string[]
}

/** One virtual_server on 192.0.2.100 port 80; real servers as `address port`. */
export function webService({
  method,
  realServers,
  scheduler = 'rr',
  more = [],
  checker = QUICK_TCP_CHECK,
}: WebService): string {
  const lines = [
    'delay_loop 1',
    'warmup 0',
    `lb_algo ${scheduler}`,
    `lb_kind ${method}`,
    'protocol TCP',
    ...more,
    ...realServers.flatMap((server) => [`real_server ${server} {`, ...checker.map((line) => `  ${line}`), '}']),
  ]
  return `virtual_server ${VIRTUAL_ADDRESS} 80 {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}

const QUICK_TCP_CHECK = ['weight 1', 'TCP_CHECK {', '  connect_timeout 1', '  retry 0', '}']

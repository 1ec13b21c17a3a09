/**
 * What can be set about forwarding as a whole: the names, defaults and meanings of net.ipv4.vs.* (Documentation/networking/
 * ipvs-sysctl.rst of Linux 6.12). The kernel's IPVS has them as sysctls, the embedded core in its map `settings`.
 */

export type SettingRule = {
  readonly default: number
  readonly min: number
  readonly max: number
  /** One line for people. */
  readonly meaning: string
}

const flag = (meaning: string): SettingRule => ({ default: 0, min: 0, max: 1, meaning })
const onByDefault = (meaning: string): SettingRule => ({ default: 1, min: 0, max: 1, meaning })
const defence = (what: string): SettingRule => ({
  default: 0,
  min: 0,
  max: 3,
  meaning: `${what}: 0 never, 1 when memory runs short, 2 the same and in force now, 3 always`,
})

export const settingRules = {
  am_droprate: { default: 10, min: 1, max: 2 ** 31 - 1, meaning: 'drop_packet 3 drops one of so many new connections' },
  amemthresh: {
    default: 1024,
    min: 0,
    max: 2 ** 31 - 1,
    meaning: 'pages of free memory below which memory counts as short',
  },
  cache_bypass: flag('a firewall-mark service without a destination forwards to where the packet was going'),
  conn_reuse_mode: {
    default: 1,
    min: 0,
    max: 3,
    meaning: 'a SYN on a finished connection: 0 goes to the old server, 1 is scheduled anew, bit 2 in FIN_WAIT too',
  },
  drop_entry: defence('remove half-open and idle connections at random'),
  drop_packet: defence('drop some packets that would open connections'),
  secure_tcp: defence('the state table that holds out better against floods'),
  expire_nodest_conn: flag('connections of a removed destination end with it instead of going silent'),
  expire_quiescent_template: flag('persistence ends when the destination has weight 0'),
  lblc_expiration: { default: 86_400, min: 1, max: 2 ** 31 - 1, meaning: 'seconds an unused entry of lblc is kept' },
  lblcr_expiration: { default: 86_400, min: 1, max: 2 ** 31 - 1, meaning: 'seconds an unused entry of lblcr is kept' },
  nat_icmp_send: flag('tell a NAT server port unreachable when it talks without a connection'),
  pmtu_disc: onByDefault('tunnels keep DF and tell clients the path MTU'),
  schedule_icmp: flag('ICMP errors may open connections'),
  sloppy_tcp: flag('any TCP packet but RST may open a connection'),
  sloppy_sctp: flag('any SCTP packet but ABORT may open a connection'),
  sync_threshold: {
    default: 3,
    min: 0,
    max: 2 ** 31 - 1,
    meaning: "the packet of a client's at which other directors are told of a connection, of each sync_period",
  },
  sync_period: {
    default: 50,
    min: 0,
    max: 2 ** 31 - 1,
    meaning: 'packets between two times they are told; 0: once, or as sync_refresh_period says',
  },
  sync_refresh_period: {
    default: 0,
    min: 0,
    max: 86_400,
    meaning: 'seconds between two times they are told, with sync_period 0',
  },
  sync_retries: { default: 0, min: 0, max: 3, meaning: 'how often each of these is said again' },
  sync_persist_mode: flag('they are told of persistence and not of its connections'),
  sync_ports: {
    default: 1,
    min: 1,
    max: 64,
    meaning: "ports that sync daemons use, from the first on; with the kernel's a power of two",
  },
  sync_sock_size: {
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    meaning: 'bytes of the buffers of the sockets of sync daemons; 0: as usual',
  },
  sync_version: { default: 1, min: 0, max: 1, meaning: 'of the messages they send; 0 knows no IPv6' },
} as const satisfies Readonly<Record<string, SettingRule>>

export type SettingName = keyof typeof settingRules
export type IpvsSettings = Readonly<Record<SettingName, number>>

export const settingNames = Object.keys(settingRules) as readonly SettingName[]
export const defaultSettings = Object.fromEntries(
  settingNames.map((name) => [name, settingRules[name].default]),
) as IpvsSettings

/** Why a value cannot be; undefined: it can. */
export function badSetting(name: string, value: number): string | undefined {
  const rule = (settingRules as Readonly<Record<string, SettingRule>>)[name]
  if (rule === undefined) return `${name} is no setting; there are ${settingNames.join(', ')}`
  if (Number.isInteger(value) && value >= rule.min && value <= rule.max) return undefined
  return `${name} ${value} is not a whole number from ${rule.min} to ${rule.max}`
}

/** Seconds; the `--set` of ipvsadm and lvs_timeouts: ESTABLISHED, FIN_WAIT and UDP. In an order 0 keeps a value. */
export type Timeouts = { readonly tcp: number; readonly tcpFin: number; readonly udp: number }

/** What IPVS begins with. */
export const defaultTimeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 }

/** `lvs_settings { … }`: what of forwarding as a whole the user has an opinion about; absent is the default. */
export type ForwardingSettings = {
  /** Only those that were written. */
  readonly ipvs: Partial<IpvsSettings>
  /** What the embedded core has room for. */
  readonly connectionTableSize?: number
  readonly serviceTableSize?: number
  readonly destinationTableSize?: number
  /** Interfaces the embedded core takes packets from; absent: all that carry traffic. */
  readonly interfaces?: readonly string[]
  /** Where established connections are forwarded in the driver: if it is known to do it well, nowhere (as absent), or on these. */
  readonly xdp?: 'auto' | 'off' | readonly string[]
}

/** How much the embedded core has room for, by the words of lvs_settings; each takes effect at the next start. */
export const tableSizes = {
  connection_table_size: {
    field: 'connectionTableSize',
    default: 262_144,
    min: 1_024,
    max: 16_777_216,
    meaning: 'connections the embedded core has room for; at the next start',
  },
  service_table_size: {
    field: 'serviceTableSize',
    default: 4_096,
    min: 64,
    max: 65_536,
    meaning: 'services it has room for; at the next start',
  },
  destination_table_size: {
    field: 'destinationTableSize',
    default: 16_384,
    min: 64,
    max: 262_144,
    meaning: 'servers of all services it has room for; at the next start',
  },
} as const satisfies Readonly<Record<string, TableSizeRule>>

export type TableSizeName = keyof typeof tableSizes
type TableSizeRule = SettingRule & { readonly field: keyof ForwardingSettings }
export const tableSizeNames = Object.keys(tableSizes) as readonly TableSizeName[]

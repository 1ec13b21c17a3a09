/** The most that fits into 31 and 32 bits. */
export const MOST_31 = 0x7fff_ffff
export const MOST_32 = 0xffff_ffff

/** Addresses that one range, or one group, may mean. */
export const MOST_IN_RANGE = 4096
/** Bytes of a key, after decoding. */
export const secretBytes = { least: 32, most: 64 } as const
/** Words of include_check, and their letters in keepalived.conf(5). */
export const includeTests = { read: 'R', match: 'M', wildcard_match: 'W', brace_match: 'B' } as const
/** Rights of a umask, by whose they are and which. */
export const umaskBits = {
  whose: { USR: 6, U: 6, GRP: 3, G: 3, OTH: 0, O: 0 },
  which: { RWX: 7, R: 4, W: 2, X: 1 },
  most: 0o777,
} as const
/** Bytes of a label, and of a name without its last dot (RFC 1035 §2.3.4). */
export const domainName = { label: 63, name: 253 } as const
/** A step of a path into JSON: `.name`, `['any name']`, `[N]`; its three groups are what stands there. */
export const JSON_STEP = `\\.([^.[\\]'\\s"]+)|\\['([^']*)'\\]|\\[(\\d{1,9})\\]`
/** 20 bits (RFC 3032 §2.1). */
export const MOST_MPLS_LABEL = 0xfffff
/**
 * Microseconds of processor time without a pause that *_rlimit_rttime grants at least: reading a large configuration, or a garbage
 * collection, takes a role up to a second, and beyond its limit the kernel ends it.
 */
export const LEAST_PROCESSOR_TIME = 5_000_000
/** Of tunnels. */
export const MOST_64 = 0xffff_ffff_ffff_ffffn
/** As routers advertise it (RFC 4191 §2.1), and as the kernel has it. */
export const routePreferences = { low: 3, medium: 0, high: 1 } as const
/** RFC 5321 §4.5.4.2. */
export const MAIL_PORT = 25
/** As many as resolv.conf(5) has. */
export const MOST_NAME_SERVERS = 3
/** Milliseconds that a time of a route is brought within (keepalived). */
export const routeTimes = { least: 200, most: 120_000 } as const
/** Seconds, where persistence is wished for without a time. */
export const DEFAULT_PERSISTENCE = 360
/** Of who owns the virtual addresses (RFC 9568 §5.2.4). */
export const OWNER_PRIORITY = 255
/** Of rules that name none; the next ones get less (keepalived). */
export const FIRST_PREFERENCE = 16_384
/** Hops of unicast advertisements: keepalived's over IPv4, the kernel's over IPv6. */
export const UNICAST_TTL = { 4: 255, 6: 64 } as const
/** The usual time_window: so many advertisement intervals, within bounds of seconds. */
export const HMAC_WINDOW = { intervals: 3, least: 5, most: 300 } as const
/** RFC 2338 §5.3.10. */
export const PASSWORD_BYTES = 8

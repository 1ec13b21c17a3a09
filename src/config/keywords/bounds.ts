/** The most that fits into 31 and 32 bits. */
export const MOST_31 = 0x7fff_ffff
export const MOST_32 = 0xffff_ffff

/** Addresses that one range, or one group, may mean. */
export const MOST_IN_RANGE = 4096
/** Bytes of a key, after decoding. */
export const secretBytes = { least: 32, most: 64 } as const
/** As many as resolv.conf(5) has. */
export const MOST_NAME_SERVERS = 3
/** Milliseconds that a time of a route is brought within (keepalived). */
export const routeTimes = { least: 200, most: 120_000 } as const
/** Seconds, where persistence is wished for without a time. */
export const DEFAULT_PERSISTENCE = 360
/** RFC 2338 §5.3.10. */
export const PASSWORD_BYTES = 8

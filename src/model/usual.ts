import { address, seconds } from '../base/index.ts'

/**
 * What holds where the configuration says nothing and its model has nothing either: who acts takes it from here, and the table of
 * keywords tells it.
 */

/** Of files that we create (keepalived). */
export const USUAL_UMASK = 0o177

/** For startup_script and shutdown_script. */
export const USUAL_SCRIPT_LIMIT = seconds(10)

/** What dumps are called (keepalived). */
export const dumpFiles = { state: 'keepalived.data', statistics: 'keepalived.stats', json: 'keepalived.json' } as const

export const USUAL_JSON_VERSION = 1

/** First part of made names of virtual links. */
export const USUAL_LINK_PREFIX = 'vrrp'

/** Of base chains, relative to `filter`. */
export const USUAL_CHAIN_PRIORITY = -1

/** Where sync daemons send messages: the first port, hops, and the group (ip_vs_sync.c). */
export const usualSync = { port: 8848, ttl: 1, group: address('224.0.0.81') } as const

/** How long a director that joins waits for connections, and the port where it asks for them. */
export const usualCatchUp = { limit: seconds(30), port: 8847 } as const

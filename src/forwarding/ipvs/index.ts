/**
 * The kernel's IPVS as a backend, over generic netlink; never by running ipvsadm. It owns one netlink socket, and of the
 * kernel's table only what it put there: others may write the same table, and theirs stays. The table is the network
 * namespace's and outlives the process: traffic goes on without it, connections are scheduled and expire.
 *
 * Loads ip_vs where it is missing; the kernel loads schedulers itself. Does not: FULLNAT, local addresses, TOA, and
 * counters by exit, which the kernel's IPVS does not have. Its counters are the estimator's and lag up to two seconds.
 * Which method a connection has is told from its destination, since /proc/net/ip_vs_conn does not say.
 */

export { type IpvsOptions, openIpvsBackend } from './open.ts'

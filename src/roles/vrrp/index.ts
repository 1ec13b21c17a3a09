/**
 * The vrrp role: virtual routers of this host in a process of their own. It owns raw sockets (one an interface and
 * family), frame sockets for announcements, others that hear who claims our addresses, a route client and two monitors, the
 * addresses, routes and rules it has put into the kernel, one timer, and another with UDP sockets for BFD sessions. The
 * supervisor calls it and speaks to it through the channel. It outlives its supervisor for a while, so that a new one finds
 * the masters in place. It does not run scripts, read files or look after other roles; it loads little, because what it
 * loads costs memory and start-up time. Standards: RFC 9568, RFC 3768, RFC 5227, RFC 4861, RFC 5880 with 5881 and 5883.
 */
import { type Log, silentLog } from '../../base/index.ts'
import type { Channel, FromVrrp, ToVrrp } from '../ipc/index.ts'
import type { VrrpPorts } from './ports.ts'
import { startVrrpWith } from './start.ts'
import { systemPorts } from './system-ports.ts'

export type { VrrpPorts } from './ports.ts'
export { systemPorts } from './system-ports.ts'

/** Starts the role on this channel; it ends itself. */
export function startVrrp(
  channel: Channel<ToVrrp, FromVrrp>,
  ports: VrrpPorts = systemPorts(),
  log: Log = silentLog,
): void {
  startVrrpWith(channel, ports, log)
}

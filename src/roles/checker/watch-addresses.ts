import type { IpAddress, Log } from '../../base/index.ts'
import type { ProcessSettings } from '../../model/index.ts'
import { openRouteClient, openRouteMonitor } from '../../sys/netlink/index.ts'
import type { WatchAddresses } from './ports.ts'

/** Which addresses the host has, asked anew after each change; what comes together is asked once. */
export const watchAddresses = (
  onAddresses: Parameters<WatchAddresses>[0],
  log: Log,
  { commandBuffer, monitorBuffer }: Pick<ProcessSettings, 'commandBuffer' | 'monitorBuffer'>,
): ReturnType<WatchAddresses> => {
  const client = openRouteClient({ receiveBuffer: commandBuffer })
  if (!client.ok) {
    log.error('addresses of this host cannot be looked for; checks go on', { reason: client.error.message })
    return undefined
  }
  let asked = false
  let closed = false
  const ask = () => {
    asked = false
    if (closed) return
    const found = client.value.addresses()
    if (found.ok) onAddresses(new Set<IpAddress>(found.value.map(({ address }) => address)))
    else log.warn('addresses of this host cannot be read', { reason: found.error.message })
  }
  const monitor = openRouteMonitor({
    groups: ['address'],
    receiveBuffer: monitorBuffer,
    onEvent() {
      if (!asked) queueMicrotask(ask)
      asked = true
    },
  })
  if (!monitor.ok)
    log.error('changes of addresses cannot be seen; checks go on as it is', { reason: monitor.error.message })
  ask()
  return {
    close() {
      closed = true
      if (monitor.ok) monitor.value.close()
      client.value.close()
    },
  }
}

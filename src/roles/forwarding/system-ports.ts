import { fail } from '../../base/index.ts'
import { openRouteClient } from '../../sys/netlink/index.ts'
import type { ForwardingPorts } from './ports.ts'

const RTN_LOCAL = 2

/** The backends as built; each is loaded only when it is asked for. */
export function systemPorts(): ForwardingPorts {
  return {
    async openBackend(slice, log) {
      if (slice.backend === 'ipvs') {
        return fail({
          reason: 'no-ip-vs',
          message: 'the ipvs backend is not available in this version; use --backend ebpf',
        })
      }
      const { openEbpfBackend } = await import('../../forwarding/ebpf/index.ts')
      const { connectionTableSize, interfaces, xdp } = slice.settings ?? {}
      return openEbpfBackend({
        pinDirectory: slice.pinDirectory,
        log,
        ...(connectionTableSize === undefined ? {} : { connectionTableSize }),
        ...(interfaces === undefined ? {} : { interfaces }),
        ...(xdp === undefined ? {} : { fastLane: xdp }),
      })
    },
    notHere(addresses) {
      if (addresses.length === 0) return []
      const opened = openRouteClient()
      if (!opened.ok) return []
      const client = opened.value
      const held = client.addresses()
      const here = new Set(held.ok ? held.value.map(({ address }) => address) : [])
      const absent = addresses.filter((address) => {
        if (here.has(address)) return false
        // A local route takes packets too, without an address (`ip route add local … dev lo`).
        const route = client.route(address)
        return !(route.ok && route.value.type === RTN_LOCAL)
      })
      client.close()
      return absent
    },
    schedule(delay, action) {
      const timer = setTimeout(action, delay / 1_000)
      return () => clearTimeout(timer)
    },
  }
}

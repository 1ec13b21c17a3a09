import { fail, type Log, type Result } from '../../base/index.ts'
import type { ForwardingBackend, Unsupported } from '../../forwarding/index.ts'
import { makeDirectory, readText, replaceText } from '../../sys/files/index.ts'
import { openRouteClient } from '../../sys/netlink/index.ts'
import type { FileLock } from '../../sys/privileges/index.ts'
import { schedule } from '../../sys/time/index.ts'
import type { ForwardingSlice } from '../ipc/index.ts'
import { lockInTurn } from './lock-in-turn.ts'
import type { ForwardingPorts } from './ports.ts'

const RTN_LOCAL = 2

/** The backends as built; each is loaded only when it is asked for. */
export function systemPorts(): ForwardingPorts {
  return {
    openBackend,
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
    ownServices(slice) {
      const text = readText(ownServicesFile(slice))
      return text.ok ? text.value.split('\n').filter((key) => key !== '') : []
    },
    rememberOwnServices: (slice, keys) => replaceText(ownServicesFile(slice), keys.map((key) => `${key}\n`).join('')),
    schedule,
  }
}

const ownServicesFile = ({ runDirectory, backend }: ForwardingSlice): string => `${runDirectory}/services.${backend}`

async function openBackend(slice: ForwardingSlice, log: Log): Promise<Result<ForwardingBackend, Unsupported>> {
  if (slice.backend === 'ipvs') {
    const { openIpvsBackend } = await import('../../forwarding/ipvs/index.ts')
    return openIpvsBackend({ log })
  }
  const locked = await lockPins(slice)
  if (!locked.ok) return locked
  const { openEbpfBackend } = await import('../../forwarding/ebpf/index.ts')
  const { connectionTableSize, serviceTableSize, destinationTableSize, interfaces, xdp } = slice.settings ?? {}
  const opened = await openEbpfBackend({
    pinDirectory: slice.pinDirectory,
    log,
    ...(connectionTableSize === undefined ? {} : { connectionTableSize }),
    ...(serviceTableSize === undefined ? {} : { serviceTableSize }),
    ...(destinationTableSize === undefined ? {} : { destinationTableSize }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(xdp === undefined ? {} : { fastLane: xdp }),
  })
  if (!opened.ok) {
    locked.value.close()
    return opened
  }
  const { withSyncDaemons } = await import('../../forwarding/sync/index.ts')
  const backend = withSyncDaemons(opened.value, log)
  return {
    ok: true,
    value: {
      ...backend,
      async close(leave) {
        await backend.close(leave)
        locked.value.close()
      },
    },
  }
}

/** One process at a time writes the pinned maps; a command that works on them by hand is soon done. */
async function lockPins({ runDirectory }: ForwardingSlice): Promise<Result<FileLock, Unsupported>> {
  const made = makeDirectory(runDirectory)
  if (!made.ok)
    return fail({ reason: 'system', message: `${made.error.message}; name another directory with --run-dir` })
  return lockInTurn(`${runDirectory}/forwarding.lock`, process.pid)
}

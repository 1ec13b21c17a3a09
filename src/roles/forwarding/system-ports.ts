import { fail } from '../../base/index.ts'
import type { ForwardingPorts } from './ports.ts'

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
      return openEbpfBackend({ pinDirectory: slice.pinDirectory, log })
    },
    schedule(delay, action) {
      const timer = setTimeout(action, delay / 1_000)
      return () => clearTimeout(timer)
    },
  }
}

/** The contract suite on the kernel's IPVS. */
import { execFileSync } from 'node:child_process'
import { silentLog } from '../../src/base/index.ts'
import { openIpvsBackend } from '../../src/forwarding/ipvs/index.ts'
import { backendContract } from '../forwarding/contract.ts'

backendContract('ipvs', {
  controls: ['zero-counters', 'set-timeouts', 'set-settings', 'start-sync-daemon', 'stop-sync-daemon'],
  async open() {
    const opened = await openIpvsBackend({ log: silentLog })
    if (!opened.ok) throw new Error(opened.error.message)
    return opened.value
  },
  // Another's program, so that a test does not stand on what it tests.
  clean: async () => void execFileSync('ipvsadm', ['-C']),
})

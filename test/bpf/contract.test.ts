/** The contract suite on the embedded backend, in a network namespace of its own. */
import { afterAll, beforeAll } from 'vitest'
import { backendContract } from '../forwarding/contract.ts'
import { openRouter, type Router } from './router.ts'

let router: Router
beforeAll(() => {
  router = openRouter()
})
afterAll(() => router?.close())

backendContract('ebpf', {
  controls: ['zero-counters', 'set-timeouts', 'set-settings'],
  open: () => router.open(),
  clean: async () => router.clean(),
})

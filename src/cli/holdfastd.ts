/** The daemon's command: keepalived's options, one configuration, in the background unless told otherwise. */

import { holdSignals } from './daemon/held-signals.ts'

// What is imported is loaded before the first line runs: all but this waits until signals are held.
const held = holdSignals()
const { main } = await import('./daemon/main.ts')
await main(held)

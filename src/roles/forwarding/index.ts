/**
 * The forwarding role: the one process that writes the forwarding table. Owns the backend and plans from what the kernel
 * holds to what the checker wants, after a start and after every failure from a fresh read-back. What a backend cannot
 * do fails that service alone, with a reason that status shows. Programs and maps are pinned: its death, and that of its
 * supervisor, costs no packet. Started by the process entry.
 */

export type { ForwardingPorts } from './ports.ts'
export { startForwarding } from './start-forwarding.ts'
export { systemPorts } from './system-ports.ts'

/**
 * What a process may do and how the kernel runs it: capabilities and users, real-time scheduling, the signal at its
 * parent's death, its name, its network namespace, and the lock that keeps it single. Owns nothing but that lock. For
 * the start of a process, before it opens sockets: what is set here is true of the calling thread and what comes from
 * it, so it is called from the main thread (capabilities(7), sched(7), setns(2), prctl(2), flock(2)).
 */

export { type Capability, hasCapability } from './capability.ts'
export { dropTo, type Unprivileged } from './drop-to.ts'
export { type FileLock, lockFile } from './lock-file.ts'
export { enterNetworkNamespace, openNetworkNamespace, withinNetworkNamespace } from './network-namespace.ts'
export { parentDeathSignal, setProcessName } from './process-attributes.ts'
export { applyRunSettings, nameProcess, type RunSettings, setFileMask } from './process-settings.ts'
export { limitProcessorTime, setRealTime } from './real-time.ts'

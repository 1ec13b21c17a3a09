/**
 * The lab: hosts in network namespaces on bridged segments, real daemons on them, captures of what crosses the wire.
 * Tests, demo and benches alike build on it. It owns everything it makes (namespaces, processes, BPF pins, a temporary
 * directory) and removes it on `close`, on process exit and on SIGINT or SIGTERM; what a killed lab left behind is removed
 * when the next one opens. Needs root, iproute2 and util-linux; leaves the host's own interfaces alone. Not for anything
 * that must be exact in time: hosts share the machine's processors.
 */

export { type Advertisement, advertisementBytes } from './advertisement.ts'
export type { Holdfastd, HoldfastdOptions, Keepalived } from './director.ts'
export { type Frame, readFrame } from './frame.ts'
export { type Host, type InterfacePlan, quietEnvironment } from './host.ts'
export { type Lab, openLab, type Segment } from './lab.ts'
export { FifoListener, openRelay, type TakenLetter, toRelay } from './listeners.ts'
export { type Load, type LoadRequest, type LoadSummary, summary } from './load.ts'
export type { LabProcess } from './process.ts'
export { repositoryRoot } from './root.ts'
export { echoes, type StreamReport, Streams } from './streams.ts'
export { millis, nowMillis, until } from './wait.ts'
export type { Capture, Sender } from './wire.ts'

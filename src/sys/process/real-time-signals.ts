import { hfsys } from '../../native/index.ts'

/**
 * Numbers of keepalived's real-time signals, as the C library has them for programs: RTMIN is 34, RTMAX 64. Node has no
 * name for them, and their default is to end the process.
 */
const realTimeSignals = { json: 36, statsClear: 63, threadDump: 64 } as const
export type RealTimeSignal = keyof typeof realTimeSignals

/** Calls the handler for each of keepalived's real-time signals. Once a process, and from its main thread. */
export function onRealTimeSignals(handlers: Readonly<Record<RealTimeSignal, () => void>>): void {
  const system = hfsys()
  const pipe = system.signalPipe()
  if (pipe < 0) return ignoreRealTimeSignals()
  const byNumber = new Map<number, () => void>(
    Object.entries(realTimeSignals).map(([name, number]) => [number, handlers[name as RealTimeSignal]]),
  )
  const bytes = new Uint8Array(64)
  system.watch(pipe, 1, () => {
    for (let read = system.read(pipe, bytes); read > 0; read = system.read(pipe, bytes))
      for (const number of bytes.subarray(0, read)) byNumber.get(number)?.()
  })
  for (const number of byNumber.keys()) system.catchSignal(number)
}

/** For processes that such a signal reaches only because it was sent to a whole group of them. */
export function ignoreRealTimeSignals(): void {
  for (const number of Object.values(realTimeSignals)) hfsys().ignoreSignal(number)
}

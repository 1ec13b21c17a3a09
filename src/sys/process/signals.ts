import process from 'node:process'

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2' | 'SIGXCPU'

/** Calls the handler for each; the default action of these signals is gone from then on. */
export function onSignals(handlers: Readonly<Partial<Record<SignalName, () => void>>>): void {
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler)
}

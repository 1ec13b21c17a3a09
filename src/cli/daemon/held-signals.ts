import process from 'node:process'

const held = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
export type HeldSignal = (typeof held)[number]

/** Those who wait until there is somebody who can do what signals ask for. */
export type HeldSignals = {
  /** From here on the default action is taken again, unless somebody else listens; what came until now. */
  release(): ReadonlySet<HeldSignal>
}

/**
 * From here on a signal that asks a daemon for something does not end the process, and is kept. A program is loaded for some
 * tenths of a second before it can do what is asked, and whoever knows its process id may ask. SIGTERM and SIGINT end it:
 * nothing has begun.
 */
export function holdSignals(): HeldSignals {
  const came = new Set<HeldSignal>()
  const listeners = held.map((name) => [name, () => void came.add(name)] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  return {
    release() {
      for (const [name, listener] of listeners) process.off(name, listener)
      return came
    },
  }
}

import type { RoleName } from '../../roles/ipc/index.ts'
import type { RoleLauncher, RoleStart } from '../../roles/supervisor/index.ts'
import { type ChildAhead, forkAhead, forkChild } from '../../sys/process/index.ts'

/** Variables that would cost a role its start-up time or are not its business. */
const notForRoles = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NOTIFY_SOCKET', 'IFS', 'LD_PRELOAD']

/**
 * A small young generation keeps collections of the vrrp role short. It collects by itself, because on a busy host it would wait
 * for helper threads that are not run, and does not compact the heap of a process that has little to do. What it has
 * compiled stays compiled: a takeover may come after weeks and must not begin with a compilation. It is compiled at its first
 * run and not after some thousands: interpreted, a takeover takes four times as long.
 * The young generation of the other two is a quarter of what Node.js allows: what checks leave behind is little, and more room would only be kept.
 */
const nodeOptions: Readonly<Record<RoleName, readonly string[]>> = {
  vrrp: [
    '--max-semi-space-size=1',
    '--single-threaded-gc',
    '--no-memory-reducer',
    '--no-flush-bytecode',
    '--always-sparkplug',
  ],
  checker: ['--max-semi-space-size=4'],
  forwarding: ['--max-semi-space-size=4'],
}

/** One that may be a step ahead. */
export type EarlyLauncher = RoleLauncher & {
  /** Starts it now: it comes up while the configuration is read. The first `start` of the same has it. */
  startAhead(what: RoleStart): void
}

export type LauncherOptions = {
  /** Path of the module that runs a role. */
  readonly module: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where roles write what no log can take: our own output, or nowhere in the background. */
  readonly output: 'inherit' | 'ignore'
}

export function openRoleLauncher({ module, environment: all, output }: LauncherOptions): EarlyLauncher {
  const environment = { ...all }
  for (const name of notForRoles) delete environment[name]
  let ahead: { readonly words: string; readonly child: ChildAhead } | undefined

  const forkOptions = (what: RoleStart) => ({
    module,
    args: wordsOf(what),
    nodeOptions: nodeOptions[what.role],
    environment,
    output,
  })

  function discard(): void {
    ahead?.child.kill()
    ahead = undefined
  }

  return {
    start(what, handlers) {
      if (ahead?.words === wordsOf(what).join(' ') && ahead.child.alive()) {
        const { child } = ahead
        ahead = undefined
        return child.listen(handlers)
      }
      if (ahead?.words.startsWith(what.role) === true) discard()
      return forkChild(forkOptions(what), handlers)
    },
    startAhead(what) {
      discard()
      ahead = { words: wordsOf(what).join(' '), child: forkAhead(forkOptions(what)) }
    },
    discard,
  }
}

const wordsOf = ({ role, namespace, settings }: RoleStart): readonly string[] => [
  role,
  ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ...(settings === undefined ? [] : [`--process=${JSON.stringify(settings)}`]),
]

/** A director without neighbours: a namespace with one pair of interfaces, for what needs no traffic. */

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import { silentLog } from '../../src/base/index.ts'
import { type EbpfOptions, openEbpfBackend } from '../../src/forwarding/ebpf/index.ts'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { removeLeftovers } from '../lab/library/leftovers.ts'

let made = 0

export type Router = {
  readonly pinDirectory: string
  open(options?: Partial<EbpfOptions>): Promise<ForwardingBackend>
  ip(...words: readonly string[]): string
  /** Removes pins that a test left. */
  clean(): void
  /** Leaves the namespace and removes it. */
  close(): void
}

/** Enters a new namespace with eth0 at 192.0.2.1/24; this process stays in it until `close`. */
export function openRouter(): Router {
  removeLeftovers()
  const name = `h2-${process.pid}-${made++}`
  const pinDirectory = `/sys/fs/bpf/holdfast-${name}`
  const home = openSync('/proc/thread-self/ns/net', 'r')
  execFileSync('ip', ['netns', 'add', name], { timeout: 10_000 })
  enter(name)
  const ip = (...words: readonly string[]) => execFileSync('ip', words, { encoding: 'utf8', timeout: 10_000 })
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'far0')
  ip('addr', 'add', '192.0.2.1/24', 'dev', 'eth0')
  ip('link', 'set', 'eth0', 'up')
  ip('link', 'set', 'far0', 'up')
  return {
    pinDirectory,
    async open(options = {}) {
      const backend = await openEbpfBackend({ pinDirectory, log: silentLog, connectionTableSize: 4096, ...options })
      if (!backend.ok) throw new Error(backend.error.message)
      return backend.value
    },
    ip,
    clean: () => rmSync(pinDirectory, { recursive: true, force: true }),
    close() {
      rmSync(pinDirectory, { recursive: true, force: true })
      enter(`/proc/self/fd/${home}`)
      closeSync(home)
      execFileSync('ip', ['netns', 'delete', name], { timeout: 10_000 })
    },
  }
}

function enter(which: string): void {
  const entered = enterNetworkNamespace(which)
  if (!entered.ok) throw new Error(entered.error.message)
}

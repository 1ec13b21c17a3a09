/**
 * Fresh network namespaces for a test file, joined by veth pairs. The test process itself enters one only for as long as
 * it opens a socket (all of sys opens synchronously), so several hosts live in one event loop.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { afterAll } from 'vitest'
import type { Result } from '../../src/base/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { removeLeftovers } from '../lab/library/leftovers.ts'

let made = 0
removeLeftovers()

export type Namespace = {
  readonly name: string
  /** `ip -n NAME …`; throws what ip says when it fails. */
  ip(...words: readonly string[]): string
  /** Runs `body` inside; it must not await. */
  within<T>(body: () => T): T
}

/** Deleted after the file, with all that is in it. Called outside of tests, where afterAll can be. */
export function namespace(tag: string): Namespace {
  const name = `h1-${process.pid}-${tag}-${made++}`
  execFileSync('ip', ['netns', 'add', name], { timeout: 10_000 })
  afterAll(() => {
    execFileSync('ip', ['netns', 'delete', name], { timeout: 10_000 })
  })
  const ip = (...words: readonly string[]): string =>
    execFileSync('ip', ['-n', name, ...words], { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'pipe'] })
  ip('link', 'set', 'lo', 'up')
  return { name, ip, within: (body) => within(name, body) }
}

function within<T>(name: string, body: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    enter(name)
    return body()
  } finally {
    enter(`/proc/self/fd/${home}`)
    closeSync(home)
  }
}

function enter(which: string): void {
  const entered = enterNetworkNamespace(which)
  if (!entered.ok) throw new Error(entered.error.message)
}

/** A veth pair between two namespaces, up, without IPv6 address detection; each end carries the name given for it. */
export function joined(a: Namespace, nameA: string, b: Namespace, nameB: string): void {
  a.ip('link', 'add', nameA, 'type', 'veth', 'peer', 'name', nameB, 'netns', b.name)
  for (const [space, name] of [
    [a, nameA],
    [b, nameB],
  ] as const) {
    space.within(() => writeFileSync(`/proc/sys/net/ipv6/conf/${name}/accept_dad`, '0'))
    space.ip('link', 'set', name, 'up')
  }
}

/** Two namespaces joined by eth0, 192.0.2.1 and 192.0.2.2, and the addresses given with their lengths for IPv6. */
export function neighbours(left6: string, right6: string): readonly [left: Namespace, right: Namespace] {
  const spaces = [namespace('left'), namespace('right')] as const
  joined(spaces[0], 'eth0', spaces[1], 'eth0')
  for (const [at, address6] of [left6, right6].entries()) {
    spaces[at]?.ip('addr', 'add', `192.0.2.${at + 1}/24`, 'dev', 'eth0')
    spaces[at]?.ip('addr', 'add', address6, 'dev', 'eth0', 'nodad')
  }
  return spaces
}

/** Waits for what the event loop brings; fails with `what` after so long that the slowest machine has had its time. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 4500; turn++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`not within 45 s: ${what}`)
}

/** The value of a success; a failure fails the test with its message. */
export function must<T>(result: Result<T, { readonly message: string }>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

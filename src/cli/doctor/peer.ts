import { fail, ok, type Result } from '../../base/index.ts'
import type { DaemonSnapshot } from '../../observe/index.ts'
import { runCommand } from '../../sys/process/index.ts'
import type { PeerFacts } from './facts.ts'

/** Its clock in nanoseconds, and what its daemon shows. */
const QUESTION = 'date +%s%N; holdfast status --json'

/** @param command  what runs a command there, in words of the shell; `{peer}` is the address */
export function askPeer(address: string, command: string): PeerFacts {
  const reached = runCommand('ping', '-c', '1', '-W', '1', address).ok
  if (!reached) return { address, reached }
  const began = Date.now()
  const asked = runCommand('/bin/sh', '-c', `${command.replaceAll('{peer}', address)} '${QUESTION}'`)
  const took = Date.now() - began
  if (!asked.ok) return { address, reached, refusal: asked.error.message }
  const end = asked.value.indexOf('\n')
  const clock = Number(asked.value.slice(0, end)) / 1e6
  const snapshot = readSnapshot(asked.value.slice(end))
  return {
    address,
    reached,
    ...(snapshot.ok ? { snapshot: snapshot.value } : { refusal: snapshot.error }),
    // The clock was read at some point of the way.
    ...(Number.isFinite(clock) && clock > 0 ? { clockAhead: clock - (began + took / 2), uncertainty: took / 2 } : {}),
  }
}

function readSnapshot(text: string): Result<DaemonSnapshot, string> {
  try {
    const value: unknown = JSON.parse(text)
    const known = typeof value === 'object' && value !== null && 'virtualRouters' in value
    return known ? ok(value as DaemonSnapshot) : fail('what it answers is not the status of a daemon')
  } catch (error) {
    if (error instanceof SyntaxError) return fail('its daemon does not answer')
    throw error
  }
}

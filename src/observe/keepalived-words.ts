import type { Command, VirtualAddress, VirtualRouter } from '../model/index.ts'
import type { VirtualRouterSnapshot } from './snapshot.ts'

const scopes: Readonly<Record<number, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' }

/** `10.9.9.9/24 dev v0 scope global label v0:1 set`; a full-length prefix is not shown. */
export function addressText(one: VirtualAddress, isSet: boolean): string {
  const prefix = one.prefixLength === (one.address.includes(':') ? 128 : 32) ? '' : `/${one.prefixLength}`
  const label = one.label === undefined ? '' : ` label ${one.label}`
  const scope = scopes[one.scope] ?? String(one.scope)
  return `${one.address}${prefix} dev ${one.interface} scope ${scope}${label}${isSet ? ' set' : ''}`
}

/** `'/usr/bin/check' 'web'`. */
export const commandWords = ({ argv }: Command): string => argv.map((word) => `'${word}'`).join(' ')

/** The state it has or strives for: at the start, and in fault, the one that is configured. */
export const wantedState = (
  { initialState }: Pick<VirtualRouter, 'initialState'>,
  { state }: Pick<VirtualRouterSnapshot, 'state'>,
): 'master' | 'backup' => (state === 'master' || state === 'backup' ? state : initialState)

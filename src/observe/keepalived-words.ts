import { type AddressFlag, type Command, FOR_EVER, type VirtualAddress, type VirtualRouter } from '../model/index.ts'
import type { VirtualRouterSnapshot } from './snapshot.ts'

const scopes: Readonly<Record<number, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' }
const flagWords: readonly (readonly [AddressFlag, string])[] = [
  ['home', 'home'],
  ['dad', '-nodad'],
  ['mngtmpaddr', 'mngtmpaddr'],
  ['noprefixroute', 'noprefixroute'],
  ['autojoin', 'autojoin'],
]

/**
 * The addresses of a virtual router in the words of keepalived's dumps, `10.9.9.9/24 dev v0 scope global label v0:1 set`: a
 * full-length prefix is not shown, and what a master holds is `set`.
 */
export function addressTexts(
  all: readonly VirtualAddress[],
  model: VirtualRouter,
  { state, virtualLink }: VirtualRouterSnapshot,
): readonly string[] {
  // Of links that carry addresses only the names are not known here.
  const isOnOwnLink = ({ onVirtualLink, interface: name, address }: VirtualAddress) =>
    onVirtualLink === true && name === model.interface && address.includes(':') === (model.family === 6)
  const held = state !== 'master' ? [] : model.dropsPackets === true ? ['set', 'nftable_set'] : ['set']
  return all.map((one) => {
    const at = virtualLink !== undefined && isOnOwnLink(one) ? `${virtualLink}@${one.interface}` : one.interface
    return [...addressWords(one, at), ...held].join(' ')
  })
}

function addressWords(one: VirtualAddress, at: string): readonly string[] {
  const whole = one.address.includes(':') ? 128 : 32
  const flags = new Set(one.flags)
  return [
    one.prefixLength === whole ? one.address : `${one.address}/${one.prefixLength}`,
    ...(one.broadcast === undefined ? [] : [`brd ${one.broadcast}`]),
    `dev ${at}`,
    `scope ${scopes[one.scope] ?? one.scope}`,
    ...(one.label === undefined ? [] : [`label ${one.label}`]),
    // A prefix stands with the address or with its peer, and the peer has it whole.
    ...(one.peer === undefined ? [] : [`peer ${one.peer}/${one.prefixLength}`]),
    ...flagWords.flatMap(([flag, word]) => (flags.has(flag) ? [word] : [])),
    ...(one.untracked === true ? ['no_track'] : []),
    ...(whole === 32 ? [] : [preferenceWord(one)]),
  ]
}

function preferenceWord({ preferredLifetime, prefixLength }: VirtualAddress): string {
  const lifetime = preferredLifetime ?? (prefixLength === 128 ? 0 : FOR_EVER)
  if (lifetime === 0) return 'deprecated'
  return `preferred_lft ${lifetime === FOR_EVER ? 'forever' : lifetime}`
}

/** `'/usr/bin/check' 'web'`. */
export const commandWords = ({ argv }: Command): string => argv.map((word) => `'${word}'`).join(' ')

/** Whom a script runs as. */
export type Identity = { readonly uid: number; readonly gid: number }

export const identityText = ({ uid, gid }: Identity): string => `${uid}:${gid}`

/** The state it has or strives for: at the start the one that is configured. */
export const wantedState = (
  { initialState }: Pick<VirtualRouter, 'initialState'>,
  { state }: Pick<VirtualRouterSnapshot, 'state'>,
): 'master' | 'backup' | 'fault' => (state === 'initialize' ? initialState : state)

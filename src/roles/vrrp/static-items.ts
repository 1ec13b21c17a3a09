import type { IpAddress } from '../../base/index.ts'
import type { Parts } from './parts.ts'

/** The owner, in the keepers, of what is there whoever is master. No virtual router's key looks so. */
const STATIC = 'static'

/** Has them in the kernel, and nothing static besides. Addresses that were there before are the host's own. */
export function holdStatics({ keeper, routing, statics }: Pick<Parts, 'keeper' | 'routing' | 'statics'>): void {
  keeper.hold(STATIC, statics.addresses, true)
  routing.hold(STATIC, statics.routes, statics.rules)
}

export function releaseStatics({ keeper, routing }: Pick<Parts, 'keeper' | 'routing'>): void {
  routing.release(STATIC)
  keeper.release(STATIC)
}

/** They stay, for whoever comes after us. */
export function forgetStatics({ keeper, routing }: Pick<Parts, 'keeper' | 'routing'>): void {
  routing.forget(STATIC)
  keeper.forget(STATIC)
}

export const staticAddresses = ({ statics }: Pick<Parts, 'statics'>): ReadonlySet<IpAddress> =>
  new Set(statics.addresses.map(({ address }) => address))

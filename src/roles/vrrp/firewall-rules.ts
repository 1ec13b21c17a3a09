import { addressBytes, type Family, familyOf, hostIsLittleEndian as host } from '../../base/index.ts'
import { type InterfaceSettings, USUAL_CHAIN_PRIORITY } from '../../model/index.ts'
import {
  accept,
  counter,
  drop,
  duplicate,
  type Expression,
  equals,
  goto,
  keyTypes,
  lookup,
  META_IIF,
  META_L4PROTO,
  META_OIF,
  META_OIFKIND,
  META_PKTTYPE,
  mask,
  meta,
  type NftElement,
  type NftRequest,
  type NftTable,
  nftRequests,
  payload,
  REGISTER32,
} from '../../wire/nftables/index.ts'
import type { PlacedAddress } from './address-keeper.ts'

/** A macvlan and the interface below it, by their indices. */
export type LinkPair = {
  readonly index: number
  readonly base: number
  readonly family: Family
  /** Key of the virtual router that it belongs to. */
  readonly owner: string
}

/** What the firewall is to do. */
export type FirewallPlan = {
  readonly links: readonly LinkPair[]
  /** Families in which packets to virtual addresses may have to be dropped. */
  readonly dropping: ReadonlySet<Family>
}

const nft = nftRequests(host)

const HOOK_PREROUTING = 0
const HOOK_INPUT = 1
const HOOK_OUTPUT = 3
/** Before connections are tracked. */
const RAW = -300
/** A frame to the interface's own MAC. */
const PACKET_HOST = 0
const IGMP = 2
const ICMPV6 = 58
const ROUTER_SOLICITATION = 133
const MLD2_REPORT = 143
const DISCOVERY = Uint8Array.of(135, 136)

export const tableOf = (family: Family, { table = 'keepalived' }: InterfaceSettings): NftTable => ({
  family: family === 4 ? 2 : 10,
  name: table,
})

/** Where an address stands: in a set of its own those that mean something on one interface only. */
const setOf = ({ address }: Pick<PlacedAddress, 'address'>): string =>
  isLinkLocal(address) ? 'vips_link_local' : 'vips'

const isLinkLocal = (address: PlacedAddress['address']): boolean => {
  const bytes = addressBytes(address)
  return bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80
}

const elementOf = ({ address, interfaceIndex }: Pick<PlacedAddress, 'address' | 'interfaceIndex'>): NftElement => ({
  key: isLinkLocal(address) ? join(addressBytes(address), indexBytes(interfaceIndex)) : addressBytes(address),
})

/** Takes the table away, whether or not it is there. */
export const removal = (table: NftTable): readonly NftRequest[] => [nft.addTable(table), nft.deleteTable(table)]

export const addAddresses = (table: NftTable, addresses: readonly PlacedAddress[]): readonly NftRequest[] =>
  bySet(addresses).map(([set, elements]) => nft.addElements(table, set, elements))

/** Frames to the MACs of these links are dropped. */
export const muteLinks = (table: NftTable, indices: readonly number[]): readonly NftRequest[] =>
  indices.length === 0
    ? []
    : [
        nft.addElements(
          table,
          'backups',
          indices.map((index) => ({ key: indexBytes(index) })),
        ),
      ]

export const unmuteLinks = (table: NftTable, indices: readonly number[]): readonly NftRequest[] =>
  indices.length === 0
    ? []
    : [
        nft.deleteElements(
          table,
          'backups',
          indices.map((index) => ({ key: indexBytes(index) })),
        ),
      ]

export const removeAddresses = (table: NftTable, addresses: readonly PlacedAddress[]): readonly NftRequest[] =>
  bySet(addresses).map(([set, elements]) => nft.deleteElements(table, set, elements))

/**
 * A family's table, made anew, with keepalived's names and rules: what the kernel tells switches of groups leaves by the
 * interface below and with its MAC, so that they do not learn the virtual one at a backup; and packets to and from the virtual
 * addresses in the sets are dropped, but for neighbour discovery. Beyond keepalived's: a backup takes no frame to the virtual
 * MAC (RFC 9568 §6.4.2), which a switch may flood. None where there is nothing to do.
 * @param muted  indices of the links of backups
 */
export function tableRequests(
  family: Family,
  { links, dropping }: FirewallPlan,
  addresses: readonly PlacedAddress[],
  muted: ReadonlySet<number>,
  settings: InterfaceSettings,
): readonly NftRequest[] {
  const table = tableOf(family, settings)
  const own = links.filter((link) => link.family === family)
  const drops = dropping.has(family)
  if (own.length === 0 && !drops) return []
  const hook = (name: string, number: number, priority = settings.chainPriority ?? USUAL_CHAIN_PRIORITY) =>
    nft.addChain(table, { name, base: { hook: number, priority } })
  const count = settings.countPackets === true ? [counter] : []
  const away = [...count, drop(host)]
  const rule = (chain: string, ...expressions: readonly Expression[]) => nft.addRule(table, chain, expressions)
  const address = family === 4 ? { source: 12, destination: 16, size: 4 } : { source: 8, destination: 24, size: 16 }
  const at = (offset: number) => payload('network', offset, address.size, 1)
  const icmp = [meta(META_L4PROTO, 1), equals(1, Uint8Array.of(ICMPV6), host), payload('transport', 0, 1, 1)]
  const overMacvlan = [meta(META_OIFKIND, 1), equals(1, KIND, host)]
  const byBase = [at(address.destination), meta(META_OIF, 2), lookup('vmac_map', 2, 2), duplicate(1, 2), ...away]

  const sets: NftRequest[] = []
  const rules: NftRequest[] = []
  if (own.length > 0) {
    const { interface: index } = keyTypes
    const map = { name: 'vmac_map', id: 1, keyType: index, keyLength: 4, dataType: index, dataLength: 4 }
    const pairs = own.map(({ index: of, base }) => ({ key: indexBytes(of), data: indexBytes(base) }))
    sets.push(
      nft.addSet(table, map),
      nft.addElements(table, 'vmac_map', pairs),
      nft.addSet(table, { name: 'backups', id: 6, keyType: index, keyLength: 4 }),
      ...muteLinks(
        table,
        own.flatMap(({ index: of }) => (muted.has(of) ? [of] : [])),
      ),
    )
    const toUs = [meta(META_PKTTYPE, 1), equals(1, Uint8Array.of(PACKET_HOST), host)]
    rules.push(rule('backups', ...toUs, meta(META_IIF, 1), lookup('backups', 1), ...away))
    if (family === 4)
      rules.push(
        rule('out', payload('network', 9, 1, 1), equals(1, Uint8Array.of(IGMP), host), ...overMacvlan, ...byBase),
      )
    else {
      sets.push(
        nft.addSet(table, { name: 'vmac_set', id: 2, keyType: index, keyLength: 4 }),
        nft.addElements(
          table,
          'vmac_set',
          own.map(({ index: of }) => ({ key: indexBytes(of) })),
        ),
      )
      rules.push(
        rule('out', ...icmp, equals(1, Uint8Array.of(MLD2_REPORT), host), ...overMacvlan, ...byBase),
        rule(
          'out',
          ...icmp,
          equals(1, Uint8Array.of(ROUTER_SOLICITATION), host),
          ...overMacvlan,
          meta(META_OIF, 1),
          lookup('vmac_set', 1),
          ...away,
        ),
      )
    }
  }
  if (drops) {
    const keyType = family === 4 ? keyTypes.address4 : keyTypes.address6
    sets.push(nft.addSet(table, { name: 'vips', id: 3, keyType, keyLength: address.size }))
    if (family === 6) {
      sets.push(
        nft.addSet(table, {
          name: 'neighbor-discovery',
          id: 4,
          keyType: keyTypes.icmp6Type,
          keyLength: 1,
          constant: true,
        }),
        nft.addElements(
          table,
          'neighbor-discovery',
          [...DISCOVERY].map((type) => ({ key: Uint8Array.of(type) })),
        ),
        nft.addSet(table, {
          name: 'vips_link_local',
          id: 5,
          keyType: (keyTypes.address6 << 6) | keyTypes.interface,
          keyLength: 20,
        }),
        nft.addChain(table, { name: 'in_link_local' }),
        nft.addChain(table, { name: 'out_link_local' }),
      )
    }
    for (const [chain, offset, interfaceKey] of [
      ['out', address.source, META_OIF],
      ['in', address.destination, META_IIF],
    ] as const) {
      if (family === 6)
        rules.push(
          rule(chain, ...icmp, lookup('neighbor-discovery', 1), ...count, accept(host)),
          rule(
            chain,
            at(offset),
            mask(1, LINK_LOCAL_MASK, host),
            equals(1, LINK_LOCAL, host),
            ...count,
            goto(`${chain}_link_local`, host),
          ),
          rule(
            `${chain}_link_local`,
            payload('network', offset, 16, REGISTER32),
            meta(interfaceKey, REGISTER32 + 4),
            lookup('vips_link_local', REGISTER32),
            ...away,
          ),
        )
      rules.push(rule(chain, at(offset), lookup('vips', 1), ...away))
    }
  }
  const ofFamily = addresses.filter((one) => familyOf(one.address) === family)
  return [
    nft.addTable(table),
    hook('out', HOOK_OUTPUT),
    ...(drops ? [hook('in', HOOK_INPUT)] : []),
    ...(own.length > 0 ? [hook('backups', HOOK_PREROUTING, RAW)] : []),
    ...sets,
    ...rules,
    ...(drops ? addAddresses(table, ofFamily) : []),
  ]
}

function bySet(addresses: readonly PlacedAddress[]): readonly (readonly [string, readonly NftElement[]])[] {
  const sets = new Map<string, NftElement[]>()
  for (const one of addresses) sets.set(setOf(one), [...(sets.get(setOf(one)) ?? []), elementOf(one)])
  return [...sets]
}

const join = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.of(...a, ...b)

/** Interfaces are in the host's order. */
function indexBytes(index: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, index, host)
  return bytes
}

/** IFNAMSIZ bytes. */
const KIND = Uint8Array.from({ length: 16 }, (_, i) => 'macvlan'.charCodeAt(i) || 0)
const LINK_LOCAL = Uint8Array.from({ length: 16 }, (_, i) => [0xfe, 0x80][i] ?? 0)
const LINK_LOCAL_MASK = Uint8Array.from({ length: 16 }, (_, i) => [0xff, 0xc0][i] ?? 0)

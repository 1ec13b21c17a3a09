import type { IpAddress } from '../base/index.ts'

/** use_vmac or use_ipvlan: an interface of its own over the virtual router's, which the virtual addresses are on. */
export type VirtualLink = {
  /** `macvlan`: private, with the virtual MAC (RFC 9568 §7.3). `ipvlan`: L2, with the MAC of the interface below. */
  readonly kind: 'macvlan' | 'ipvlan'
  /** Absent: made of vmac_prefix and the id, another where that is taken. */
  readonly name?: string
  /** `02:00:00:00:00:33`; absent: 00:00:5e:00:01 for IPv4, 00:00:5e:00:02 for IPv6, and the id. */
  readonly mac?: string
  /** Advertisements come and go by the interface below (vmac_xmit_base); those of an ipvlan do not. */
  readonly transmitsOnBase: boolean
  /** Number of the interface group; absent: that of the interface below. */
  readonly group?: number
  /** Others are told of the interface below when this one is made or removed (netlink_notify_msg). */
  readonly notifiesBase?: true
  /** Of an ipvlan. */
  readonly mode?: 'bridge' | 'private' | 'vepa'
  /** Of an ipvlan: an address of its own, from which advertisements leave. */
  readonly address?: { readonly address: IpAddress; readonly prefixLength: number }
}

/** Names and rules of what virtual routers make on a host besides addresses. What is absent is as keepalived has it by default. */
export type InterfaceSettings = {
  /** First part of made names of virtual links; absent: USUAL_LINK_PREFIX. */
  readonly linkPrefix?: string
  /** The same of those that carry addresses only; as `linkPrefix`. */
  readonly addressLinkPrefix?: string
  /** Of the nftables table, in both families; `keepalived`. */
  readonly table?: string
  /** Of its base chains, relative to `filter`; absent: USUAL_CHAIN_PRIORITY. */
  readonly chainPriority?: number
  readonly countPackets?: true
}

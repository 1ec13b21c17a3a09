import type { IpAddress } from '../../base/index.ts'
import type { Diagnostic } from '../../config/index.ts'
import type { Configuration } from '../../model/index.ts'
import type { DaemonSnapshot } from '../../observe/index.ts'
import type { Link, LinkAddress } from '../../sys/netlink/index.ts'
import type { Ruleset } from './ruleset.ts'

/** An advertisement of somebody else, as it was on the wire. */
export type HeardAdvertisement = {
  readonly interface: string
  readonly mac: string
  readonly source: IpAddress
  readonly version: number
  readonly virtualRouterId: number
  readonly priority: number
  /** Its virtual addresses; empty where it could not be read. */
  readonly addresses: readonly IpAddress[]
}

/** What a knock at a port came to; `untried`: there was no way to try. */
export type Knocked = 'accepted' | 'refused' | 'silent' | 'untried'

/** A real server on a link of this host, asked by hand. */
export type ServerFacts = {
  readonly address: IpAddress
  readonly interface: string
  /** Absent: nobody answers ARP for it. */
  readonly mac?: string
  /** By port, at its own address. */
  readonly ports: ReadonlyMap<number, Knocked>
  /** By `ADDRESS:PORT`, at virtual addresses: direct routing. */
  readonly takes: ReadonlyMap<string, Knocked>
  /** NAT: an answer to a stranger came back by this host; absent: not tried. */
  readonly returnsHere?: boolean
}

/** The other director, asked by a command of the user's. */
export type PeerFacts = {
  readonly address: string
  /** It answers a ping. */
  readonly reached: boolean
  /** Why it could not be asked, or its daemon not; absent: it could. */
  readonly refusal?: string
  /** Of its daemon, where it runs Holdfast. */
  readonly snapshot?: DaemonSnapshot
  /** Milliseconds that its clock is ahead of ours, as far as the way there and back allows. */
  readonly clockAhead?: number
  /** Half of that way: the offset is not known better. */
  readonly uncertainty?: number
}

/** Everything that is looked at. Gathering it changes nothing. */
export type Facts = {
  readonly file: string
  readonly configuration?: Configuration
  /** Of loading and of lint. */
  readonly complaints: readonly Diagnostic[]
  /** The other director's file beside ours; absent: none was named. */
  readonly peer?: { readonly file: string; readonly complaints: readonly Diagnostic[] }
  /** The other director by address; absent: none was named. */
  readonly peerHost?: PeerFacts
  readonly privileged: boolean
  /** `6.1.0-18-amd64`. */
  readonly kernel: string
  /** The kernel's own IPVS is loaded. */
  readonly ipvsLoaded: boolean
  readonly connectionTracking?: { readonly held: number; readonly most: number }
  readonly links: readonly Link[]
  readonly addresses: readonly LinkAddress[]
  /** By path below /proc/sys; those that the kernel has. */
  readonly settings: ReadonlyMap<string, string>
  /** By the name of an interface, where it has a device with a driver. */
  readonly drivers: ReadonlyMap<string, string>
  /** Names of interfaces that systemd-networkd or NetworkManager manages, with which of them. */
  readonly managed: ReadonlyMap<string, string>
  /** Absent: nft could not be asked. */
  readonly ruleset?: Ruleset
  /** Absent: no daemon runs. */
  readonly daemon?: DaemonSnapshot
  readonly heard: readonly HeardAdvertisement[]
  /** MACs, other than of this host, that say they have a virtual address. */
  readonly claims: ReadonlyMap<IpAddress, readonly string[]>
  readonly servers: readonly ServerFacts[]
}

/**
 * Firewall marks. At tc ingress a packet has no mark yet: nftables gives it one later, in the stack's prerouting. So while
 * there is a service by mark, rules right behind those of the user take marked packets that may open a connection away from
 * the stack, by `dup` and `drop`, and send them through a pair of interfaces to the director, with the mark. What belongs
 * to a connection never comes that far. docs/decisions/0005 has the other ways that were looked at.
 *
 * The duplicate has its TTL one less and DF set; the program undoes both, and is told by the reserved flag that there was no DF.
 */

import { type Family, fail, ok, type Result } from '../../base/index.ts'
import { fileExists, overwriteText } from '../../sys/files/index.ts'
import { makeLinkPair, raiseWithoutArp, removeLink } from '../../sys/netlink/index.ts'
import { runNft } from '../../sys/process/index.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { readHeld, writeHeld } from './settings.ts'

/** Packets go out by the first and come in by the second, where the director is. */
export const MARKS_OUT = 'hfmark0'
export const MARKS_IN = 'hfmark1'

const TABLE = 'holdfast_marks'
/** Right after the mangle table's -150, where marks are set. */
const PRIORITY = -149
/** Locally administered; which one does not matter, for nobody else is on this link. */
const MAC = Uint8Array.of(0x02, 0x48, 0x46, 0x4d, 0x4b, 0x01)
const MTU = 65_535
/** A neighbour behind the first interface: the dummy address of RFC 7600, and a link-local one. Nobody is asked for it. */
const BEYOND: Readonly<Record<Family, string>> = { 4: '192.0.0.8', 6: 'fe80::4846' }
/** As IP_RESERVED of the program. */
const WITHOUT_DF = 'ip frag-off 0 ip frag-off set 0x8000'

/** @param marks  not empty */
function rules(family: Family, marks: readonly number[], sloppyTcp: boolean, sloppySctp: boolean): string {
  return `
table ${family === 4 ? 'ip' : 'ip6'} ${TABLE} {
	chain take {
		${family === 4 ? WITHOUT_DF : ''}
		dup to ${BEYOND[family]} device "${MARKS_OUT}"
		drop
	}
	chain prerouting {
		type filter hook prerouting priority ${PRIORITY}; policy accept;
		iifname "${MARKS_IN}" return
		meta pkttype != host return
		meta mark != { ${marks.join(', ')} } return
		fib daddr . mark type != local return
		meta l4proto tcp tcp flags ${sloppyTcp ? '& rst == 0' : '& (syn | rst) == syn'} goto take
		meta l4proto udp goto take
		meta l4proto sctp ${sloppySctp ? '@th,96,8 != 6' : '@th,96,8 1'} goto take
	}
}
`
}

/** What is made anew is removed first, whether or not it is there. */
const emptied = (family: 'ip' | 'ip6'): string => `table ${family} ${TABLE} {}\ndelete table ${family} ${TABLE}\n`
const NOTHING = emptied('ip') + emptied('ip6')

export type Marks = Readonly<Record<Family, readonly number[]>>

export class MarkRules {
  readonly #director: Director
  /** @returns the interface's index */
  readonly #attach: (name: string) => number | undefined
  #marks: Marks = { 4: [], 6: [] }
  #inForce: string | undefined

  /** @param attach  puts the director on an interface that has just been made; its index, or undefined */
  constructor(director: Director, attach: (name: string) => number | undefined) {
    this.#director = director
    this.#attach = attach
  }

  /** Sees to it that packets with these marks reach the director, and no others. A failure leaves things as they were. */
  take(marks: Marks): Result<void, { readonly message: string }> {
    const before = this.#marks
    this.#marks = marks
    const done = this.refresh()
    if (!done.ok) this.#marks = before
    return done
  }

  /** After a setting that the rules go by has changed. */
  refresh(): Result<void, { readonly message: string }> {
    const { flags } = readHeld(this.#director)
    const families = ([4, 6] as const).filter((family) => this.#marks[family].length > 0)
    const sloppyTcp = (flags & layout.SETTINGS_SLOPPY_TCP) !== 0
    const sloppySctp = (flags & layout.SETTINGS_SLOPPY_SCTP) !== 0
    const script = families.map((family) => rules(family, this.#marks[family], sloppyTcp, sloppySctp)).join('')
    if (script === this.#inForce) return ok(undefined)
    if (script === '') return this.#remove()
    const index = this.#makeInterfaces()
    if (!index.ok) return index
    const done = runNft(NOTHING + script)
    if (!done.ok) return done
    this.#inForce = script
    const held = readHeld(this.#director)
    writeHeld(this.#director, { ...held, flags: held.flags | layout.SETTINGS_MARK, marks_ifindex: index.value })
    return ok(undefined)
  }

  /** Takes away the rules and the interfaces, those of an earlier run too. */
  #remove(): Result<void, { readonly message: string }> {
    const held = readHeld(this.#director)
    // Who never had a service by mark need not have nft.
    const leftOver = held.marks_ifindex !== 0 || fileExists(`/proc/sys/net/ipv4/conf/${MARKS_OUT}`)
    if (this.#inForce === undefined && !leftOver) return ok(undefined)
    const done = runNft(NOTHING)
    if (!done.ok) return done
    this.#inForce = ''
    writeHeld(this.#director, { ...held, flags: held.flags & ~layout.SETTINGS_MARK, marks_ifindex: 0 })
    return removeLink(MARKS_OUT)
  }

  #makeInterfaces(): Result<number, { readonly message: string }> {
    const made = makeLinkPair({ names: [MARKS_OUT, MARKS_IN], mac: MAC, mtu: MTU })
    if (!made.ok && made.error.code !== 'EEXIST') return made
    // The way to the neighbour over IPv6 is there by itself once the interface has an address.
    overwriteText(`/proc/sys/net/ipv6/conf/${MARKS_OUT}/disable_ipv6`, '0')
    overwriteText(`/proc/sys/net/ipv6/conf/${MARKS_OUT}/addr_gen_mode`, '0')
    // So that the program may ask for routes from there, and packets for this host itself are let in.
    for (const [family, name, value] of [
      ['ipv4', 'forwarding', '1'],
      ['ipv6', 'forwarding', '1'],
      ['ipv4', 'rp_filter', '0'],
    ])
      overwriteText(`/proc/sys/net/${family}/conf/${MARKS_IN}/${name}`, value as string)
    for (const name of [MARKS_OUT, MARKS_IN]) {
      const raised = raiseWithoutArp(name)
      if (!raised.ok) return raised
    }
    const index = this.#attach(MARKS_IN)
    return index === undefined
      ? fail({ message: `${MARKS_IN}: the forwarding program cannot be put there` })
      : ok(index)
  }
}

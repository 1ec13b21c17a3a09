import { hostIsLittleEndian as host } from '../../base/index.ts'
import { RTM_DELROUTE, RTM_DELRULE } from '../../wire/netlink/index.ts'
import { ROUTE_PROTOCOL } from './ports.ts'

/** `struct sock_filter` (linux/filter.h): two bytes of code, one each of the jumps if true and if false, four of a constant. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number]

const LOAD_BYTE = 0x30
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06

/** The lower byte of nlmsg_type, which is in host order: kinds of rtnetlink are below 256. */
const TYPE = host ? 4 : 5
/** rtm_protocol, behind the netlink header. */
const PROTOCOL = 16 + 5

const instructions: readonly Instruction[] = [
  [LOAD_BYTE, 0, 0, TYPE],
  [JUMP_IF_EQUAL, 3, 0, RTM_DELRULE],
  [JUMP_IF_EQUAL, 0, 3, RTM_DELROUTE],
  [LOAD_BYTE, 0, 0, PROTOCOL],
  [JUMP_IF_EQUAL, 0, 1, ROUTE_PROTOCOL],
  [RETURN, 0, 0, 0xffff_ffff],
  [RETURN, 0, 0, 0],
]

/** Lets pass the removal of rules, and of routes of ours: a host that speaks BGP changes others by the thousand. */
export function ownRoutingFilter(): Uint8Array {
  const program = new Uint8Array(8 * instructions.length)
  const view = new DataView(program.buffer)
  instructions.forEach(([code, ifTrue, ifFalse, constant], i) => {
    view.setUint16(8 * i, code, host)
    view.setUint8(8 * i + 2, ifTrue)
    view.setUint8(8 * i + 3, ifFalse)
    view.setUint32(8 * i + 4, constant, host)
  })
  return program
}

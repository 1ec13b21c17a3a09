import { hostIsLittleEndian as host } from '../../base/index.ts'
import { RTM_DELROUTE, RTM_DELRULE } from '../../wire/netlink/index.ts'
import { DROP, filterProgram, JUMP_IF_EQUAL, LOAD_BYTE, PASS } from '../descriptor/index.ts'
import { ROUTE_PROTOCOL } from './ports.ts'

/** The lower byte of nlmsg_type, which is in host order: kinds of rtnetlink are below 256. */
const TYPE = host ? 4 : 5
/** rtm_protocol, behind the netlink header. */
const PROTOCOL = 16 + 5

/** Lets pass the removal of rules, and of routes of ours: a host that speaks BGP changes others by the thousand. */
export const ownRoutingFilter = (): Uint8Array =>
  filterProgram([
    [LOAD_BYTE, 0, 0, TYPE],
    [JUMP_IF_EQUAL, 3, 0, RTM_DELRULE],
    [JUMP_IF_EQUAL, 0, 3, RTM_DELROUTE],
    [LOAD_BYTE, 0, 0, PROTOCOL],
    [JUMP_IF_EQUAL, 0, 1, ROUTE_PROTOCOL],
    PASS,
    DROP,
  ])

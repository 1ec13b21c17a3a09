import { hostIsLittleEndian } from '../../base/index.ts'
import { DROP, filterProgram, JUMP_IF_EQUAL, JUMP_IF_SAME, LOAD_WORD, MOVE_ASIDE, PASS } from '../descriptor/index.ts'

/** Behind the netlink header and struct cn_msg: proc_event's kind, and behind its header what it is about. */
const WHAT = 16 + 20
const ABOUT = WHAT + 16

/** The filter's loads are in network order, the kernel's words in the host's. */
const inOrder = (what: number): number =>
  hostIsLittleEndian
    ? (((what & 0xff) << 24) | ((what & 0xff00) << 8) | ((what >>> 8) & 0xff00) | (what >>> 24)) >>> 0
    : what

const FORK = inOrder(0x1)
const EXEC = inOrder(0x2)
const COMM = inOrder(0x200)
const EXIT = inOrder(0x8000_0000)

/** Lets pass what processes do, threads left out: programs that start them by the thousand are not our business. */
export const processEventFilter = (): Uint8Array =>
  // Jumps count from the next instruction.
  filterProgram([
    [LOAD_WORD, 0, 0, WHAT],
    [JUMP_IF_EQUAL, 11, 0, EXEC],
    [JUMP_IF_EQUAL, 2, 0, FORK],
    [JUMP_IF_EQUAL, 5, 0, EXIT],
    [JUMP_IF_EQUAL, 4, 9, COMM],
    // The child of a fork stands behind its parent. A task is a process if its id is that of its process.
    [LOAD_WORD, 0, 0, ABOUT + 8],
    [MOVE_ASIDE, 0, 0, 0],
    [LOAD_WORD, 0, 0, ABOUT + 12],
    [JUMP_IF_SAME, 4, 5, 0],
    [LOAD_WORD, 0, 0, ABOUT],
    [MOVE_ASIDE, 0, 0, 0],
    [LOAD_WORD, 0, 0, ABOUT + 4],
    [JUMP_IF_SAME, 0, 1, 0],
    PASS,
    DROP,
  ])

import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf } from '../../native/index.ts'
import { type SystemError, systemError } from '../descriptor/index.ts'
import { removePin } from './pins.ts'
import type { BpfProgram } from './program.ts'

/** `tcx` on kernels from 6.6 on: a link, pinned. `clsact` before: a filter, which stays by itself. */
export type AttachmentKind = 'tcx' | 'clsact'

/** Ours among the clsact filters of an interface. */
const PRIORITY = 0x4846
const HANDLE = 1

/**
 * Puts a program at an interface's tc ingress, in the place of one put there before, without a gap.
 * @param pin  where the link of `tcx` is pinned; a leftover of an interface that is gone is replaced
 */
export function attachIngress(
  kind: AttachmentKind,
  program: BpfProgram,
  interfaceIndex: number,
  pin: string,
): Result<void, SystemError> {
  const bpf = hfbpf()
  if (kind === 'clsact') {
    const outcome = bpf.tcAttach(program.fd, interfaceIndex, PRIORITY, HANDLE)
    return outcome < 0 ? fail(systemError('RTM_NEWTFILTER', outcome)) : ok(undefined)
  }
  // A link of an interface with the same index in another namespace can be updated, but does nothing here.
  const stillHere = () => isAttached(kind, program, interfaceIndex)
  return holdLink(program, pin, stillHere, () => bpf.tcxAttach(program.fd, interfaceIndex))
}

/** XDP_FLAGS_DRV_MODE of linux/if_link.h: in the driver, before there is an skb. */
const IN_DRIVER = 4

/**
 * Puts a program at an interface's driver, in the place of one put there before, without a gap. A driver that cannot is
 * an error (EOPNOTSUPP, or what it says of the MTU and offloads). Many lose packets when a program comes or goes, so one
 * that hangs there is replaced in its link.
 */
export function attachDriver(program: BpfProgram, interfaceIndex: number, pin: string): Result<void, SystemError> {
  return holdLink(
    program,
    pin,
    () => hfbpf().xdpQuery(interfaceIndex) === program.id(),
    () => hfbpf().xdpAttach(program.fd, interfaceIndex, IN_DRIVER),
  )
}

/** Updates the link pinned there, or makes one and pins it. */
function holdLink(
  program: BpfProgram,
  pin: string,
  stillHere: () => boolean,
  create: () => number,
): Result<void, SystemError> {
  const bpf = hfbpf()
  const held = bpf.get(pin)
  if (held >= 0) {
    const updated = bpf.linkUpdate(held, program.fd)
    if (updated === 0 && stillHere()) {
      bpf.close(held)
      return ok(undefined)
    }
    bpf.linkDetach(held)
    bpf.close(held)
    removePin(pin)
  }
  const link = create()
  if (link < 0) return fail(systemError('BPF_LINK_CREATE', link))
  const pinned = bpf.pin(link, pin)
  bpf.close(link)
  return pinned < 0 ? fail(systemError('BPF_OBJ_PIN', pinned, pin)) : ok(undefined)
}

export function isAttached(kind: AttachmentKind, program: BpfProgram, interfaceIndex: number): boolean {
  if (kind === 'clsact') return hfbpf().tcQuery(interfaceIndex, PRIORITY, HANDLE) === program.id()
  const ids = hfbpf().tcxQuery(interfaceIndex)
  return typeof ids !== 'number' && ids.includes(program.id())
}

/** Takes the program away again; nothing there is fine. */
export function detachIngress(kind: AttachmentKind, interfaceIndex: number, pin: string): void {
  if (kind === 'clsact') {
    hfbpf().tcDetach(interfaceIndex, PRIORITY, HANDLE)
    return
  }
  releaseLink(pin)
}

/** Detaches the link pinned there and removes the pin; nothing there is fine. */
export function releaseLink(pin: string): void {
  const link = hfbpf().get(pin)
  if (link < 0) return
  hfbpf().linkDetach(link)
  hfbpf().close(link)
  removePin(pin)
}

/** Whether the kernel has tcx: asking an older one what hangs there is EINVAL. */
export const hasTcx = (interfaceIndex: number): boolean => typeof hfbpf().tcxQuery(interfaceIndex) !== 'number'

/**
 * bpf(2): objects, maps, programs, pins, and programs at an interface's tc ingress. For src/forwarding/ebpf and sys/flood-guard. Owns
 * descriptors, which the classes here close; what a map holds and means is decided above. Needs libbpf (through the
 * addon hfbpf) and root. IPv4, IPv6, kernels: nothing here knows them.
 */

import type { Result } from '../../base/index.ts'
import { openHfbpf } from '../../native/index.ts'

export {
  type AttachmentKind,
  attachDriver,
  attachIngress,
  detachIngress,
  hasTcx,
  isAttached,
  releaseLink,
} from './attachment.ts'
export { BpfMap, openPinnedMap, type Slice } from './map.ts'
export { type BpfObject, type LoadError, loadObject, loadObjectLater, type ObjectPlan, objectPath } from './object.ts'
export { listPins, preparePinDirectory, removePin, removePinDirectory } from './pins.ts'
export { BpfProgram } from './program.ts'
export { openRing, type Ring } from './ring.ts'

/** Whether the addon and libbpf are there; the error is a sentence for the user. */
export const probeBpf = (): Result<unknown, string> => openHfbpf()

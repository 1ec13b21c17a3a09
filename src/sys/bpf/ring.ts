import { fail, ok, type Result } from '../../base/index.ts'
import { hfbpf } from '../../native/index.ts'
import { type SystemError, systemError } from '../descriptor/index.ts'
import type { BpfMap } from './map.ts'

/** A ring buffer that is being read. */
export type Ring = { close(): void }

/** @param onRecords  what has come in some milliseconds: each record's length in four bytes of the host's order, and the record */
export function openRing(map: BpfMap, onRecords: (batch: Uint8Array) => void): Result<Ring, SystemError> {
  const ring = hfbpf().ringOpen(map.fd, onRecords)
  if (typeof ring === 'number') return fail(systemError('ring_buffer__new', ring, map.info.name))
  let closed = false
  return ok({
    close() {
      if (!closed) hfbpf().ringClose(ring)
      closed = true
    },
  })
}

import { addressBytes, type IpAddress } from '../../base/index.ts'
import { DROP, type FilterInstruction, filterProgram, JUMP_IF_EQUAL, LOAD_WORD, PASS } from '../descriptor/index.ts'

/** BPF_MAXINSNS is 4096; each address takes two. */
const MOST_ADDRESSES = 2000

/**
 * Lets pass what has the last four bytes of one of these addresses at `offset`; more addresses than it has room for let all
 * pass. The receiver looks at the whole address.
 */
export function addressFilter(addresses: readonly IpAddress[], offset: number): Uint8Array {
  if (addresses.length > MOST_ADDRESSES) return filterProgram([PASS])
  return filterProgram([
    [LOAD_WORD, 0, 0, offset],
    ...addresses.flatMap((address): readonly FilterInstruction[] => {
      const bytes = addressBytes(address)
      const last = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4)
      return [[JUMP_IF_EQUAL, 0, 1, last], PASS]
    }),
    DROP,
  ])
}

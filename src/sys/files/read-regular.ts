import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'

const PAGE = 4096

/**
 * All of a regular file, which may be one of /proc. A FIFO or a device under that name is not opened. Throws what the system says of a file that cannot be opened or read.
 * @param most  bytes; what is larger is not read on
 */
export function readRegular(
  path: string,
  most: number,
): { readonly bytes: Uint8Array; readonly mode: number } | 'not-a-file' | 'too-large' {
  // To open a device may do something, be it a watchdog's.
  if (!statSync(path).isFile()) return 'not-a-file'
  // What comes to stand under that name meanwhile may be a FIFO, which would hold us until somebody writes to it.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { mode, size } = fstatSync(fd)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) return 'not-a-file'
    const bytes = size > most ? undefined : readAtMost(fd, size, most)
    return bytes === undefined ? 'too-large' : { bytes, mode }
  } finally {
    closeSync(fd)
  }
}

/**
 * All bytes to the end of the file as it is now, whatever its size was said to be: files of /proc say 0, and another may grow while
 * it is read. Undefined: they are more than `most`.
 */
function readAtMost(fd: number, size: number, most: number): Uint8Array | undefined {
  // Whole pages: some files of /proc are read by their records only.
  let bytes = new Uint8Array(PAGE * (1 + Math.ceil(size / PAGE)))
  let length = 0
  for (;;) {
    const read = readSync(fd, bytes, length, bytes.length - length, null)
    if (read === 0) return bytes.subarray(0, length)
    length += read
    if (length > most) return undefined
    if (length < bytes.length) continue
    const larger = new Uint8Array(2 * length)
    larger.set(bytes)
    bytes = larger
  }
}

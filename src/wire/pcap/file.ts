/**
 * The classic format of libpcap, version 2.4 (pcap-savefile(5)), with microseconds, Ethernet, in little-endian order.
 *
 *    24 bytes of header: 0 magic | 4 version | 16 longest frame | 20 link type
 *    then for each frame 16 bytes (seconds, microseconds, bytes kept, bytes there were) and the frame
 */
const MAGIC = 0xa1b2c3d4
const ETHERNET = 1
const HEADER = 24
const RECORD = 16

/** @param longest  bytes kept of a frame at most */
export function pcapHeader(longest: number): Uint8Array {
  const bytes = new Uint8Array(HEADER)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, longest, true)
  view.setUint32(20, ETHERNET, true)
  return bytes
}

/**
 * @param at      milliseconds since 1970, with fractions
 * @param length  bytes that the frame had on the wire, if some are missing
 */
export function pcapRecord(at: number, frame: Uint8Array, length: number = frame.length): Uint8Array {
  const bytes = new Uint8Array(RECORD + frame.length)
  const view = new DataView(bytes.buffer)
  const seconds = Math.floor(at / 1000)
  view.setUint32(0, seconds, true)
  view.setUint32(4, Math.floor((at - 1000 * seconds) * 1000), true)
  view.setUint32(8, frame.length, true)
  view.setUint32(12, length, true)
  bytes.set(frame, RECORD)
  return bytes
}

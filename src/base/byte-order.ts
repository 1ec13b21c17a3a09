/** True where numbers lie in memory least significant byte first; what the kernel's own structures are written in. */
export const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

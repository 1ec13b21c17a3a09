/** The most that fits into 31 and 32 bits. */
export const MOST_31 = 0x7fff_ffff
export const MOST_32 = 0xffff_ffff

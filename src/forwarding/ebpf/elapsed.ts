/** Seconds between two times of the maps, which are 32 bits wide; right across their end, as in the program. */
export const elapsedSeconds = (from: number, to: number): number => (to - from) | 0

/** Captured frames in the format that tcpdump and others read. Writing only. */

export * from './file.ts'

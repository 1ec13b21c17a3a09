/** TCP as far as knocking at a port by hand needs it: one segment without data in a frame of IPv4, and what answers it. */

export * from './knock.ts'

/**
 * Asking a link who has an address, and telling it, as iputils' arping does: when to send, to whom, and when to end with which
 * exit code. One machine for ARP and neighbour discovery; the frames are `wire/arp` and `wire/ndisc`. Pure: it sees answers
 * only as "from whom, to whom".
 */

export * from './state.ts'
export * from './step.ts'

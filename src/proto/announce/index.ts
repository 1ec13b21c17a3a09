/**
 * The repetition of gratuitous ARP and unsolicited neighbour advertisements (keepalived's garp_* options; RFC 9568 §6.4
 * wants one each): a burst on becoming master, a second one after garp_master_delay, a refresh, bursts after a weaker
 * master was heard, spaced by garp_interval and gna_interval. One machine is one interface, with all virtual routers
 * that hold addresses on it. Pure: it says which address to announce when; the frames are `wire/arp` and `wire/ndisc`.
 */

export type { AnnouncementAction } from './action.ts'
export type { AnnouncementEvent } from './event.ts'
export type { AnnouncementState, Pending, Schedule } from './state.ts'
export { type AnnouncementStep, announcementDeadline, silent, stepAnnouncements } from './step.ts'

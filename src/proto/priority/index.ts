/**
 * Trackers to the effective priority (keepalived.conf(5), track_interface, track_script, track_file, track_process, track_bfd): which of them count for
 * a virtual router and its sync group, and what they come to. Pure: observations go in, a priority or a fault comes out; who
 * observes is not its business.
 */

export { type Assessment, assess } from './assess.ts'
export { effectiveTracks } from './effective-tracks.ts'

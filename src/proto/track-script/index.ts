/**
 * When a vrrp_script is run, when its run is ended, and what its results come to (keepalived.conf(5), vrrp_script). Pure: the
 * end of a run and the time go in, orders and a verdict come out. Who performs them runs one script at a time for each.
 */

export type { TrackScriptAction } from './action.ts'
export type { TrackScriptEvent } from './event.ts'
export { initialTrackScript, type TrackScriptState, type Verdict } from './state.ts'
export { stepTrackScript, type TrackScriptStep } from './step.ts'

import type { Track, TrackedWeight, TrackFile, TrackProcess, TrackScript } from '../../model/index.ts'
import { commandText, type Text, timeText, word } from './words.ts'

/** The track_ lists of a virtual router or a sync group. */
export const tracksText = (tracks: readonly Track[]): readonly Text[] =>
  (['interface', 'script', 'file', 'process', 'bfd'] as const).flatMap((kind) => {
    const body = tracks.filter((one) => one.kind === kind).map(trackText)
    return body.length === 0 ? [] : [{ head: `track_${kind}`, body }]
  })

const trackText = ({ name, weight, reverse }: Track): string =>
  `${word(name)} weight ${weight} ${reverse ? 'reverse' : 'noreverse'}`

/** What an object has for those who track it without saying; nothing where it is usual. */
export const shownWeightText = (of: TrackedWeight | undefined): readonly string[] =>
  of === undefined ? [] : [`weight ${of.weight}${of.reverse ? ' reverse' : ''}`]

export const trackScriptText = (of: TrackScript): Text => ({
  head: `vrrp_script ${word(of.name)}`,
  body: [
    `script ${commandText(of.command)}`,
    `interval ${timeText(of.interval)}`,
    `timeout ${timeText(of.timeout)}`,
    `rise ${of.rise}`,
    `fall ${of.fall}`,
    ...(of.initFail ? ['init_fail'] : []),
    ...shownWeightText(of.weight),
  ],
})

export const trackProcessText = (of: TrackProcess): Text => ({
  head: `vrrp_track_process ${word(of.name)}`,
  body: [
    `process ${[of.command, ...of.arguments].map(word).join(' ')}`,
    ...(of.match === undefined ? [] : [of.match === 'exact' ? 'param_match' : `param_match ${of.match}`]),
    ...(of.fullCommand ? ['full_command'] : []),
    `quorum ${of.quorum}`,
    ...(of.most === undefined ? [] : [`quorum_max ${of.most}`]),
    ...(of.forkDelay === 0 ? [] : [`fork_delay ${timeText(of.forkDelay)}`]),
    ...(of.terminateDelay === 0 ? [] : [`terminate_delay ${timeText(of.terminateDelay)}`]),
    ...shownWeightText(of.weight),
  ],
})

export const trackFileText = ({ name, path, init, weight }: TrackFile): Text => ({
  head: `track_file ${word(name)}`,
  body: [
    `file ${word(path)}`,
    ...(init === undefined ? [] : [`init_file ${init.value}${init.overwrite ? ' overwrite' : ''}`]),
    ...shownWeightText(weight),
  ],
})

import type { Track, TrackFile, TrackScript } from '../../model/index.ts'
import { commandText, type Text, timeText, word } from './words.ts'

/** The track_ lists of a virtual router or a sync group. */
export const tracksText = (tracks: readonly Track[]): readonly Text[] =>
  (['interface', 'script', 'file'] as const).flatMap((kind) => {
    const body = tracks.filter((one) => one.kind === kind).map(trackText)
    return body.length === 0 ? [] : [{ head: `track_${kind}`, body }]
  })

const trackText = ({ name, weight, reverse }: Track): string =>
  `${word(name)} weight ${weight} ${reverse ? 'reverse' : 'noreverse'}`

export const trackScriptText = (of: TrackScript): Text => ({
  head: `vrrp_script ${word(of.name)}`,
  body: [
    `script ${commandText(of.command)}`,
    `interval ${timeText(of.interval)}`,
    `timeout ${timeText(of.timeout)}`,
    `rise ${of.rise}`,
    `fall ${of.fall}`,
    ...(of.initFail ? ['init_fail'] : []),
  ],
})

export const trackFileText = ({ name, path, init }: TrackFile): Text => ({
  head: `track_file ${word(name)}`,
  body: [
    `file ${word(path)}`,
    ...(init === undefined ? [] : [`init_file ${init.value}${init.overwrite ? ' overwrite' : ''}`]),
  ],
})

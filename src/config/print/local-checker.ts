import type { FileChecker, MiscChecker } from '../../model/index.ts'
import { timingLines } from './probe-lines.ts'
import { commandText, identityWords, type Text, timeText, word } from './words.ts'

export const miscText = ({ timing, command, timeout, dynamicFrom }: MiscChecker): Text => ({
  head: 'MISC_CHECK',
  body: [
    ...timingLines(timing),
    `misc_path ${commandText({ argv: command.argv })}`,
    `misc_timeout ${timeText(timeout)}`,
    ...(dynamicFrom === undefined ? [] : ['misc_dynamic']),
    ...(command.user === undefined ? [] : [`user ${identityWords(command).map(word).join(' ')}`]),
  ],
})

export const fileText = ({ file, weight, reverse }: FileChecker): Text => ({
  head: 'FILE_CHECK',
  body: [`track_file ${word(file)}`, `weight ${weight} ${reverse ? 'reverse' : 'noreverse'}`],
})

import type { FileChecker, MiscChecker } from '../../model/index.ts'
import { timingLines } from './probe-lines.ts'
import { type Block, commandText, identityWords, timeText, word } from './words.ts'

export const miscText = ({ timing, command, timeout, dynamicFrom }: MiscChecker): Block => ({
  head: 'MISC_CHECK',
  body: [
    ...timingLines(timing),
    `misc_path ${commandText({ argv: command.argv })}`,
    `misc_timeout ${timeText(timeout)}`,
    ...(dynamicFrom === undefined ? [] : ['misc_dynamic']),
    ...(command.user === undefined ? [] : [`user ${identityWords(command).map(word).join(' ')}`]),
  ],
})

export const fileText = ({ file, weight, reverse }: FileChecker): Block => ({
  head: 'FILE_CHECK',
  body: [`track_file ${word(file)}`, `weight ${weight} ${reverse ? 'reverse' : 'noreverse'}`],
})

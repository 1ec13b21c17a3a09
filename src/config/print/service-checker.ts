import type { RealServer, SmtpChecker } from '../../model/index.ts'
import { probeLines } from './probe-lines.ts'
import { type Text, word } from './words.ts'

export const smtpText = (checker: SmtpChecker, server: RealServer): Text => ({
  head: 'SMTP_CHECK',
  body: [...probeLines(checker, server), `helo_name ${word(checker.heloName)}`],
})

import type { SmtpChecker } from '../../model/index.ts'
import { hearSmtp, judgeSmtp, type Outcome, type SmtpTalk, smtpBegins } from '../../proto/probe/index.ts'
import { type CancelSignal, converse } from '../../sys/net/index.ts'

export async function probeSmtp(checker: SmtpChecker, signal: CancelSignal): Promise<Outcome> {
  let talk: SmtpTalk = smtpBegins
  const end = await converse(
    checker.target,
    (chunk) => {
      const heard = hearSmtp(checker, talk, chunk)
      talk = heard.talk
      if (talk.name === 'over') return 'enough'
      return heard.say === undefined ? 'more' : { say: heard.say }
    },
    signal,
  )
  return judgeSmtp(end, talk)
}

import type { RealServer, SyncGroupNotifyState, VirtualServer, VrrpNotifyState } from '../../model/index.ts'
import { checkerSentence, sentenceOf } from './checker-sentence.ts'
import { nameOfServer, nameOfService } from './names.ts'
import type { Audience, RealServerChange } from './notifications.ts'

/** One line between arrows, as readers of keepalived's mail expect it. */
export type MailText = { readonly subject: string; readonly body: string }

type RouterMailState = Exclude<VrrpNotifyState, 'MASTER_RX_LOWER_PRI' | 'MASTER_PRIORITY' | 'BACKUP_PRIORITY'>

const ENTERING: Readonly<Record<RouterMailState, string>> = {
  MASTER: 'Entering MASTER state',
  BACKUP: 'Entering BACKUP state',
  FAULT: 'Entering FAULT state',
  STOP: 'Stopping',
  DELETED: 'Deleted',
}

const ROUTER_BODY: Readonly<Record<RouterMailState, string>> = {
  MASTER: 'VRRP Instance is now owning VRRP VIPs',
  BACKUP: 'VRRP Instance is no longer owning VRRP VIPs',
  FAULT: 'VRRP Instance is no longer owning VRRP VIPs',
  STOP: 'VRRP Instance stopping',
  DELETED: 'VRRP Deleted at reload',
}

export const routerMail = (name: string, state: RouterMailState, audience: Audience): MailText =>
  text(audience, `VRRP Instance ${name} - ${ENTERING[state]}`, ROUTER_BODY[state])

export const groupMail = (name: string, state: SyncGroupNotifyState, audience: Audience): MailText =>
  text(
    audience,
    `VRRP Group ${name} - ${ENTERING[state]}`,
    `All VRRP group instances are now ${state === 'STOP' ? 'stopping' : `in ${state} state`}`,
  )

/** The sentence is about the checker that changed its mind, the subject about the server: down as long as another one holds it there. */
export function checkerMail(
  server: VirtualServer,
  real: RealServer,
  { up, reason, verdict }: RealServerChange,
  audience: Audience,
): MailText {
  const subject = `Realserver ${nameOfServer(real, server)} of virtual server ${nameOfService(server)}`
  const saysAll = reason === STOPPING || reason === REMOVING
  const sentence = saysAll ? reason : verdict === undefined ? checkerSentence(real, up, reason) : sentenceOf(verdict)
  const { subject: line, body } = text(audience, `${subject} - ${up ? 'UP' : 'DOWN'}`, sentence)
  // keepalived has the first line only.
  const why = verdict === undefined ? (up ? undefined : reason) : verdict.reason
  return { subject: line, body: saysAll || why === undefined ? body : `${body}${why}\n\n` }
}

/** Reasons that say all by themselves (keepalived). */
export const STOPPING = 'Shutting down'
const REMOVING = 'Removing'

/**
 * @param weight sum of the living servers'
 * @param isFirst nothing was said of it before
 */
export function quorumMail(
  server: VirtualServer,
  up: boolean,
  weight: number,
  isFirst: boolean,
  audience: Audience,
): MailText {
  const { quorum, hysteresis } = server
  const body = up
    ? `${isFirst ? 'Starting with quorum up' : 'Gained quorum'} ${quorum}+${hysteresis}=${quorum + hysteresis} <= ${weight}`
    : `${isFirst ? 'Starting with quorum down' : 'Lost quorum'} ${quorum}-${hysteresis}=${quorum - hysteresis} > ${weight}`
  return text(audience, `Virtualserver ${nameOfService(server)} - ${up ? 'UP' : 'DOWN'}`, body)
}

const text = ({ routerId }: Audience, subject: string, body: string): MailText => ({
  subject: `[${routerId}] ${subject}`,
  body: `=> ${body} <=\n\n`,
})

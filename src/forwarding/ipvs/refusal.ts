/** What the kernel's refusals mean, in words with a remedy (ip_vs_ctl.c, ip_vs_sync.c). */

import { fail } from '../../base/index.ts'
import type { OpError } from '../index.ts'

type Meaning = { readonly reason: OpError['reason']; readonly sentence: string }
type Meanings = Readonly<Record<string, Meaning>>

/** What every order may meet. */
const common: Meanings = {
  EPERM: { reason: 'system', sentence: 'not permitted; run as root, or with CAP_NET_ADMIN' },
  ENOMEM: { reason: 'no-space', sentence: 'the kernel has no memory left for it' },
  EOPNOTSUPP: { reason: 'not-supported', sentence: "the kernel's IPVS was built without IPv6" },
  EAFNOSUPPORT: { reason: 'not-supported', sentence: "the kernel's IPVS does not have this address family" },
  EPROTONOSUPPORT: { reason: 'not-supported', sentence: "the kernel's IPVS was built without this protocol" },
  EPFNOSUPPORT: { reason: 'not-supported', sentence: "the kernel's IPVS was built without this protocol" },
}

export const serviceRefusals = (scheduler: string, engine: string | undefined): Meanings => ({
  ENOENT: {
    reason: 'not-supported',
    sentence:
      engine === undefined
        ? `the kernel has no scheduler ${scheduler}; modprobe ip_vs_${scheduler} tells why`
        : `the kernel lacks scheduler ${scheduler} or persistence engine ${engine}; modprobe ip_vs_${scheduler} or ip_vs_pe_${engine} tells which`,
  },
  ESRCH: { reason: 'not-found', sentence: 'no such service; somebody removed it meanwhile' },
  EINVAL: {
    reason: 'invalid',
    sentence: 'the kernel does not take these values: the scheduler, its flags or the persistence mask do not fit',
  },
})

export const destinationRefusals: Meanings = {
  ESRCH: { reason: 'not-found', sentence: 'no such service; put it first' },
  ENOENT: { reason: 'not-found', sentence: 'no such destination; somebody removed it meanwhile' },
  ERANGE: { reason: 'invalid', sentence: 'the lower threshold is above the upper one, or the weight is negative' },
  EINVAL: {
    reason: 'invalid',
    sentence:
      'the kernel does not take it: the address has no unicast route, its family needs a tunnel, or a threshold or tunnel port is out of range',
  },
}

export const daemonRefusals = (device: string): Meanings => ({
  ENODEV: { reason: 'invalid', sentence: `no interface ${device}; name one that is there and up` },
  EEXIST: { reason: 'system', sentence: 'one of this role runs already' },
  EINVAL: {
    reason: 'invalid',
    sentence: 'the kernel does not take these values; services whose destinations are of the other family exclude it',
  },
})

/**
 * @param subject  what was ordered, which opens the sentence
 * @param message  what the kernel said, for codes without a meaning here
 */
export function refusal(
  subject: string,
  error: { readonly code: string; readonly message: string },
  meanings: Meanings,
) {
  const meaning = meanings[error.code] ?? common[error.code]
  return meaning === undefined
    ? fail<OpError>({ reason: 'system', code: error.code, message: error.message })
    : fail<OpError>({ reason: meaning.reason, code: error.code, message: `${subject}: ${meaning.sentence}` })
}

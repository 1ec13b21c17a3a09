import type { Checker, RealServer } from '../../model/index.ts'
import type { CheckerVerdict } from './notifications.ts'

type Sentences = { readonly keyword: string; readonly up: string; readonly down: string }

const SUCCEEDED = 'CHECK succeed on service'

/** What mail says of each checker, in keepalived's words. */
const sentences: Readonly<Record<Checker['kind'], Sentences>> = {
  tcp: { keyword: 'TCP_CHECK', up: 'TCP CHECK succeed on service', down: 'TCP CHECK failed on service' },
  http: { keyword: 'HTTP_GET', up: SUCCEEDED, down: 'CHECK failed on service : HTTP request failed' },
  smtp: { keyword: 'SMTP_CHECK', up: SUCCEEDED, down: 'CHECK failed on service : SMTP dialogue failed' },
  dns: { keyword: 'DNS_CHECK', up: 'DNS_CHECK: succeed on service', down: 'DNS_CHECK: failed on service' },
  udp: { keyword: 'UDP_CHECK', up: 'UDP CHECK succeed on service', down: 'UDP CHECK failed on service' },
  ping: { keyword: 'PING_CHECK', up: 'ICMP CHECK succeed on service', down: 'ICMP CHECK failed on service' },
  misc: { keyword: 'MISC_CHECK', up: 'MISC CHECK succeeded on service', down: 'MISC CHECK failed on service' },
  grpc: { keyword: 'GRPC_CHECK', up: SUCCEEDED, down: 'CHECK failed on service : gRPC health request failed' },
  file: { keyword: 'FILE_CHECK', up: SUCCEEDED, down: 'CHECK failed on service : tracked file' },
  bfd: { keyword: 'BFD_CHECK', up: SUCCEEDED, down: 'CHECK failed on service : BFD session lost' },
}

/** Where no verdict is known that it came from: of the checker that `reason` names, else of the first. */
export function checkerSentence({ checkers }: RealServer, up: boolean, reason: string | undefined): string {
  const keyword = reason?.split(' ')[0]?.replace(/^(?:SSL|HTTP2)_GET$/, 'HTTP_GET')
  const named = Object.values(sentences).find((one) => one.keyword === keyword)
  const { up: succeeded, down: failed } = named ?? sentences[checkers[0]?.kind ?? 'http']
  return up ? succeeded : failed
}

export const sentenceOf = ({ kind, up }: CheckerVerdict): string => sentences[kind][up ? 'up' : 'down']

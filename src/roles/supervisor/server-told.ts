/** What has come of an order about a real server; `text` is a sentence. */
export type ServerTold = {
  /** As it was named. */
  readonly realServer: string
  /** The virtual server that was named, by its key. */
  readonly virtualServer?: string
  readonly outcome: ServerOutcome
  readonly text: string
}

const SENTENCES = {
  draining: 'takes no new connections',
  drained: 'is drained',
  'not-drained': 'was not drained by its deadline and is disabled',
  'order-ended': 'is not drained any more',
  disabled: 'is out of service',
  'weight-set': 'has weight',
  'weight-configured': 'has its configured weight',
  'in-service': 'is back in service',
  'not-drained-or-disabled': 'was not drained or disabled',
  'no-weight-set': 'was not given a weight',
  'still-ordered': 'is still bound by',
  leaving: 'is leaving, because it is not in the configuration any more; `holdfast disable` takes it out at once',
} as const

export type ServerOutcome = keyof typeof SENTENCES

/** @param more  what the sentence ends in: the weight, the order that still binds, or a narrower one */
export function told(
  { realServer, service }: { readonly realServer: string; readonly service?: string },
  outcome: ServerOutcome,
  more?: string,
): ServerTold {
  const name = service === undefined ? realServer : `${realServer} of ${service}`
  return {
    realServer,
    ...(service === undefined ? {} : { virtualServer: service }),
    outcome,
    text: [name, SENTENCES[outcome], ...(more === undefined ? [] : [more])].join(' '),
  }
}

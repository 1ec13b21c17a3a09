import { after, type Instant, seconds } from '../../base/index.ts'

/** Letters and connections: a relay that is slow with each is not slow with all, and Postfix lets one client have fifty. */
const MOST_AT_ONCE = 10
/** A server that is away is asked again with one letter: first after the one, then after the other. */
const AWAY = { first: seconds(5), next: seconds(30) } as const

/** How much mail one server gets at once: of one that is away less, and for a while none. */
export type RelayPace = {
  /** Whether another letter may be sent now. */
  hasRoom(now: Instant): boolean
  /** Until then it is left alone; undefined: it is not. */
  restsUntil(now: Instant): Instant | undefined
  /** A letter is sent, with a connection of its own. */
  begin(): void
  /** It is known what became of a letter. */
  settled(): void
  /** A connection is open no more, after its letter was settled or before. */
  closed(): void
  /** It has said something about a letter. @returns whether it was away */
  answered(): boolean
  /** It was not there for a letter. @returns whether that is news */
  wasAway(now: Instant): boolean
  /** What was found before counts no more. */
  forget(): void
}

export function createRelayPace(): RelayPace {
  /** Letters of which it is not known what became of them, and connections: a relay may take its time to close. */
  let unsettled = 0
  let connections = 0
  /** Attempts in a row that did not get as far as an answer about the letter. */
  let failures = 0
  let restUntil: Instant | undefined

  const restsUntil = (now: Instant) => (restUntil !== undefined && now < restUntil ? restUntil : undefined)
  function forget(): void {
    failures = 0
    restUntil = undefined
  }

  return {
    hasRoom: (now) =>
      restsUntil(now) === undefined && connections < MOST_AT_ONCE && unsettled < (failures === 0 ? MOST_AT_ONCE : 1),
    restsUntil,
    begin() {
      unsettled++
      connections++
    },
    settled() {
      unsettled--
    },
    closed() {
      connections--
    },
    answered() {
      const was = failures > 0
      forget()
      return was
    },
    wasAway(now) {
      const isNews = failures === 0
      // Others that were under way may fail as the first did.
      if (restsUntil(now) === undefined) {
        restUntil = after(now, isNews ? AWAY.first : AWAY.next)
        failures++
      }
      return isNews
    },
    forget,
  }
}

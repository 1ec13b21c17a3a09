import { after, type Instant, type Micros, micros, millis } from '../../base/index.ts'
import type { ServiceState } from '../../forwarding/index.ts'
import type { FromChecker } from '../ipc/index.ts'
import { NOWHERE } from './deadline-queue.ts'

/**
 * Two batches are at least this far apart, and further for every destination in the first. The first change goes out at
 * once; when a rack of servers goes down, the thousands of changes of one service travel as a few whole services instead
 * of thousands.
 */
const SPACING: Micros = millis(5)
const SPACING_PER_DESTINATION: Micros = micros(20)

type Announcement = Extract<FromChecker, { readonly type: 'real-server-health' | 'real-server-removed' | 'quorum' }>

/** A virtual server by its key, and its services. */
export type CompleteEntry = {
  readonly key: string
  readonly changed: boolean
  readonly serviceKeys: () => readonly string[]
  readonly wanted: () => readonly ServiceState[]
}

/** Changes on their way to the supervisor: first the services that are wanted, then what is to be announced, in order. */
export class Outbox {
  /** In the queue of those who wait for a time. */
  place = NOWHERE
  readonly #send: (message: FromChecker) => void
  readonly #services = new Map<string, () => readonly ServiceState[]>()
  #announcements: Announcement[] = []
  #notBefore: Instant | undefined

  constructor(send: (message: FromChecker) => void) {
    this.#send = send
  }

  /** `wanted` is asked when the batch goes out, so it may be put in again before that. */
  putService(key: string, wanted: () => readonly ServiceState[]): void {
    this.#services.set(key, wanted)
  }

  putAnnouncement(announcement: Announcement): void {
    this.#announcements.push(announcement)
  }

  /**
   * Sends what is waiting if the last batch is long enough ago; else tells when.
   * @param complete  called before a batch goes out, to put in what is still missing
   */
  flush(now: Instant, complete: () => void): Instant | undefined {
    if (this.#services.size === 0 && this.#announcements.length === 0) return undefined
    if (this.#notBefore !== undefined && now < this.#notBefore) return this.#notBefore
    complete()
    let destinations = 0
    if (this.#services.size > 0) {
      const services = [...this.#services.values()].flatMap((wanted) => wanted())
      this.#services.clear()
      for (const service of services) destinations += service.destinations.length
      this.#send({ type: 'services-wanted', complete: false, services })
    }
    this.#notBefore = after(now, micros(SPACING + destinations * SPACING_PER_DESTINATION))
    this.#announce()
    return undefined
  }

  /**
   * Sends at once what there is to tell of all virtual servers, and what is to be announced after it: of one that has not
   * changed and does not wait, that it stays.
   */
  sendComplete(all: Iterable<CompleteEntry>): void {
    const services: ServiceState[] = []
    const kept: string[] = []
    for (const { key, changed, serviceKeys, wanted } of all) {
      if (changed || this.#services.has(key)) services.push(...wanted())
      else kept.push(...serviceKeys())
    }
    this.#services.clear()
    this.#send({ type: 'services-wanted', complete: true, services, ...(kept.length === 0 ? {} : { kept }) })
    this.#announce()
  }

  #announce(): void {
    const announcements = this.#announcements
    this.#announcements = []
    for (const announcement of announcements) this.#send(announcement)
  }
}

import { after, type Instant, micros } from '../../base/index.ts'
import type { VrrpSettings } from '../../model/index.ts'
import type { Link } from '../../sys/netlink/index.ts'

/** interface_up_down_delays: what the kernel tells of an interface counts once it has lasted. */
export type LinkDamper = {
  adopt(delays: VrrpSettings['interfaceDelays']): void
  /**
   * The interface as it is to be taken now.
   * @param before as it was taken
   */
  damp(link: Link, before: Link | undefined, now: Instant): Link
  /** Those whose change has lasted long enough, as they are. */
  due(now: Instant): readonly Link[]
  deadline(): Instant | undefined
  /** Everything was read afresh. */
  clear(): void
}

export function openLinkDamper(): LinkDamper {
  let delays: ReadonlyMap<string, { readonly down: number; readonly up: number }> = new Map()
  const waiting = new Map<number, { readonly link: Link; readonly until: Instant }>()
  return {
    adopt(wanted = []) {
      delays = new Map(wanted.map(({ interface: name, down, up }) => [name, { down, up }]))
    },
    damp(link, before, now) {
      const delay = delays.get(link.name)
      const changes = before !== undefined && (link.up !== before.up || link.running !== before.running)
      const wait = delay === undefined ? 0 : link.up && link.running ? delay.up : delay.down
      if (before === undefined || !changes || wait === 0) {
        waiting.delete(link.index)
        return link
      }
      const until = waiting.get(link.index)?.until ?? after(now, micros(wait))
      waiting.set(link.index, { link, until })
      return { ...link, up: before.up, running: before.running }
    },
    due(now) {
      const links: Link[] = []
      for (const [index, { link, until }] of waiting)
        if (until <= now) {
          waiting.delete(index)
          links.push(link)
        }
      return links
    },
    deadline() {
      let earliest: Instant | undefined
      for (const { until } of waiting.values()) if (earliest === undefined || until < earliest) earliest = until
      return earliest
    },
    clear: () => waiting.clear(),
  }
}

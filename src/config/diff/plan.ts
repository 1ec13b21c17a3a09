import type { Configuration, VirtualAddress, VirtualRouter } from '../../model/index.ts'
import { equal } from '../equal.ts'
import { diff } from './diff.ts'
import { type ChangedKeyword, changedKeywords } from './lines.ts'

/** One object that is not as it was. */
export type PlannedChange = {
  /** `vrrp_instance`, `virtual_server` … as in the configuration; `global_defs` with all that has no name. */
  readonly kind: string
  readonly name: string
  readonly change: 'added' | 'removed' | 'changed'
  /** What a reload does about it, in words. */
  readonly effect: string
  readonly keywords: readonly ChangedKeyword[]
}

export type Plan = readonly PlannedChange[]

/** What a virtual router is at the moment; undefined: not known. */
export type StateOf = (key: string) => string | undefined

/** What a reload from one configuration to the other would do, object by object. */
export function plan(before: Configuration, after: Configuration, stateOf: StateOf = () => undefined): Plan {
  const { virtualRouters, syncGroups, trackScripts, trackFiles, trackProcesses, bfdSessions, virtualServers } = diff(
    before,
    after,
  )
  // What stands around an object is no change of it.
  const around = bare(after)
  const holders = new Map(after.virtualRouters.flatMap((one) => addressesOf(one).map((text) => [text, one.name])))
  return [
    ...rest(before, after),
    ...virtualRouters.removed.map(({ key, before: one }) =>
      object('vrrp_instance', one.name, 'removed', ends(one, stateOf(key), holders)),
    ),
    ...virtualRouters.added.map(({ after: one }) => object('vrrp_instance', one.name, 'added', 'begins as backup')),
    ...virtualRouters.changed.flatMap(({ key, before: was, after: is, verdict }) =>
      verdict === 'keep'
        ? []
        : [
            object(
              'vrrp_instance',
              is.name,
              'changed',
              (verdict === 'restart' ? beginsAnew : goesOn)(was, is, stateOf(key)),
              [
                ...(was.name === is.name ? [] : [{ keyword: 'name', before: was.name, after: is.name }]),
                ...changedKeywords({ ...around, virtualRouters: [was] }, { ...around, virtualRouters: [is] }),
              ],
            ),
          ],
    ),
    ...named('vrrp_sync_group', syncGroups, {
      added: 'its members move together',
      removed: 'its members move by themselves',
      changed: 'its members stay what they are where that fits together',
      of: (one) => ({ syncGroups: [one] }),
    }),
    ...named('vrrp_script', trackScripts, {
      added: 'runs from now on',
      removed: 'runs no more',
      changed: 'goes on with what it has said last, unless its command is another',
      of: (one) => ({ trackScripts: [one] }),
    }),
    ...named('track_file', trackFiles, {
      added: 'is watched from now on',
      removed: 'is watched no more',
      changed: 'is read again',
      of: (one) => ({ trackFiles: [one] }),
    }),
    ...named('vrrp_track_process', trackProcesses, {
      added: 'is counted from now on',
      removed: 'is counted no more',
      changed: 'is counted again',
      of: (one) => ({ trackProcesses: [one] }),
    }),
    ...named('bfd_instance', bfdSessions, {
      added: 'begins as down',
      removed: 'tells its neighbour that it is administratively down',
      changed: 'stays what it is; other intervals hold once the neighbour knows them',
      of: (one) => ({ bfdSessions: [one] }),
    }),
    ...named('virtual_server', virtualServers, {
      added: 'is served from now on, each real server once it has passed its checks',
      removed: 'is served no more; its connections end',
      changed: 'its connections and what is known of its real servers stay',
      of: (one) => ({ virtualServers: [one] }),
    }),
  ]

  function named<T>(kind: string, of: Changes<T>, words: Words<T>): Plan {
    return [
      ...of.removed.map(({ key }) => object(kind, key, 'removed', words.removed)),
      ...of.added.map(({ key }) => object(kind, key, 'added', words.added)),
      ...of.changed.flatMap(({ key, before: was, after: is, verdict }) =>
        verdict === 'keep'
          ? []
          : [
              object(
                kind,
                key,
                'changed',
                words.changed,
                changedKeywords({ ...around, ...words.of(was) }, { ...around, ...words.of(is) }),
              ),
            ],
      ),
    ]
  }
}

type Changes<T> = {
  readonly added: readonly { readonly key: string }[]
  readonly removed: readonly { readonly key: string }[]
  readonly changed: readonly { readonly key: string; readonly before: T; readonly after: T; readonly verdict: string }[]
}
type Words<T> = {
  readonly added: string
  readonly removed: string
  readonly changed: string
  readonly of: (one: T) => Partial<Configuration>
}

const object = (
  kind: string,
  name: string,
  change: PlannedChange['change'],
  effect: string,
  keywords: readonly ChangedKeyword[] = [],
): PlannedChange => ({ kind, name, change, effect, keywords })

/** Without the objects that have lines of their own in a plan. */
const bare = (of: Configuration): Configuration => ({
  ...of,
  virtualRouters: [],
  syncGroups: [],
  trackScripts: [],
  trackFiles: [],
  trackProcesses: [],
  bfdSessions: [],
  virtualServers: [],
})

/** global_defs and whatever else stands outside those objects. */
function rest(before: Configuration, after: Configuration): Plan {
  const keywords = changedKeywords(bare(before), bare(after), 'whole')
  return keywords.length === 0 && equal(before.global, after.global)
    ? []
    : [object('global_defs', '', 'changed', 'holds from now on', keywords)]
}

const addressesOf = ({ addresses, excludedAddresses }: VirtualRouter): readonly string[] =>
  [...addresses, ...excludedAddresses].map(addressText)

const addressText = ({ address, prefixLength, interface: on }: VirtualAddress): string =>
  `${address}/${prefixLength} on ${on}`

function ends(router: VirtualRouter, state: string | undefined, holders: ReadonlyMap<string, string>): string {
  if (state !== undefined && state !== 'master') return `ends; it is ${state} and holds nothing`
  const addresses = addressesOf(router).map((text) => {
    const holder = holders.get(text)
    return holder === undefined ? text : `${text} (then of ${holder})`
  })
  const lets = addresses.length === 0 ? 'resigns' : `resigns and gives up ${addresses.join(', ')}`
  return state === 'master' ? `is master now: ${lets}` : `ends; if it is master, it ${lets}`
}

const beginsAnew = (before: VirtualRouter, _after: VirtualRouter, state: string | undefined): string =>
  `${ends(before, state, new Map())}; then it begins anew as backup`

/** How its advertisements look is for all routers of it to agree on. */
const agreed = ['version', 'authentication', 'hmac'] as const

function goesOn(before: VirtualRouter, after: VirtualRouter, state: string | undefined): string {
  const was = new Set(addressesOf(before))
  const is = new Set(addressesOf(after))
  const taken = [...is].filter((text) => !was.has(text))
  const given = [...was].filter((text) => !is.has(text))
  const holds = state === undefined || state === 'master'
  return [
    `stays ${state ?? 'what it is'}`,
    ...(holds && taken.length > 0 ? [`takes ${taken.join(', ')}`] : []),
    ...(holds && given.length > 0 ? [`gives up ${given.join(', ')}`] : []),
    ...(agreed.some((field) => !equal(before[field], after[field]))
      ? ['its other routers have to change as well']
      : []),
  ].join('; ')
}

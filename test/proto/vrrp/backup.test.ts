import { describe, expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import {
  type Backup,
  initialize,
  step,
  type VrrpAction,
  type VrrpEvent,
  type VrrpState,
} from '../../../src/proto/vrrp/index.ts'
import { advert, at, backup, becomingMaster, higher, lower, owner, router, v2 } from './setting.ts'

const heard = (downAt: number, more: Partial<Backup> = {}): Backup => ({ ...backup, downAt: at(downAt), ...more })
const from = (source: typeof higher, priority: number) => ({ heard: { source, priority } })
const nopreempt: VirtualRouter = { ...router, preempt: false }
const delayed: VirtualRouter = { ...router, preemptDelay: seconds(30) }

type Row = readonly [
  rule: string,
  router: VirtualRouter,
  before: VrrpState,
  event: VrrpEvent,
  next: VrrpState,
  actions: readonly VrrpAction[],
]
// The event comes at 10 s; own priority 100, so the skew is 156/256 of the master's interval.
const rows: readonly Row[] = [
  ['RFC 9568 §6.4.2: the timer has not run out', router, backup, { type: 'deadline-reached' }, backup, []],
  [
    'V-057 RFC 9568 §6.4.2: when the timer runs out it advertises, takes the addresses, announces them',
    router,
    heard(10),
    { type: 'deadline-reached' },
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(100, 'master-silent'),
  ],
  [
    'V-051 RFC 9568 §6.4.3: a new master sends at its own interval, not the learned one',
    router,
    heard(10, { masterInterval: seconds(4) }),
    { type: 'deadline-reached' },
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(100, 'master-silent'),
  ],
  [
    'V-058 RFC 9568 §6.4.2: a resignation waits the skew only',
    router,
    backup,
    advert({ priority: 0 }),
    heard(10.609375, from(higher, 0)),
    [],
  ],
  [
    'only the master it follows can resign (RFC 9568 §6.4.2 believes anybody)',
    router,
    backup,
    advert({ priority: 0, source: lower }),
    backup,
    [],
  ],
  [
    'before a master is heard nobody can',
    router,
    { name: 'backup', masterInterval: seconds(1), downAt: at(12) },
    advert({ priority: 0 }),
    { name: 'backup', masterInterval: seconds(1), downAt: at(12) },
    [],
  ],
  [
    'a resignation counts once: more of them cannot put the takeover off',
    router,
    heard(10.2, from(higher, 0)),
    advert({ priority: 0 }),
    heard(10.2, from(higher, 0)),
    [],
  ],
  [
    "RFC 9568 §6.4.2: the skew of a resignation is of the master's interval",
    router,
    heard(12, { masterInterval: seconds(4) }),
    advert({ priority: 0 }),
    heard(12.4375, { masterInterval: seconds(4), ...from(higher, 0) }),
    [],
  ],
  [
    'RFC 3768 §6.1: in v2 it is of a second',
    { ...v2, advertisementInterval: seconds(4) },
    heard(12, { masterInterval: seconds(4) }),
    advert({ priority: 0 }),
    heard(10.609375, { masterInterval: seconds(4), ...from(higher, 0) }),
    [],
  ],
  [
    'after a resignation the cause is told apart',
    router,
    heard(10, from(higher, 0)),
    { type: 'deadline-reached' },
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(100, 'master-resigned'),
  ],
  [
    'RFC 9568 §6.4.2: a stronger master starts the timer anew',
    router,
    backup,
    advert({ priority: 101 }),
    heard(13.609375, from(higher, 101)),
    [],
  ],
  [
    'V-059 RFC 9568 §6.4.2: an equal one too, whatever its address',
    router,
    backup,
    advert({ priority: 100, source: lower }),
    heard(13.609375, from(lower, 100)),
    [],
  ],
  [
    "V-050 RFC 9568 §6.4.2: the master's own interval is adopted",
    router,
    backup,
    advert({ interval: seconds(4) }),
    heard(24.4375, { masterInterval: seconds(4) }),
    [],
  ],
  ['RFC 3768: v2 has one interval for all', v2, backup, advert({ interval: seconds(1) }), heard(13.609375), []],
  [
    'V-060 RFC 9568 §6.4.2: a weaker master is ignored and the timer runs on',
    router,
    backup,
    advert({ priority: 99 }),
    backup,
    [],
  ],
  [
    'V-061 RFC 9568 §6.4.2: without preemption a weaker one is followed',
    nopreempt,
    backup,
    advert({ priority: 99 }),
    heard(13.609375, from(higher, 99)),
    [],
  ],
  [
    'V-076 RFC 9568 §6.1: an owner preempts even so',
    { ...owner, preempt: false },
    backup,
    advert({ priority: 99 }),
    backup,
    [],
  ],
  [
    'keepalived: preempt_delay starts with the first weaker advertisement, which is followed',
    delayed,
    backup,
    advert({ priority: 99 }),
    heard(13.609375, { preemptAt: at(40), ...from(higher, 99) }),
    [],
  ],
  [
    'keepalived: while it runs weaker advertisements are followed',
    delayed,
    heard(12, { preemptAt: at(10.5) }),
    advert({ priority: 99 }),
    heard(13.609375, { preemptAt: at(10.5), ...from(higher, 99) }),
    [],
  ],
  [
    'keepalived: once it is over they are ignored, so the takeover comes the rest of a down interval later',
    delayed,
    heard(12, { preemptAt: at(10) }),
    advert({ priority: 99 }),
    heard(12, { preemptAt: at(10) }),
    [],
  ],
  [
    'keepalived: a stronger master ends it',
    delayed,
    heard(12, { preemptAt: at(40) }),
    advert({ priority: 100 }),
    heard(13.609375, from(higher, 100)),
    [],
  ],
  [
    'keepalived: preempt_delay does not delay replacing a silent master',
    delayed,
    heard(10, { preemptAt: at(40) }),
    { type: 'deadline-reached' },
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(100, 'master-silent'),
  ],
  [
    'V-062 RFC 9568 §6.4.2: it stops in silence',
    router,
    backup,
    { type: 'stopped', keepAddresses: false },
    initialize,
    [{ type: 'notify', entered: 'STOP', cause: 'stopped' }],
  ],
  [
    'it is deleted in silence',
    router,
    backup,
    { type: 'deleted' },
    initialize,
    [{ type: 'notify', entered: 'DELETED', cause: 'deleted' }],
  ],
  [
    'keepalived: a fault is entered in silence',
    router,
    backup,
    { type: 'fault-found', reason: 'eth0: no carrier' },
    { name: 'fault', reason: 'eth0: no carrier' },
    [{ type: 'notify', entered: 'FAULT', cause: 'fault' }],
  ],
  [
    'V-054 keepalived: a changed priority shifts the running timer by the change of the down interval',
    { ...router, priority: 228 },
    backup,
    { type: 'reconfigured', before: router },
    heard(11.5),
    [],
  ],
  [
    'a changed interval of our own does not touch one learned from a master',
    { ...router, advertisementInterval: seconds(2) },
    backup,
    { type: 'reconfigured', before: router },
    backup,
    [],
  ],
  [
    'but counts where no master was heard yet',
    { ...router, advertisementInterval: seconds(2) },
    { name: 'backup', masterInterval: seconds(1), downAt: at(12) },
    { type: 'reconfigured', before: router },
    { name: 'backup', masterInterval: seconds(2), downAt: at(15.609375) },
    [],
  ],
  [
    'and in v2, where all have the same',
    { ...v2, advertisementInterval: seconds(2) },
    backup,
    { type: 'reconfigured', before: v2 },
    heard(15, { masterInterval: seconds(2) }),
    [],
  ],
]

describe('a backup', () => {
  for (const [rule, of, before, event, state, actions] of rows)
    test(rule, () => {
      expect(step(of, before, event, at(10))).toEqual({ state, actions })
    })
})

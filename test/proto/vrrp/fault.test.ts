import { describe, expect, test } from 'vitest'
import type { VirtualRouter } from '../../../src/model/index.ts'
import {
  type Fault,
  initialize,
  step,
  type VrrpAction,
  type VrrpEvent,
  type VrrpState,
} from '../../../src/proto/vrrp/index.ts'
import { advert, at, owner, router, stopped } from './setting.ts'

const fault: Fault = { name: 'fault', reason: 'eth0: interface is down' }
const waitsUntil = (downAt: number): VrrpState => ({
  name: 'backup',
  masterInterval: router.advertisementInterval,
  downAt: at(downAt),
})
const recovered: VrrpAction[] = [{ type: 'notify', entered: 'BACKUP', cause: 'fault-cleared' }]

type Row = readonly [
  rule: string,
  router: VirtualRouter,
  event: VrrpEvent,
  next: VrrpState,
  actions: readonly VrrpAction[],
]
const rows: readonly Row[] = [
  ['V-078 nothing is heard', router, advert({ priority: 0 }), fault, []],
  ['no timer runs', router, { type: 'deadline-reached' }, fault, []],
  [
    'V-052 V-079 it recovers as backup, with a full down timer and its own interval',
    router,
    { type: 'fault-cleared' },
    waitsUntil(13.609375),
    recovered,
  ],
  [
    'an owner recovers after one interval and its skew',
    owner,
    { type: 'fault-cleared' },
    waitsUntil(11.003906),
    recovered,
  ],
  [
    'another reason takes the place of the first without a word',
    router,
    { type: 'fault-found', reason: 'eth0: no carrier' },
    { name: 'fault', reason: 'eth0: no carrier' },
    [],
  ],
  ['it stops in silence', router, stopped, initialize, [{ type: 'notify', entered: 'STOP', cause: 'stopped' }]],
  [
    'it is deleted in silence',
    router,
    { type: 'deleted' },
    initialize,
    [{ type: 'notify', entered: 'DELETED', cause: 'deleted' }],
  ],
  ['a new configuration does not heal it', router, { type: 'reconfigured', before: owner }, fault, []],
]

describe('a virtual router in fault (keepalived)', () => {
  for (const [rule, of, event, state, actions] of rows)
    test(rule, () => {
      expect(step(of, fault, event, at(10))).toEqual({ state, actions })
    })
})

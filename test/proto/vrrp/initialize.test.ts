import { describe, expect, test } from 'vitest'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { initialize, step, type VrrpAction, type VrrpEvent, type VrrpState } from '../../../src/proto/vrrp/index.ts'
import { advert, at, becomingMaster, owner, router, stopped, v2 } from './setting.ts'

const started: VrrpEvent = { type: 'started' }
const toBackup: VrrpAction[] = [{ type: 'notify', entered: 'BACKUP', cause: 'started' }]
const waitsUntil = (downAt: number): VrrpState => ({
  name: 'backup',
  masterInterval: router.advertisementInterval,
  downAt: at(downAt),
})

type Row = readonly [
  rule: string,
  router: VirtualRouter,
  event: VrrpEvent,
  next: VrrpState,
  actions: readonly VrrpAction[],
]
const rows: readonly Row[] = [
  [
    'V-055 RFC 9568 §6.4.1: an owner is master at once, advertises, then takes and announces its addresses',
    owner,
    started,
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(255, 'started'),
  ],
  [
    'V-056 RFC 9568 §6.4.1: another starts as backup with the full down timer',
    router,
    started,
    waitsUntil(13.609375),
    toBackup,
  ],
  ['RFC 3768 §6.4.1: so does v2', v2, started, waitsUntil(13.609375), toBackup],
  [
    'keepalived: state MASTER without owning waits for one interval and the least skew',
    { ...router, initialState: 'master' },
    started,
    waitsUntil(11.003906),
    toBackup,
  ],
  [
    'keepalived: an owner told to be backup waits like others',
    { ...owner, initialState: 'backup' },
    started,
    waitsUntil(13.003906),
    toBackup,
  ],
  [
    'a reason against running is a fault from the start',
    owner,
    { type: 'started', faultReason: 'eth0: no such interface' },
    { name: 'fault', reason: 'eth0: no such interface' },
    [{ type: 'notify', entered: 'FAULT', cause: 'fault' }],
  ],
  [
    'whoever was master a moment ago goes on with an advertisement at once',
    router,
    { type: 'resumed-as-master' },
    { name: 'master', advertiseAt: at(11), fresh: true },
    becomingMaster(100, 'resumed'),
  ],
  ['nothing is heard before the start', router, advert({}), initialize, []],
  ['no timer runs before the start', router, { type: 'deadline-reached' }, initialize, []],
  ['to stop before the start is silent', router, stopped, initialize, []],
]

describe('a virtual router before it runs', () => {
  for (const [rule, of, event, state, actions] of rows)
    test(rule, () => {
      expect(step(of, initialize, event, at(10))).toEqual({ state, actions })
    })
})

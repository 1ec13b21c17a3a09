import { describe, expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import {
  initialize,
  type Master,
  step,
  type VrrpAction,
  type VrrpEvent,
  type VrrpState,
} from '../../../src/proto/vrrp/index.ts'
import { advert, at, higher, lettingGo, lower, master, owner, router, self, stopped } from './setting.ts'

const send = (priority = 100): VrrpAction => ({ type: 'send-advertisement', priority })
const turn = (advertiseAt: number): Master => ({ name: 'master', advertiseAt: at(advertiseAt) })
/** Answered at 10 s. */
const answered = (advertiseAt: number): Master => ({ ...turn(advertiseAt), answeredAt: at(10) })
const follows = (downAt: number, priority: number, masterInterval = seconds(1), source = higher): VrrpState => ({
  name: 'backup',
  masterInterval,
  downAt: at(downAt),
  heard: { source, priority },
})
const gaveWay: VrrpAction[] = [...lettingGo, { type: 'notify', entered: 'BACKUP', cause: 'stronger-master' }]
const told: VrrpAction[] = [
  { type: 'announce-addresses', occasion: 'weaker-master' },
  { type: 'notify', entered: 'MASTER_RX_LOWER_PRI', cause: 'weaker-master' },
]

type Row = readonly [
  rule: string,
  router: VirtualRouter,
  event: VrrpEvent,
  next: VrrpState,
  actions: readonly VrrpAction[],
  before?: VrrpState,
]
// The event comes at 10 s; own priority 100.
const rows: readonly Row[] = [
  ['RFC 9568 §6.4.3: it is not its turn yet', router, { type: 'deadline-reached' }, master, []],
  [
    'RFC 9568 §6.4.3: at its turn it advertises, and again one interval later',
    router,
    { type: 'deadline-reached' },
    turn(11),
    [send()],
    turn(10),
  ],
  [
    'V-063 a turn that is a little late does not put the next one off',
    router,
    { type: 'deadline-reached' },
    turn(10.99995),
    [send()],
    turn(9.99995),
  ],
  [
    'V-063 after a late turn the next gap is hardly shorter than an interval',
    router,
    { type: 'deadline-reached' },
    turn(10.9999),
    [send()],
    turn(9.9),
  ],
  [
    'turns missed in a long pause are not made up for, but whose the addresses are is told again',
    router,
    { type: 'deadline-reached' },
    turn(10.9999),
    [send(), { type: 'install-addresses' }, { type: 'announce-addresses', occasion: 'entered' }],
    turn(2),
  ],
  [
    'a pause in which no backup can have taken over is not worth that',
    router,
    { type: 'deadline-reached' },
    turn(10.9999),
    [send()],
    turn(8),
  ],
  ['V-065 RFC 9568 §6.4.3: a resignation is answered at once', router, advert({ priority: 0 }), answered(11), [send()]],
  [
    'a second one within a tenth of the interval is answered at the end of that',
    router,
    advert({ priority: 0 }),
    { ...turn(10.05), answeredAt: at(9.95) },
    [],
    { ...turn(10.95), answeredAt: at(9.95) },
  ],
  [
    'an answer that was held back holds back the next one',
    router,
    { type: 'deadline-reached' },
    answered(11),
    [send()],
    { ...turn(10), answeredAt: at(9.9) },
  ],
  [
    'nor do further weaker ones make it send, announce or notify at the pace of their sender',
    router,
    advert({ priority: 99 }),
    { ...turn(10.05), answeredAt: at(9.95), owesAnnouncement: true },
    [],
    { ...turn(10.95), answeredAt: at(9.95) },
  ],
  [
    'but what it has put off comes with that answer',
    router,
    { type: 'deadline-reached' },
    answered(11),
    [send(), { type: 'announce-addresses', occasion: 'weaker-master' }],
    { ...turn(10), answeredAt: at(9.9), owesAnnouncement: true },
  ],
  [
    'and where it does not answer it announces at its next turn',
    { ...router, lowerPrioNoAdvert: true },
    advert({ priority: 99 }),
    { ...turn(10.95), answeredAt: at(9.95), owesAnnouncement: true },
    [],
    { ...turn(10.95), answeredAt: at(9.95) },
  ],
  [
    'with its turn overdue it answers with that: what it has missed may have more to say',
    router,
    advert({ priority: 99 }),
    { ...turn(9.9), owesAnnouncement: true },
    told.slice(1),
    turn(9.9),
  ],
  [
    'the last word of the one whose place it has just taken is answered and not told of',
    router,
    advert({ priority: 99 }),
    { ...answered(11), fresh: true },
    [send(), { type: 'announce-addresses', occasion: 'weaker-master' }],
    { ...turn(10.9), fresh: true },
  ],
  [
    'V-066 RFC 9568 §6.4.3: a stronger one is followed within this event',
    router,
    advert({ priority: 101 }),
    follows(13.609375, 101),
    gaveWay,
  ],
  [
    'from when its advertisement came, not from when it was read',
    router,
    advert({ priority: 101, arrivedAt: at(9.995) }),
    follows(13.604375, 101),
    gaveWay,
  ],
  [
    'RFC 9568 §6.4.3: and its interval is adopted',
    router,
    advert({ interval: seconds(4) }),
    follows(24.4375, 200, seconds(4)),
    gaveWay,
  ],
  [
    'V-067 RFC 9568 §6.4.3: a tie goes to the higher address',
    router,
    advert({ priority: 100 }),
    follows(13.609375, 100),
    gaveWay,
  ],
  [
    'V-068 RFC 9568 §6.4.3: with the higher address it stays',
    router,
    advert({ priority: 100, source: lower }),
    answered(11),
    [send(), ...told],
  ],
  [
    'V-069 RFC 9568 §6.4.3: addresses compare as unsigned bytes, not as text',
    router,
    advert({ priority: 100, source: address('192.0.2.101') }),
    follows(13.609375, 100, seconds(1), address('192.0.2.101')),
    gaveWay,
  ],
  [
    'a message with our own address is nobody to argue with',
    router,
    advert({ priority: 100, source: self }),
    master,
    [],
  ],
  [
    'V-070 RFC 9568 §6.4.3: a weaker one is answered at once',
    router,
    advert({ priority: 99 }),
    answered(11),
    [send(), ...told],
  ],
  [
    'V-071 RFC 5798 §6.4.3: lower_prio_no_advert ignores it, and the turn stays where it was',
    { ...router, lowerPrioNoAdvert: true },
    advert({ priority: 99 }),
    { ...master, answeredAt: at(10) },
    told,
  ],
  [
    'keepalived: higher_prio_send_advert sends one more before it gives way, so that the other announces its addresses again',
    { ...router, higherPrioSendAdvert: true },
    advert({ priority: 101 }),
    follows(13.609375, 101),
    [send(), ...gaveWay],
  ],
  [
    'V-064 RFC 9568 §6.4.3: at a stop it resigns, then removes the addresses',
    router,
    stopped,
    initialize,
    [send(0), ...lettingGo, { type: 'notify', entered: 'STOP', cause: 'stopped' }],
  ],
  [
    'told to keep the addresses it resigns all the same',
    router,
    { ...stopped, keepAddresses: true },
    initialize,
    [send(0), { type: 'cease-announcing' }, { type: 'notify', entered: 'STOP', cause: 'stopped' }],
  ],
  [
    'deleted, it resigns too',
    router,
    { type: 'deleted' },
    initialize,
    [send(0), ...lettingGo, { type: 'notify', entered: 'DELETED', cause: 'deleted' }],
  ],
  [
    'V-077 keepalived: at a fault it resigns and removes the addresses',
    router,
    { type: 'fault-found', reason: 'eth0: interface is down' },
    { name: 'fault', reason: 'eth0: interface is down' },
    [send(0), ...lettingGo, { type: 'notify', entered: 'FAULT', cause: 'fault' }],
  ],
  [
    'V-099 RFC 9568 §5.2.4: a changed priority goes with the next advertisement',
    { ...router, priority: 90 },
    { type: 'reconfigured', before: router },
    master,
    [{ type: 'install-addresses' }],
  ],
  [
    'a changed interval is told at once, for backups time us by the one they know',
    { ...router, advertisementInterval: seconds(4) },
    { type: 'reconfigured', before: router },
    turn(14),
    [send(), { type: 'install-addresses' }],
  ],
]

describe('a master', () => {
  for (const [rule, of, event, state, actions, before = master] of rows)
    test(rule, () => {
      expect(step(of, before, event, at(10))).toEqual({ state, actions })
    })
})

describe('two owners of the same addresses', () => {
  const rival = (source: typeof higher) => advert({ priority: 255, source })

  test('the one with the lower address gives way', () => {
    const { state, actions } = step(owner, master, rival(higher), at(10))
    expect(state.name).toBe('backup')
    expect(actions.at(-1)).toEqual({ type: 'notify', entered: 'BACKUP', cause: 'rival-owner' })
  })

  /** Hears a stubborn rival every second from 10 s on, with its own turns between. */
  const endure = (hearAt: (second: number) => boolean): readonly [name: string, at: number][] => {
    let state: VrrpState = master
    const seen: [string, number][] = []
    for (let tick = 0; tick < 12; tick++) {
      state = step(owner, state, { type: 'deadline-reached' }, at(10.5 + tick)).state
      if (hearAt(tick)) state = step(owner, state, rival(lower), at(10.6 + tick)).state
      seen.push([state.name, tick])
    }
    return seen
  }

  test('the one with the higher address insists first, then gives way to one that does not hear it', () => {
    const seen = endure(() => true)
    expect(seen[0]).toEqual(['master', 0])
    expect(seen.find(([name]) => name === 'backup')?.[1]).toBeLessThan(6)
  })

  test('it does not give way to one that it heard once in a while', () => {
    expect(endure((tick) => tick % 5 === 0).every(([name]) => name === 'master')).toBe(true)
  })
})

import { describe, expect, test } from 'vitest'
import type { VrrpNotifyState } from '../../../src/model/index.ts'
import {
  groupNotifications,
  quorumNotifications,
  realServerNotifications,
  routerNotifications,
  stopNotifications,
} from '../../../src/proto/notify/index.ts'
import { realServer, router, virtualServer } from '../../roles/supervisor/models.ts'

const script = (name: string) => ({ argv: [name] })
const words = (notifications: readonly { readonly command: { readonly argv: readonly string[] } }[]) =>
  notifications.map(({ command }) => command.argv.join(' '))

describe('a virtual router', () => {
  const all = router('VI_1', {
    notify: {
      master: script('master'),
      backup: script('backup'),
      fault: script('fault'),
      stop: script('stop'),
      deleted: script('deleted'),
      masterRxLowerPri: script('lower'),
      any: script('any'),
    },
  })
  const rows: readonly [VrrpNotifyState, string][] = [
    ['MASTER', 'master'],
    ['BACKUP', 'backup'],
    ['FAULT', 'fault'],
    ['STOP', 'stop'],
    ['DELETED', 'deleted'],
    ['MASTER_RX_LOWER_PRI', 'lower'],
  ]
  for (const [state, specific] of rows)
    test(`${state}: its own script, then the general one`, () =>
      expect(words(routerNotifications(all, state, 99))).toEqual([specific, `any INSTANCE VI_1 ${state} 99`]))

  test('without scripts: nothing', () => expect(routerNotifications(router('VI_1'), 'MASTER', 1)).toEqual([]))
})

describe('a sync group', () => {
  const notify = {
    master: script('master'),
    backup: script('backup'),
    fault: script('fault'),
    stop: script('stop'),
    any: script('any'),
  }
  for (const state of ['MASTER', 'BACKUP', 'FAULT', 'STOP'] as const)
    test(`${state}: its own script, then the general one with priority 0`, () =>
      expect(
        words(groupNotifications({ name: 'VG', members: ['VI_1'], tracks: [], trackingWeight: false, notify }, state)),
      ).toEqual([state.toLowerCase(), `any GROUP VG ${state} 0`]))
})

describe('servers', () => {
  const scripts = { notifyUp: script('up'), notifyDown: script('down') }
  const server = virtualServer(1, {
    omega: true,
    realServers: [realServer(1, scripts), realServer(2, scripts)],
    quorumUp: script('quorum-up'),
    quorumDown: script('quorum-down'),
  })
  const first = { serviceKey: server.key, realServerKey: '192.0.2.1:80' }

  test('notify_up and notify_down, quorum_up and quorum_down', () => {
    expect(words(realServerNotifications([server], { ...first, up: true }))).toEqual(['up'])
    expect(words(realServerNotifications([server], { ...first, up: false }))).toEqual(['down'])
    expect(words(quorumNotifications([server], server.key, true))).toEqual(['quorum-up'])
    expect(words(quorumNotifications([server], server.key, false))).toEqual(['quorum-down'])
  })

  test('a server that only the configuration before has is described by that', () => {
    const now = virtualServer(1, { realServers: [realServer(2)] })
    expect(words(realServerNotifications([now, server], { ...first, up: false }))).toEqual(['down'])
  })

  test('omega: the living go down, then the quorum; what is unknown is as it began', () => {
    const isUp = (_: string, key: string) => (key === '192.0.2.2:80' ? false : undefined)
    expect(words(stopNotifications([server], isUp))).toEqual(['down', 'quorum-down'])
    expect(words(stopNotifications([{ ...server, alpha: true }], isUp))).toEqual(['quorum-down'])
    expect(words(stopNotifications([{ ...server, omega: false }], isUp))).toEqual([])
  })
})

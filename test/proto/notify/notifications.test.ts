import { describe, expect, test } from 'vitest'
import { seconds } from '../../../src/base/index.ts'
import type { SyncGroup, VirtualServer, VrrpNotifyState } from '../../../src/model/index.ts'
import {
  type Audience,
  type CheckerVerdict,
  checkerNotifications,
  groupNotifications,
  type Notification,
  quorumNotifications,
  realServerNotifications,
  repeatedLines,
  routerNotifications,
  stopNotifications,
} from '../../../src/proto/notify/index.ts'
import { realServer, router, virtualServer } from '../../roles/supervisor/models.ts'

const script = (name: string) => ({ argv: [name] })
const words = (notifications: readonly Notification[]) =>
  notifications.flatMap((one) => (one.type === 'script' ? [one.command.argv.join(' ')] : []))
const lines = (notifications: readonly Notification[]) =>
  notifications.flatMap((one) => (one.type === 'fifo-line' ? [one.line] : []))
const mails = (notifications: readonly Notification[]) =>
  notifications.flatMap((one) => (one.type === 'mail' ? [{ subject: one.subject, body: one.body }] : []))

const nobody: Audience = { routerId: 'R', mail: { recipients: [], port: 25, connectTimeout: seconds(30) } }
const all: Audience = { ...nobody, fifos: { all: { path: '/all' } } }
const unknown = () => undefined

describe('a virtual router', () => {
  const everything = router('VI_1', {
    smtpAlert: true,
    tellsPriority: true,
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
  const owns = '=> VRRP Instance is now owning VRRP VIPs <=\n\n'
  const owned = '=> VRRP Instance is no longer owning VRRP VIPs <=\n\n'
  const rows: readonly [VrrpNotifyState, string, string, string][] = [
    ['MASTER', 'master', 'Entering MASTER state', owns],
    ['BACKUP', 'backup', 'Entering BACKUP state', owned],
    ['FAULT', 'fault', 'Entering FAULT state', owned],
    ['STOP', 'stop', 'Stopping', '=> VRRP Instance stopping <=\n\n'],
    ['DELETED', 'deleted', 'Deleted', '=> VRRP Deleted at reload <=\n\n'],
  ]
  for (const [state, specific, subject, body] of rows)
    test(`${state}: its own script, the general one, a line, and mail as keepalived's`, () => {
      const told = routerNotifications(everything, state, 99, all)
      expect(words(told)).toEqual([specific, `any INSTANCE VI_1 ${state} 99`])
      expect(lines(told)).toEqual([`INSTANCE "VI_1" ${state} 99\n`])
      expect(mails(told)).toEqual([{ subject: `[R] VRRP Instance VI_1 - ${subject}`, body }])
    })

  test('a weaker master: scripts and a line, no mail', () => {
    const told = routerNotifications(everything, 'MASTER_RX_LOWER_PRI', 99, all)
    expect(words(told)).toEqual(['lower', 'any INSTANCE VI_1 MASTER_RX_LOWER_PRI 99'])
    expect(lines(told)).toEqual(['INSTANCE "VI_1" MASTER_RX_LOWER_PRI 99\n'])
    expect(mails(told)).toEqual([])
  })

  test('its priority: a line, and only where it is asked for', () => {
    const told = routerNotifications(everything, 'MASTER_PRIORITY', 80, all)
    expect([words(told), mails(told)]).toEqual([[], []])
    expect(lines(told)).toEqual(['INSTANCE "VI_1" MASTER_PRIORITY 80\n'])
    expect(routerNotifications(router('VI_1'), 'BACKUP_PRIORITY', 80, all)).toEqual([])
  })

  test('without scripts and FIFOs: nothing', () =>
    expect(routerNotifications(router('VI_1'), 'MASTER', 1, nobody)).toEqual([]))

  test('no_email_faults', () => {
    const quiet = { ...nobody, mail: { ...nobody.mail, withoutFaults: true as const } }
    expect(mails(routerNotifications(everything, 'FAULT', 1, quiet))).toEqual([])
    expect(mails(routerNotifications(everything, 'BACKUP', 1, quiet))).toHaveLength(1)
  })

  test('the FIFO of virtual routers hears it, that of servers does not', () => {
    const to = (fifos: NonNullable<Audience['fifos']>) =>
      lines(routerNotifications(router('VI_1'), 'MASTER', 1, { ...nobody, fifos }))
    expect(to({ vrrp: { path: '/v' } })).toHaveLength(1)
    expect(to({ lvs: { path: '/l' } })).toEqual([])
  })

  test('what is said again after a reload are the lines', () =>
    expect(repeatedLines(routerNotifications(everything, 'MASTER', 99, all)).map(({ type }) => type)).toEqual([
      'fifo-line',
    ]))
})

describe('a sync group', () => {
  const group: SyncGroup = {
    name: 'VG',
    members: ['VI_1'],
    tracks: [],
    trackingWeight: false,
    smtpAlert: true,
    notify: {
      master: script('master'),
      backup: script('backup'),
      fault: script('fault'),
      stop: script('stop'),
      any: script('any'),
    },
  }
  for (const [state, subject, now] of [
    ['MASTER', 'Entering MASTER state', 'in MASTER state'],
    ['BACKUP', 'Entering BACKUP state', 'in BACKUP state'],
    ['FAULT', 'Entering FAULT state', 'in FAULT state'],
    ['STOP', 'Stopping', 'stopping'],
  ] as const)
    test(`${state}: its own script, the general one with priority 0, a line, and mail as keepalived's`, () => {
      const told = groupNotifications(group, state, all)
      expect(words(told)).toEqual([state.toLowerCase(), `any GROUP VG ${state} 0`])
      expect(lines(told)).toEqual([`GROUP "VG" ${state} 0\n`])
      const body = `=> All VRRP group instances are now ${now} <=\n\n`
      expect(mails(told)).toEqual([{ subject: `[R] VRRP Group VG - ${subject}`, body }])
    })
})

describe('servers', () => {
  const scripts = { notifyUp: script('up'), notifyDown: script('down') }
  const server = virtualServer(1, {
    omega: true,
    smtpAlert: true,
    realServers: [realServer(1, { ...scripts, smtpAlert: true }), realServer(2, scripts)],
    quorumUp: script('quorum-up'),
    quorumDown: script('quorum-down'),
  })
  const first = { serviceKey: server.key, realServerKey: '192.0.2.1:80' }

  test('notify_up and notify_down, quorum_up and quorum_down', () => {
    expect(words(realServerNotifications([server], { ...first, up: true }, nobody))).toEqual(['up'])
    expect(words(realServerNotifications([server], { ...first, up: false }, nobody))).toEqual(['down'])
    expect(words(quorumNotifications([server], server.key, true, unknown, nobody))).toEqual(['quorum-up'])
    expect(words(quorumNotifications([server], server.key, false, unknown, nobody))).toEqual(['quorum-down'])
  })

  test('lines of servers and quorums as keepalived writes them', () => {
    const to: Audience = { ...nobody, fifos: { lvs: { path: '/l' } } }
    expect(lines(realServerNotifications([server], { ...first, up: true }, to))).toEqual([
      'RS [192.0.2.1]:tcp:80 [203.0.113.1]:tcp:80 UP\n',
    ])
    expect(lines(quorumNotifications([server], server.key, false, unknown, to))).toEqual([
      'VS [203.0.113.1]:tcp:80 DOWN\n',
    ])
  })

  test('a firewall mark has no address, and a group has its name', () => {
    const named = (more: Partial<VirtualServer>) =>
      lines(realServerNotifications([{ ...server, ...more }], { ...first, up: true }, all))
    const mark = { kind: 'fwmark', family: 4, mark: 7 } as const
    expect(named({ service: mark })).toEqual(['RS [192.0.2.1]:none:80 FWM 7 UP\n'])
    const group = { name: 'WEB', others: [] }
    expect(named({ group })).toEqual(['RS [192.0.2.1]:tcp:80 [WEB]:0 UP\n'])
    expect(named({ service: mark, group: { name: 'WEB', others: [server.service] } })).toEqual([
      'RS [192.0.2.1]:tcp:80 [WEB]:0 UP\n',
    ])
  })

  test('mail of a server tells which check failed, and that of a quorum what there is of it', () => {
    const down = { ...first, up: false, reason: 'TCP_CHECK 192.0.2.1:80: connection refused' }
    const subject = '[R] Realserver [192.0.2.1]:tcp:80 of virtual server [203.0.113.1]:tcp:80 -'
    expect(mails(realServerNotifications([server], down, nobody))).toEqual([
      { subject: `${subject} DOWN`, body: `=> TCP CHECK failed on service <=\n\n${down.reason}\n\n` },
    ])
    expect(mails(realServerNotifications([server], { ...first, up: true }, nobody))).toEqual([
      { subject: `${subject} UP`, body: '=> CHECK succeed on service <=\n\n' },
    ])
    const isUp = (_: string, key: string) => key === '192.0.2.1:80'
    const quorum = { ...server, quorum: 2, hysteresis: 1 }
    expect(mails(quorumNotifications([quorum], server.key, false, isUp, nobody))).toEqual([
      { subject: '[R] Virtualserver [203.0.113.1]:tcp:80 - DOWN', body: '=> Lost quorum 2-1=1 > 1 <=\n\n' },
    ])
    expect(mails(quorumNotifications([quorum], server.key, true, unknown, nobody))).toEqual([
      { subject: '[R] Virtualserver [203.0.113.1]:tcp:80 - UP', body: '=> Gained quorum 2+1=3 <= 2 <=\n\n' },
    ])
    expect(mails(quorumNotifications([quorum], server.key, true, unknown, nobody, true))[0]?.body).toBe(
      '=> Starting with quorum up 2+1=3 <= 2 <=\n\n',
    )
  })

  test('a checker of several changes: mail, unless no_checker_emails', () => {
    const now = { ...first, up: false, reason: 'HTTP_GET 192.0.2.1:80/: status 500' }
    const of = (verdict: CheckerVerdict | undefined, audience = nobody) =>
      mails(checkerNotifications([server], verdict === undefined ? now : { ...now, verdict }, audience)).map(
        ({ subject, body }) => `${subject.slice(-4)} ${body}`,
      )
    // The server stays down for the sake of the other (keepalived has the same subject).
    expect(of({ kind: 'tcp', up: true })).toEqual(['DOWN => TCP CHECK succeed on service <=\n\n'])
    const misc: CheckerVerdict = { kind: 'misc', up: false, reason: 'MISC_CHECK /bin/a: exit code 1' }
    expect(of(misc)).toEqual(['DOWN => MISC CHECK failed on service <=\n\nMISC_CHECK /bin/a: exit code 1\n\n'])
    expect(of(undefined)).toEqual([])
    expect(of(misc, { ...nobody, mail: { ...nobody.mail, withoutCheckers: true } })).toEqual([])
  })

  test('mail of a server that went up names the checker that recovered last, whichever is written first', () => {
    const up = (kind: CheckerVerdict['kind']) =>
      mails(realServerNotifications([server], { ...first, up: true, verdict: { kind, up: true } }, nobody))[0]?.body
    expect(up('misc')).toBe('=> MISC CHECK succeeded on service <=\n\n')
    expect(up('ping')).toBe('=> ICMP CHECK succeed on service <=\n\n')
  })

  test('a server that only the configuration before has is described by that', () => {
    const now = virtualServer(1, { realServers: [realServer(2)] })
    expect(words(realServerNotifications([now, server], { ...first, up: false }, nobody))).toEqual(['down'])
  })

  test('omega: the living go down, then the quorum; what is unknown is as it began', () => {
    const isUp = (_: string, key: string) => (key === '192.0.2.2:80' ? false : undefined)
    const stop = (more: Partial<VirtualServer>) => words(stopNotifications([{ ...server, ...more }], isUp, nobody))
    expect(stop({})).toEqual(['down', 'quorum-down'])
    expect(stop({ alpha: true })).toEqual(['quorum-down'])
    expect(stop({ omega: false })).toEqual([])
    const [mail] = mails(stopNotifications([server], isUp, nobody))
    expect(mail?.body).toBe('=> Shutting down <=\n\n')
  })
})

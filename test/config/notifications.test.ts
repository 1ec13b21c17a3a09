import { expect, test } from 'vitest'
import { load, told } from './files.ts'

const vrrp = (more: string, name = 'VI_1', id = 51) =>
  `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${id}\n virtual_ipaddress { 192.0.2.${id}/24 }\n${more}\n}\n`
const MAIL = 'notification_email { a@example.org }\nsmtp_server relay\n'
const globals = (text: string) => `global_defs {\n${text}\n}\n`
const fifos = (text: string) => {
  const loaded = load(globals(text))
  return { fifos: loaded.model.global.fifos, told: told(loaded) }
}

test('FIFOs with user, group and reader', () =>
  expect(
    fifos(`notify_fifo /run/all
notify_fifo_script "/bin/read all" root
vrrp_notify_fifo /run/vrrp u g
lvs_notify_fifo "/run/l v s" u`).fifos,
  ).toEqual({
    all: { path: '/run/all', reader: { argv: ['/bin/read', 'all'], user: 'root' } },
    vrrp: { path: '/run/vrrp', user: 'u', group: 'g' },
    lvs: { path: '/run/l v s', user: 'u' },
  }))

test('colons before the group of a FIFO are none of its name', () =>
  expect(fifos('notify_fifo /run/all u :g\nvrrp_notify_fifo /run/vrrp u ::g').fifos).toEqual({
    all: { path: '/run/all', user: 'u', group: 'g' },
    vrrp: { path: '/run/vrrp', user: 'u', group: 'g' },
  }))

test('the first FIFO of a kind is used, one that is the same as notify_fifo is left out', () => {
  const { fifos: found, told: said } = fifos(
    'notify_fifo /run/a\nnotify_fifo /run/b\nvrrp_notify_fifo /run/a\nlvs_notify_fifo run/c',
  )
  expect(found).toEqual({ all: { path: '/run/a' } })
  expect(said).toEqual([
    expect.stringMatching(/notify_fifo is given already; the first one is used/),
    expect.stringMatching(/vrrp_notify_fifo is the same as notify_fifo/),
    expect.stringMatching(/lvs_notify_fifo run\/c does not begin with a slash/),
  ])
})

test('one FIFO of virtual routers and servers has one reader', () => {
  const { fifos: found, told: said } = fifos(`vrrp_notify_fifo /run/a
vrrp_notify_fifo_script /bin/v
lvs_notify_fifo /run/a
lvs_notify_fifo_script /bin/l
notify_fifo_script /bin/x`)
  expect(found?.lvs).toEqual({ path: '/run/a' })
  expect(said).toEqual([
    expect.stringMatching(/lvs_notify_fifo is the same as vrrp_notify_fifo, whose script reads it/),
    expect.stringMatching(/notify_fifo_script has nothing to read without notify_fifo/),
  ])
})

test('notify_priority_changes: the virtual router’s own word, its group’s, the one for all', () => {
  const tells = (global: string, group: string, own: string) => {
    const text = `${globals(global)}vrrp_sync_group G {\n group { VI_1 }\n${group}\n}\n${vrrp(own)}`
    return load(text).model.virtualRouters[0]?.tellsPriority
  }
  expect(tells('', '', '')).toBeUndefined()
  expect(tells('vrrp_notify_priority_changes', '', '')).toBe(true)
  expect(tells('vrrp_notify_priority_changes', 'notify_priority_changes off', '')).toBeUndefined()
  expect(tells('', 'notify_priority_changes', '')).toBe(true)
  expect(tells('', 'notify_priority_changes', 'notify_priority_changes off')).toBeUndefined()
})

test('smtp_alert: an object’s own word, that of its kind, the one for all; servers are on, the others off', () => {
  const alerts = (global: string, own = '') => {
    const { model } = load(`${globals(global)}${vrrp(own)}
vrrp_sync_group G {\n group { VI_1 }\n${own}\n}
virtual_server 192.0.2.9 80 {\n protocol TCP\n${own}\n real_server 10.0.0.1 80 {\n${own}\n}\n}\n`)
    const of = (one: { readonly smtpAlert?: true } | undefined) => one?.smtpAlert === true
    const server = model.virtualServers[0]
    return [model.virtualRouters[0], model.syncGroups[0], server, server?.realServers[0]].map(of)
  }
  expect(alerts('')).toEqual([false, false, false, false])
  expect(alerts('smtp_alert', 'smtp_alert')).toEqual([false, false, false, false])
  expect(alerts(MAIL)).toEqual([false, false, false, true])
  expect(alerts(`${MAIL}smtp_alert`)).toEqual([true, true, true, true])
  expect(alerts(`${MAIL}smtp_alert\nsmtp_alert_vrrp off`)).toEqual([false, false, true, true])
  expect(alerts(`${MAIL}smtp_alert_checker off`)).toEqual([false, false, false, false])
  expect(alerts(MAIL, 'smtp_alert')).toEqual([true, true, true, true])
  expect(alerts(`${MAIL}smtp_alert`, 'smtp_alert off')).toEqual([false, false, false, false])
})

test('time limits of the daemon’s own scripts, and the flags', () => {
  const { global } = load(
    globals(`startup_script_timeout 20
shutdown_script_timeout 1.5
no_email_faults
no_checker_emails
rs_init_notifies
fifo_write_vrrp_states_on_reload`),
  ).model
  expect(global).toMatchObject({
    startupScriptTimeout: 20_000_000,
    shutdownScriptTimeout: 1_500_000,
    mail: { withoutFaults: true, withoutCheckers: true },
    realServerInitNotifies: true,
    fifoStatesOnReload: true,
  })
  expect(told(load(globals('startup_script_timeout 0')))).toEqual([expect.stringMatching(/from 1 to 1000/)])
})

test('a group with a colon comes with the other groups of the user', () => {
  const { global, virtualRouters } = load(
    `${globals('script_user s :\nset_supplementary_groups\nnotify_fifo /run/a u :g')}${vrrp('notify "/bin/x" u :g')}`,
  ).model
  expect(global.scriptUser).toEqual({ user: 's', supplementaryGroups: true })
  expect(global.supplementaryGroups).toBe(true)
  expect(global.fifos?.all).toEqual({ path: '/run/a', user: 'u', group: 'g' })
  expect(virtualRouters[0]?.notify.any).toEqual({
    argv: ['/bin/x'],
    user: 'u',
    group: 'g',
    supplementaryGroups: true,
  })
})

test('a notification_email that names nobody is told', () => {
  expect(told(load('global_defs {\nnotification_email {\n}\n}\n'))).toEqual([
    '2:1 warning remark: notification_email names nobody; it has no effect',
  ])
})

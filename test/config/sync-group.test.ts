import { expect, test } from 'vitest'
import { load, told } from './files.ts'

const instance = (name: string, id: number) =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${id}\nvirtual_ipaddress { 192.0.2.${id} }\n}\n`
const two = instance('VI_1', 1) + instance('VI_2', 2)

test('members in any form, scripts and their users', () => {
  const { model, diagnostics } = load(
    `vrrp_sync_group VG {\n group { VI_1\n VI_2 }\n notify_master "/bin/m x" root\n notify /bin/n\n smtp_alert\n}\n${two}`,
  )
  expect(diagnostics).toEqual([])
  expect(model.syncGroups).toEqual([
    {
      name: 'VG',
      members: ['VI_1', 'VI_2'],
      tracks: [],
      trackingWeight: false,
      notify: { master: { argv: ['/bin/m', 'x'], user: 'root' }, any: { argv: ['/bin/n'] } },
    },
  ])
})

const rows: readonly [rule: string, text: string, complaint: string, groups: readonly (readonly string[])[]][] = [
  [
    'an unknown member is left out',
    'vrrp_sync_group VG {\ngroup { VI_1 VI_2 VI_9 }\n}\n',
    '2:19 error value: there is no vrrp_instance VI_9; vrrp_sync_group VG goes without it',
    [['VI_1', 'VI_2']],
  ],
  [
    'a member of another group is left out',
    'vrrp_sync_group A {\ngroup { VI_1 VI_2 }\n}\nvrrp_sync_group B {\ngroup { VI_2 VI_1 }\n}\n',
    '4:17 error object: vrrp_sync_group B has no members; it is left out',
    [['VI_1', 'VI_2']],
  ],
  [
    'one member only is remarked on',
    'vrrp_sync_group VG {\ngroup { VI_1 }\n}\n',
    '1:17 warning remark: vrrp_sync_group VG has one member only, VI_1',
    [['VI_1']],
  ],
  [
    'a group without a list is left out',
    'vrrp_sync_group VG {\nnotify /bin/x\n}\n',
    '1:1 error object: vrrp_sync_group VG has no members; it is left out',
    [],
  ],
  [
    'a second group of a name is left out',
    'vrrp_sync_group VG {\ngroup { VI_1 }\n}\nvrrp_sync_group VG {\ngroup { VI_2 }\n}\n',
    '4:17 error object: vrrp_sync_group VG is there twice; the second is left out',
    [['VI_1']],
  ],
]
for (const [rule, text, complaint, groups] of rows)
  test(rule, () => {
    const loaded = load(text + two)
    expect(told(loaded)).toContain(complaint)
    expect(loaded.model.syncGroups.map(({ members }) => members)).toEqual(groups)
  })

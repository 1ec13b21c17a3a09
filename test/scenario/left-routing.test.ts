/** What is left in the kernel when no vrrp role is there to remove it. */
import { expect } from 'vitest'
import { removeLeftAddresses } from '../../src/roles/supervisor/left-addresses.ts'
import { load } from '../config/files.ts'
import { lab } from '../lab/lab-test.ts'

const configuration = `static_routes {
198.18.0.0/15 via 192.0.2.9 dev eth0 table 1000
2001:db8:1::/48 via 2001:db8::9 dev eth0
}
vrrp_instance VI_1 {
interface eth0
virtual_router_id 51
virtual_ipaddress {
192.0.2.100/24
}
virtual_routes {
default via 192.0.2.9 table 5
}
virtual_rules {
from 192.0.2.100 table 5 preference 700
}
}`

lab(
  'routes and rules of the configuration are removed, others of the same mark and of other marks are not',
  async (lab) => {
    const host = lab.host('host', {
      eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24', '2001:db8::11/64'] },
    })
    const marked = ['proto', '18']
    host.ip('route', 'add', '198.18.0.0/15', 'via', '192.0.2.9', 'table', '1000', ...marked)
    host.ip('route', 'add', '2001:db8:1::/48', 'via', '2001:db8::9', ...marked)
    host.ip('route', 'add', 'default', 'via', '192.0.2.9', 'table', '5', ...marked)
    host.ip('rule', 'add', 'from', '192.0.2.100', 'table', '5', 'pref', '700', 'protocol', '18')
    host.ip('route', 'add', '198.18.0.0/15', 'via', '192.0.2.9', 'table', '6', ...marked)
    host.ip('route', 'add', 'default', 'via', '192.0.2.9', 'table', '5', 'metric', '9', 'proto', 'static')
    host.ip('rule', 'add', 'from', '192.0.2.101', 'table', '5', 'pref', '700')
    const { model } = load(configuration)
    const done = await removeLeftAddresses(`/run/netns/${host.namespace}`, model.virtualRouters, model.statics)
    expect(done).toEqual({ ok: true, value: [] })
    const left = (family: string) => host.ip(family, 'route', 'show', 'table', 'all')
    expect(left('-4')).not.toContain('table 1000')
    expect(left('-6')).not.toContain('2001:db8:1::')
    expect(left('-4').match(/default.*/g)).toEqual([expect.stringContaining('metric 9')])
    expect(left('-4')).toContain('198.18.0.0/15 via 192.0.2.9 dev eth0 table 6')
    expect(host.ip('rule').match(/^700:.*/gm)).toEqual([expect.stringContaining('from 192.0.2.101')])
  },
)

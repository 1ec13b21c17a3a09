/** What is left in the kernel when no vrrp role is there to remove it. */
import { expect } from 'vitest'
import { address } from '../../src/base/index.ts'
import { removeLeftAddresses } from '../../src/roles/supervisor/left-addresses.ts'
import { openRouteClient } from '../../src/sys/netlink/index.ts'
import { withinNetworkNamespace } from '../../src/sys/privileges/index.ts'
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
}
vrrp_instance VI_2 {
interface eth0
virtual_router_id 52
use_vmac
virtual_ipaddress {
192.0.2.102/24
}
}`

lab(
  'routes and rules of the configuration, and addresses of virtual links, are removed, others of the same mark and of other marks are not',
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
    host.ip('link', 'add', 'vrrp.52', 'link', 'eth0', 'type', 'macvlan')
    host.ip('link', 'set', 'vrrp.52', 'alias', 'holdfast virtual link')
    const namespace = `/run/netns/${host.namespace}`
    const client = withinNetworkNamespace(namespace, openRouteClient)
    if (!client.ok) throw new Error(client.error.message)
    const links = client.value.links()
    const interfaceIndex = (links.ok ? links.value : []).find(({ name }) => name === 'vrrp.52')?.index ?? 0
    for (const each of ['192.0.2.102', '192.0.2.103'])
      client.value.addAddress({ interfaceIndex, address: address(each), prefixLength: 24, scope: 0 })
    client.value.close()
    const { model } = load(configuration)
    const done = await removeLeftAddresses(namespace, model.virtualRouters, model.statics)
    expect(done).toEqual({ ok: true, value: ['192.0.2.102/24'] })
    const left = (family: string) => host.ip(family, 'route', 'show', 'table', 'all')
    expect(left('-4')).not.toContain('table 1000')
    expect(left('-6')).not.toContain('2001:db8:1::')
    expect(left('-4').match(/default.*/g)).toEqual([expect.stringContaining('metric 9')])
    expect(left('-4')).toContain('198.18.0.0/15 via 192.0.2.9 dev eth0 table 6')
    expect(host.ip('rule').match(/^700:.*/gm)).toEqual([expect.stringContaining('from 192.0.2.101')])
  },
)

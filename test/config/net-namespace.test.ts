/** Where the daemon works. */
import { expect, test } from 'vitest'
import { load, told } from './files.ts'

test('net_namespace and net_namespace_ipvs: names of ip netns, the first one counts', () => {
  const names = (lines: string) => {
    const loaded = load(
      `${lines}\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\n}`,
    )
    const { netNamespace, netNamespaceIpvs } = loaded.model.global
    return { netNamespace, netNamespaceIpvs, told: told(loaded) }
  }
  expect(names('net_namespace red\nnet_namespace blue\nnet_namespace_ipvs')).toEqual({
    netNamespace: 'red',
    netNamespaceIpvs: '',
    told: [],
  })
  expect(names('net_namespace_ipvs green')).toMatchObject({ netNamespace: undefined, netNamespaceIpvs: 'green' })
  expect(names('net_namespace ../red').told).toEqual([
    '1:15 error value: net_namespace ../red is no name of a network namespace; the line has no effect',
  ])
})

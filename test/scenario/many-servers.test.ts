/** Thousands of real servers in one virtual server, and the whole daemon. */
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { FifoListener, until } from '../lab/library/index.ts'

const MANY = 5_000

lab('thousands of servers in one virtual server fail together and come back, and every role goes on', async (lab) => {
  const lan = lab.segment()
  const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
  const servers = lab.host('servers', { eth0: { segment: lan, addresses: ['192.0.2.21/24'] } })
  director.ip('route', 'add', '10.0.0.0/16', 'via', '192.0.2.21')
  servers.ip('route', 'add', 'local', '10.0.0.0/16', 'dev', 'lo')
  const web = { listen: ['80'], body: 'fine' }
  const first = await servers.nginx(web)
  const addresses = Array.from({ length: MANY }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
  const list = director.file('web.json', JSON.stringify(addresses.map((address) => `${address}:80`)))
  const fifo = `${director.directory}/lvs.fifo`
  const listener = new FifoListener(fifo)
  const count = (line: RegExp) => listener.text.match(line)?.length ?? 0
  try {
    const daemon = await director.holdfastd(`lvs_settings {
  destination_table_size 16384
}
global_defs {
  script_user root
  lvs_notify_fifo ${fifo}
}
virtual_server 192.0.2.100 80 {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server file ${list} {
    TCP_CHECK {
      retry 0
    }
  }
}
`)
    const { roles } = await daemon.status()
    const held = async () => (await daemon.status()).forwarding?.services[0]?.destinations.length
    expect(await held()).toBe(MANY)

    await first.stop()
    const limits = { within: 120_000, detail: () => daemon.process.output.slice(-2_000) }
    await until('the virtual server is told to be down', () => count(/^VS .* DOWN$/gm) === 1, limits)
    expect(count(/^RS .* DOWN$/gm)).toBe(MANY)
    expect(await held()).toBe(0)

    await servers.nginx(web)
    await until('all have come back', () => count(/^RS .* UP$/gm) === MANY, limits)
    expect(count(/^VS .* UP$/gm)).toBe(2)
    const after = await daemon.shows('all are in the table', ({ forwarding }) => {
      return forwarding?.services[0]?.destinations.length === MANY
    })
    expect(after.roles).toEqual(roles)
  } finally {
    listener.close()
  }
})

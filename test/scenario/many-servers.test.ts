/** Thousands of real servers in one virtual server, and the whole daemon. */
import { expect } from 'vitest'
import type { DaemonSnapshot } from '../../src/observe/index.ts'
import { lab } from '../lab/lab-test.ts'
import { FifoListener, until } from '../lab/library/index.ts'

const MANY = 5_000
/** As many as a list may have, and as the table has room for unless more is asked for. */
const MOST = 16_384
const PATIENCE = 900_000

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

lab(
  'as many servers as a list may have: they change, the forwarding role dies, the daemon reloads and drains, and no role falls silent',
  async (lab) => {
    const lan = lab.segment()
    const director = lab.host('director', { eth0: { segment: lan, addresses: ['192.0.2.11/24'] } })
    director.ip('route', 'add', '10.0.0.0/8', 'via', '192.0.2.21')
    const at = (i: number, net = 0) => `10.${net}.${i >> 8}.${i & 255}`
    const all = Array.from({ length: MOST }, (_, i) => at(i))
    const write = (addresses: readonly string[]) =>
      director.file('web.json', JSON.stringify(addresses.map((address) => `${address}:80`)))
    const list = write(all)
    // A removed server keeps its place for two minutes.
    const configuration = (scheduler: string) => `lvs_settings {
  destination_table_size 32768
}
virtual_server 192.0.2.100 80 {
  lb_algo ${scheduler}
  lb_kind NAT
  protocol TCP
  real_server file ${list} {
  }
}
`
    const daemon = await director.holdfastd(configuration('rr'), { within: PATIENCE })
    const service = ({ forwarding }: DaemonSnapshot) => forwarding?.services[0]
    const holds = (claim: string, wanted: readonly string[], scheduler = 'rr') =>
      daemon.shows(
        claim,
        (snapshot) => {
          const { destinations = [], scheduler: held } = service(snapshot) ?? {}
          const found = new Set<string>(destinations.map(({ address }) => address))
          return held === scheduler && found.size === wanted.length && wanted.every((address) => found.has(address))
        },
        PATIENCE,
      )
    const pids = ({ roles }: DaemonSnapshot) => new Map(roles.map(({ role, pid }) => [role, pid]))
    const atStart = pids(await holds('all are in the table', all))

    // 500 others in place of the first 500; then, before that can have been done, of the next 500 as well.
    const changed = [...Array.from({ length: 500 }, (_, i) => at(i, 1)), ...all.slice(500)]
    write(changed)
    await holds('500 are others', changed)
    const again = [...changed.slice(0, 500), ...Array.from({ length: 500 }, (_, i) => at(i, 2)), ...all.slice(1_000)]
    write(all)
    write(again)
    await holds('the last list counts', again)

    const killed = await daemon.killRole('forwarding')
    await daemon.process.line(/forwarding taken over/, PATIENCE)
    const after = pids(await holds('the next forwarding role has them all', again))
    expect(after.get('forwarding')).not.toBe(killed)

    daemon.configure(configuration('wrr'))
    write(all)
    daemon.process.signal('SIGHUP')
    await holds('the reload has changed the scheduler and the list', all, 'wrr')

    const drained = await daemon.holdfast('drain', `${at(7)}:80`, '--wait')
    expect(drained).toEqual({ status: 0, stdout: `${at(7)}:80 is drained\n`, stderr: '' })
    const destination = (snapshot: DaemonSnapshot) =>
      service(snapshot)?.destinations.find(({ address }) => address === at(7))
    expect(destination(await daemon.status())?.weight).toBe(0)
    expect((await daemon.holdfast('undrain', `${at(7)}:80`)).status).toBe(0)
    const end = await daemon.shows('it serves again', (snapshot) => destination(snapshot)?.weight === 1, PATIENCE)

    expect(pids(end)).toEqual(new Map([...atStart, ['forwarding', after.get('forwarding')]]))
    expect(daemon.process.output.match(/role ended unexpectedly/g)).toHaveLength(1)
  },
  1_800_000,
)

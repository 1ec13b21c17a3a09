/** Hundreds of servers fall and rise, nobody reads the FIFO, and of their scripts some hang and some are not there. */
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { lab } from './lab-test.ts'
import { FifoListener, until } from './library/index.ts'

const SERVERS = 500
const ROUNDS = 3
const PATIENCE = 180_000
const addresses = Array.from({ length: SERVERS }, (_, i) => `10.0.${i >> 8}.${i & 255}`)

/** Of five servers one has a script that hangs when it falls, and one has none where it says there is one. */
const scriptAt = (i: number, tells: string, hangs: string) => [hangs, '/nonexistent/script'][i % 5] ?? tells

const configuration = (fifo: string, tells: string, hangs: string) => `global_defs {
  script_user root
  lvs_notify_fifo ${fifo}
}
virtual_server 192.0.2.100 80 {
  delay_loop 1
  lb_algo rr
  lb_kind DR
  protocol TCP
  quorum_up "${tells} quorum_up"
  quorum_down "${tells} quorum_down"
${addresses
  .map(
    (address, i) => `  real_server ${address} 80 {
    notify_down "${scriptAt(i, tells, hangs)} down ${address}"
    notify_up "${tells} up ${address}"
    TCP_CHECK {
      retry 0
    }
  }`,
  )
  .join('\n')}
}
`

/** How often each first word comes. */
function counts(lines: readonly string[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const line of lines) {
    const [word = ''] = line.split(' ')
    found[word] = (found[word] ?? 0) + 1
  }
  return found
}

lab(
  '500 servers change while nobody reads the FIFO and scripts hang: all is told or counted, and the last of each is told',
  async (lab) => {
    const host = lab.host('director', { eth0: { segment: lab.segment(), addresses: ['192.0.2.11/24'] } })
    host.ip('route', 'add', 'local', '10.0.0.0/16', 'dev', 'lo')
    const [told, fifo] = [`${host.directory}/told`, `${host.directory}/lvs.fifo`]
    const tells = host.file('tell.sh', `#!/bin/sh\necho "$@" >> ${told}\n`)
    const hangs = host.file('hang.sh', '#!/bin/sh\nexec sleep 5000\n')
    for (const script of [tells, hangs]) chmodSync(script, 0o755)
    const web = { listen: ['80'], body: 'fine' }
    let servers = await host.nginx(web)
    const daemon = await host.holdfastd(configuration(fifo, tells, hangs))
    const holds = (count: number) =>
      daemon.shows(
        `${count} servers are in the table`,
        ({ forwarding }) => forwarding?.services[0]?.destinations.length === count,
        PATIENCE,
      )
    await holds(SERVERS)
    for (let round = 1; round <= ROUNDS; round++) {
      await servers.stop()
      await holds(0)
      if (round === ROUNDS) break
      servers = await host.nginx(web)
      await holds(SERVERS)
    }

    // Scripts are last: what the FIFO is told of a change precedes them.
    const expected = {
      down: ROUNDS * SERVERS * 0.6,
      up: (ROUNDS - 1) * SERVERS,
      quorum_up: ROUNDS,
      quorum_down: ROUNDS,
    }
    const lines = () => (existsSync(told) ? readFileSync(told, 'utf8').trimEnd().split('\n') : [])
    const wanted = Object.values(expected).reduce((sum, count) => sum + count)
    await until('all scripts have run', () => lines().length >= wanted, { within: PATIENCE, every: 250 })
    expect(counts(lines())).toEqual(expected)

    const listener = new FifoListener(fifo)
    try {
      const { deliveries = [] } = await daemon.shows(
        'all is written',
        (snapshot) => snapshot.deliveries?.[0]?.waiting === 0,
        PATIENCE,
      )
      listener.read()
      const heard = listener.text.trimEnd().split('\n')
      const [{ lost = 0 } = {}] = deliveries
      expect(lost).toBeGreaterThan(0)
      // The virtual server is up at the start as well.
      expect(heard.length + lost).toBe((2 * ROUNDS - 1) * (SERVERS + 1) + 1)
      const last = new Map(heard.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').at(-1)]))
      expect(last.size).toBe(SERVERS + 1)
      expect(new Set(last.values())).toEqual(new Set(['DOWN']))
      expect(daemon.process.output.match(/nobody reads the FIFO/g)).toHaveLength(1)
      expect(daemon.process.output).toMatch(new RegExp(`FIFO is read again.*lost=${lost}`))
      expect(daemon.process.output.match(/(error|warn) +script (is not|cannot be) run/g)).toHaveLength(
        ROUNDS * SERVERS * 0.2,
      )
    } finally {
      listener.close()
    }
    await daemon.stop()
  },
  900_000,
)

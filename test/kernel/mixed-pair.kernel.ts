/**
 * A pair of directors of which one is keepalived over the kernel's IPVS and the other Holdfast over its embedded core: each
 * takes over the connections of the other, those that were made by the other too, and no byte of them is lost.
 */
import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { VIRTUAL_ADDRESS } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { echoes, type Host, Streams, until } from '../lab/library/index.ts'
import { type Method, placesOf, portsOf, synchronised, syncScene } from '../lab/sync-scene.ts'
import { within } from './both-daemons.ts'

const METHODS: readonly Method[] = ['DR', 'NAT', 'TUN']
/** Connections by each method, at first and then again. */
const EACH = 3
const ALL = EACH * METHODS.length
const BYTES = 256
/** Neither comes back by itself: each move is one that the test makes. */
const common = { methods: METHODS, advertInt: 1, router: ['nopreempt'] }

/** Established connections in the kernel's table. */
function established(host: Host): number {
  const [program = '', ...argv] = host.inside('cat', '/proc/net/ip_vs_conn')
  return execFileSync(program, argv, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('ESTABLISHED')).length
}

lab(
  'keepalived over IPVS and Holdfast over its core take over from each other, with every byte of every connection',
  async (lab) => {
    execFileSync('modprobe', ['-a', 'ip_vs', 'ip_vs_rr', 'ipip'])
    const { client, strong: kernel, weak: core, near, far } = syncScene(lab)
    kernel.sysctl('net.ipv4.ip_forward=1')
    // Every tenth packet is told instead of every fiftieth, as Holdfast is told below: what is emulated is slow.
    kernel.sysctl('net.ipv4.vs.sync_threshold=3 10')
    near.ip('link', 'set', 'tunl0', 'up')
    await Promise.all([echoes(near, ...portsOf(METHODS, true)), echoes(far, ...portsOf(METHODS, false))])
    await kernel.keepalived(synchronised({ ...common, priority: 200 }), [])
    await kernel.holds(VIRTUAL_ADDRESS, within)
    const holdfast = await core.holdfastd(
      `${synchronised({ ...common, priority: 100 })}lvs_settings {\n  sync_period 10\n}\n`,
      { within },
    )
    const goOn = async (streams: Streams) =>
      expect((await streams.goOn(BYTES, within)).filter(({ fault }) => fault !== undefined)).toEqual([])

    const streams = await Streams.open(client, EACH, placesOf(METHODS))
    await goOn(streams)
    await holdfast.shows(
      'it has heard of every connection of the kernel',
      ({ forwarding }) => (forwarding?.sync?.counters?.['connections-entered'] ?? 0) >= ALL,
      within,
    )
    kernel.cut()
    await core.holds(VIRTUAL_ADDRESS, within)
    await goOn(streams)

    kernel.mend()
    streams.more(EACH)
    await until('the kernel has heard of those of Holdfast as well', () => established(kernel) >= 2 * ALL, {
      within,
      detail: () => `${established(kernel)} are there`,
    })
    core.cut()
    await kernel.holds(VIRTUAL_ADDRESS, within)
    await goOn(streams)
    expect(await streams.end(within)).toEqual({ ended: 2 * ALL, faults: [] })
  },
  600_000,
)

/** A whole daemon with `--backend ipvs`: the kernel's IPVS balances what the configuration says. */
import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { instance, VIRTUAL_ADDRESS, webService } from '../lab/configurations.ts'
import { lab } from '../lab/lab-test.ts'
import { type Host, until } from '../lab/library/index.ts'
import { natted } from '../lab/scenes.ts'
import { returnsSlowly } from '../lab/slow-start-scene.ts'
import { within } from './both-daemons.ts'

const ALONE = instance({ version: 3, priority: 100 })
const REAL_SERVERS = ['10.0.0.21 80', '10.0.0.22 80']
const LIMIT = 600_000
/** Everything is ten to twenty times slower here. */
const PATIENCE = 60_000

/** Debian's ipvsadm, as the witness of what the kernel holds. */
const listed = (host: Host): string =>
  execFileSync(...commandOf(host.inside('ipvsadm', '-S', '-n')), { encoding: 'utf8' })
const daemonsOf = (host: Host): string =>
  execFileSync(...commandOf(host.inside('ipvsadm', '--list', '--daemon')), { encoding: 'utf8' })
const commandOf = ([program = '', ...argv]: readonly string[]): [string, string[]] => [program, argv]

const answers = async (client: Host): Promise<string> =>
  (await client.exec('curl', '-s', '-m', '5', `http://${VIRTUAL_ADDRESS}/`)).stdout.trim()

lab(
  'requests reach every living server in turn, what others put stays, and a stop takes away what was ours alone',
  async (lab) => {
    const { client, directors, servers } = natted(lab)
    const director = directors[0]!
    const others = ['-A', '-t', '192.0.2.99:99', '-s', 'rr']
    execFileSync(...commandOf(director.inside('ipvsadm', ...others)))
    const [first] = await Promise.all(servers.map((host, i) => host.nginx({ listen: ['80'], body: `web${i + 1}` })))
    const synchronised = 'global_defs {\n  lvs_sync_daemon eth0 VI_51\n}\n'
    const configuration = synchronised + ALONE + webService({ method: 'NAT', realServers: REAL_SERVERS })
    const daemon = await director.holdfastd(configuration, { options: ['--backend', 'ipvs'], within })
    await director.holds(VIRTUAL_ADDRESS, PATIENCE)
    // The kernel's own sync daemons follow the virtual router's state.
    await until('a master tells', () => /^master sync daemon \(mcast=eth0, syncid=51/.test(daemonsOf(director)), {
      within: PATIENCE,
      detail: () => daemonsOf(director),
    })
    expect(daemonsOf(director)).not.toContain('backup')
    await until(
      'it says so',
      () => /backup sync daemon runs[\s\S]*master sync daemon runs/.test(daemon.process.output),
      {
        within: PATIENCE,
        detail: () => daemon.process.output,
      },
    )
    await until('both servers are in the table', () => listed(director).split('\n').length >= 4, { within: PATIENCE })
    expect(listed(director).trim().split('\n').sort()).toEqual([
      '-A -t 192.0.2.100:80 -s rr',
      '-A -t 192.0.2.99:99 -s rr',
      '-a -t 192.0.2.100:80 -r 10.0.0.21:80 -m -w 1',
      '-a -t 192.0.2.100:80 -r 10.0.0.22:80 -m -w 1',
    ])

    const bodies: string[] = []
    for (let i = 0; i < 6; i++) bodies.push(await answers(client))
    expect(bodies.toSorted()).toEqual(['web1', 'web1', 'web1', 'web2', 'web2', 'web2'])

    // The kernel's own count of them; it is the estimator's, which is up to two seconds late.
    const shown = await daemon.shows(
      'the connections are counted',
      ({ forwarding }) =>
        forwarding?.services.some(
          ({ key, destinations }) =>
            key === `tcp/${VIRTUAL_ADDRESS}:80` &&
            destinations.reduce((sum, { connections }) => sum + connections, 0) === 6,
        ) === true,
      PATIENCE,
    )
    expect(shown.forwarding?.backend).toBe('ipvs')

    await first!.stop('SIGKILL')
    await until('the dead server left the table', () => !listed(director).includes('10.0.0.21'), { within: PATIENCE })
    expect(new Set([await answers(client), await answers(client), await answers(client)])).toEqual(new Set(['web2']))

    await daemon.stop()
    expect(listed(director).trim()).toBe('-A -t 192.0.2.99:99 -s rr')
    expect(daemonsOf(director)).toBe('')
  },
  LIMIT,
)

lab(
  'a server that comes back slowly is listed by ipvsadm with weights that grow up to its own',
  (lab) =>
    returnsSlowly(
      lab,
      async (director) => execFileSync(...commandOf(director.inside('ipvsadm', '-Ln')), { encoding: 'utf8' }),
      { slowStart: 60, within: PATIENCE, options: ['--backend', 'ipvs'] },
    ),
  LIMIT,
)

/**
 * The same answers of the same servers to Debian's keepalived and to Holdfast over the kernel's IPVS, side by side: the same
 * verdict on each server, and the same weight in the table, but where docs/differences.md says otherwise.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lab } from '../lab/lab-test.ts'
import { certify } from '../lab/library/certificates.ts'
import { FifoListener, type Host, type Lab, type Segment } from '../lab/library/index.ts'
import { repositoryRoot } from '../lab/library/root.ts'
import { until } from '../lab/library/wait.ts'
import { start, tableOf, within } from './both-daemons.ts'
import { files, verdictRows as rows, type Verdict, type VerdictRow } from './verdict-rows.ts'

const SERVER = '192.0.2.21'
const FIRST_PORT = 3001
const portOf = (row: VerdictRow): number => FIRST_PORT + rows.indexOf(row)

const directors = { keepalived: '192.0.2.11/24', holdfast: '192.0.2.12/24' } as const
type Name = keyof typeof directors
const verdictBy = (name: Name, { verdict, keepalived }: VerdictRow): Verdict =>
  name === 'keepalived' && keepalived !== undefined ? keepalived.verdict : verdict

/** In the one service a server is down until it is found up, in the other it is the other way round. */
const services: Readonly<Record<Verdict, { readonly address: string; readonly more: string }>> = {
  UP: { address: '192.0.2.100', more: 'alpha' },
  DOWN: { address: '192.0.2.101', more: '' },
}
/** A server is in the service in which a verdict on it is told. */
const isIn = (verdict: Verdict) => (row: VerdictRow) => row.verdict === verdict || row.keepalived?.verdict === verdict

/**
 * Each is asked once, with all the time that a slow machine takes. Who is to be late is asked again and again: one of the two may
 * be content with what the other waits in vain for, and may be late itself at first.
 */
const timing = (row: VerdictRow): string => (row.late ? 'connect_timeout 2\ndelay_loop 2\nretry 0' : '')

function configuration(directory: string): string {
  const tracked = Object.keys(files).map((name) => `track_file ${name} {\nfile ${directory}/${name}\nweight 1\n}\n`)
  const virtual = Object.entries(services).map(
    ([verdict, { address, more }]) => `virtual_server ${address} 80 {
  delay_loop 600
  warmup 0
  connect_timeout 60
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  ${more}
${rows
  .filter(isIn(verdict as Verdict))
  .map((row) => `real_server ${SERVER} ${portOf(row)} {\n${row.real(timing(row))}\n}`)
  .join('\n')}
}
`,
  )
  return `global_defs {
  router_id director
  script_user root
  lvs_notify_fifo ${directory}/lvs.fifo
}
${tracked.join('')}${virtual.join('')}`
}

/** Plays all servers of the rows. */
async function serve(host: Host): Promise<void> {
  // Each refusal is told.
  host.sysctl('net.ipv4.icmp_ratelimit=0')
  const plans = rows.flatMap((row) => (row.plan === undefined ? [] : [{ ...row.plan, port: portOf(row) }]))
  const { pem, key } = certify(host, 'server')
  const program = join(repositoryRoot, 'test/kernel/scripted-servers.mjs')
  const argv = [process.execPath, program, SERVER, host.file('plans', JSON.stringify(plans)), pem, key]
  await host.spawn('servers', argv).line(/"ready"/, within)
}

type Director = {
  readonly name: Name
  /** Of what was told: `UP` where it was found up, else `DOWN` where it was found down. */
  verdictOn(row: VerdictRow): Verdict | undefined
  table(): readonly string[]
  run(): Promise<void>
  end(): Promise<void>
}

function openDirector(lab: Lab, lan: Segment, name: Name): Director {
  const host = lab.host(name, { eth0: { segment: lan, addresses: [directors[name]] } })
  for (const [file, text] of Object.entries(files)) host.file(file, `${text}\n`)
  const fifo = new FifoListener(`${host.directory}/lvs.fifo`, 50)
  let stop = async (): Promise<unknown> => undefined
  const told = (verdict: Verdict, row: VerdictRow) =>
    fifo.text.includes(`RS [${SERVER}]:tcp:${portOf(row)} [${services[verdict].address}]:tcp:80 ${verdict}\n`)
  return {
    name,
    verdictOn: (row) => (['UP', 'DOWN'] as const).find((verdict) => told(verdict, row)),
    table: () => tableOf(host),
    async run() {
      const daemon = await start[name](host, configuration(host.directory))
      stop = () => daemon.stop()
    },
    async end() {
      await stop()
      fifo.close()
    },
  }
}

lab(
  'each answer of a server gets the same verdict, and the same weight',
  async (lab) => {
    const lan = lab.segment()
    const [keepalived, holdfast] = [openDirector(lab, lan, 'keepalived'), openDirector(lab, lan, 'holdfast')]
    await serve(lab.host('server', { eth0: { segment: lan, addresses: [`${SERVER}/24`] } }))
    const both = [keepalived, holdfast]
    await Promise.all(both.map((director) => director.run()))

    const wrong = (): readonly string[] =>
      both.flatMap(({ name, verdictOn }) =>
        rows.flatMap((row) => {
          const [wanted, got] = [row.untold ? undefined : verdictBy(name, row), verdictOn(row)]
          return wanted === got ? [] : [`${name}: ${row.claim}: expected ${wanted}, got ${got}`]
        }),
      )
    await until('the verdict on every server', () => wrong().length === 0, {
      within,
      every: 500,
      detail: () => wrong().join('\n'),
    })

    const unlike = rows.filter((row) => row.keepalived !== undefined).map(portOf)
    const comparable = ({ table }: Director) =>
      table().filter((line) => !unlike.some((port) => line.includes(`${SERVER}:${port} `)))
    await until('the same weights', () => `${comparable(holdfast)}` === `${comparable(keepalived)}`, {
      within,
      every: 500,
      detail: () => both.map(({ name, table }) => `${name}:\n${table().join('\n')}`).join('\n'),
    })
    await Promise.all(both.map((director) => director.end()))

    const differences = readFileSync(join(repositoryRoot, 'docs/differences.md'), 'utf8')
    for (const { keepalived } of rows) if (keepalived !== undefined) expect(differences).toContain(keepalived.because)
  },
  900_000,
)

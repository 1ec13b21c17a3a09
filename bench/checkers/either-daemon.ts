/** keepalived and Holdfast, started and asked alike. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Host, type LabProcess, quietEnvironment, repositoryRoot, until } from '../../test/lab/library/index.ts'

export type Daemon = {
  /** The process that checks. */
  readonly checker: number
  /** All of them with their names. */
  readonly processes: readonly (readonly [name: string, pid: number])[]
  /**
   * Reloads with this text; resolves once the daemon has said that it is done, with the seconds since it was told.
   * @param told  the change has come to the FIFO as well; Holdfast is waited for until then, keepalived loses lines at reloads
   */
  reload(text: string, told: () => boolean): Promise<number>
  stop(): Promise<unknown>
}

/** A scene with one of the two. */
export type Play = {
  readonly director: Host
  readonly servers: Host
  start(text: string): Promise<Daemon>
  /** What this daemon's configuration begins with. */
  readonly own: string
  /** Reloads to measure. */
  readonly rounds: number
}

/** The table of both is the kernel's IPVS, where it has one; else Holdfast's own, and keepalived's orders go nowhere. */
export const kernelHasIpvs = existsSync('/proc/net/ip_vs')

/** Milliseconds that a start or a reload may take: keepalived's needs minutes for 40,000 servers. */
export const PATIENCE = 1_800_000

export const daemons: Readonly<
  Record<
    'Holdfast' | 'keepalived',
    { readonly own: string; readonly rounds: number; start(host: Host, text: string): Promise<Daemon> }
  >
> = {
  Holdfast: {
    own: 'lvs_settings {\n  destination_table_size 65536\n}\n',
    rounds: 5,
    async start(host, text) {
      const options = kernelHasIpvs ? ['--backend', 'ipvs'] : []
      const daemon = await host.holdfastd(text, { options, within: PATIENCE })
      const roles = (await daemon.status()).roles.flatMap(({ role, pid }) =>
        pid === undefined ? [] : [[role, pid] as const],
      )
      return {
        checker: roles.find(([role]) => role === 'checker')?.[1] ?? 0,
        processes: [['supervisor', daemon.pid], ...roles],
        reload(next, told) {
          daemon.configure(next)
          return reloaded(daemon.process, /"msg":"reloaded"| reloaded\b/, told)
        },
        stop: () => daemon.stop(),
      }
    },
  },
  keepalived: {
    own: '',
    // Of 2,000 services its reload takes a quarter of an hour.
    rounds: 1,
    async start(host, text) {
      const at = (name: string): string => join(host.directory, name)
      const file = host.file('keepalived.conf', text)
      // Of all its processes: it does not start beside another one's.
      const pids = ['-p', at('keepalived.pid'), '-c', at('checkers.pid'), '-r', at('vrrp.pid'), '-b', at('bfd.pid')]
      const pretended = { ...quietEnvironment(), LD_PRELOAD: join(repositoryRoot, 'build/tools/pretend-ipvs.so') }
      const argv = ['keepalived', '-n', '-l', '-G', '-D', '-C', '-f', file, ...pids]
      const daemon = host.spawn('keepalived', argv, kernelHasIpvs ? quietEnvironment() : pretended)
      await daemon.line(/Startup complete/, PATIENCE)
      const checker = Number(readFileSync(at('checkers.pid'), 'utf8'))
      return {
        checker,
        processes: [
          ['parent', daemon.pid],
          ['checkers', checker],
        ],
        reload(next) {
          writeFileSync(file, next)
          return reloaded(daemon, /Reload complete/)
        },
        stop: () => daemon.stop('SIGTERM'),
      }
    },
  },
}

async function reloaded(process: LabProcess, done: RegExp, told = () => true): Promise<number> {
  const before = process.lines.length
  const from = performance.now()
  process.signal('SIGHUP')
  const said = () => process.lines.slice(before).some(({ text }) => done.test(text))
  await until('it is reloaded', () => said() && told(), {
    within: PATIENCE,
    every: 5,
    detail: () => process.output.slice(-2_000),
  })
  return (performance.now() - from) / 1_000
}

/** keepalived and Holdfast over the kernel's IPVS, started and asked alike. */
import { execFileSync } from 'node:child_process'
import type { Host, LabProcess } from '../lab/library/index.ts'

/** Everything is ten to twenty times slower here. */
export const within = 240_000

export type Daemon = {
  readonly process: LabProcess
  readonly configurationFile: string
  stop(): Promise<number | string>
}

export const start = {
  holdfast: (host: Host, text: string): Promise<Daemon> =>
    host.holdfastd(text, { options: ['--backend', 'ipvs'], within }),
  keepalived: (host: Host, text: string): Promise<Daemon> => host.keepalived(text, []),
} as const

/** What the kernel holds, a line each, by Debian's ipvsadm. */
export function tableOf(host: Host): readonly string[] {
  const [program = '', ...argv] = host.inside('ipvsadm', '-S', '-n')
  return execFileSync(program, argv, { encoding: 'utf8' }).trim().split('\n').sort()
}

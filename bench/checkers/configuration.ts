import { join } from 'node:path'
import { repositoryRoot } from '../../test/lab/library/index.ts'

/** A real server of the bench: where it listens, and the text of its checker. */
export type CheckedServer = { readonly port: number; readonly checker: string; readonly weight?: number }

export const PER_SERVICE = 20

/** Accepts what comes to the port it is given, and says nothing. */
export const SINK = join(repositoryRoot, 'build/tools/sink')

export const TCP_CHECK = 'TCP_CHECK {\n      retry 1\n    }'
/** One failure is enough. */
export const STRICT_TCP_CHECK = 'TCP_CHECK {\n      retry 0\n    }'
export const HTTP_GET = 'HTTP_GET {\n      url {\n        path /\n        status_code 200\n      }\n    }'

/** 10.1.0.1 and on; all of them are one host. */
export const addressOf = (i: number): string =>
  `10.${1 + Math.floor(i / 62_500)}.${Math.floor(i / 250) % 250}.${1 + (i % 250)}`

/** Virtual servers of twenty real servers each, in words that both daemons know; what happens to them comes to the FIFO. */
export function configuration(
  servers: number,
  of: (i: number) => CheckedServer,
  { fifo, delayLoop, own }: { readonly fifo: string; readonly delayLoop: number; readonly own: string },
): string {
  const services: string[] = []
  for (let first = 0; first < servers; first += PER_SERVICE) {
    const reals = Array.from({ length: Math.min(PER_SERVICE, servers - first) }, (_, i) => {
      const { port, checker, weight = 1 } = of(first + i)
      return `  real_server ${addressOf(first + i)} ${port} {\n    weight ${weight}\n    ${checker}\n  }\n`
    })
    services.push(`virtual_server 192.0.2.100 ${1000 + first / PER_SERVICE} {
  delay_loop ${delayLoop}
  connect_timeout 3
  lb_algo rr
  lb_kind NAT
  protocol TCP
${reals.join('')}}
`)
  }
  return `${own}global_defs {\n  script_user root\n  lvs_notify_fifo ${fifo}\n}\n${services.join('')}`
}

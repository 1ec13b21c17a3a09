import { expect } from 'vitest'
import { webService } from './configurations.ts'
import { type Host, type Lab, until } from './library/index.ts'
import { natted } from './scenes.ts'

const WEIGHT = 20

/** Every look may take as long as this on a slow machine. */
export type Pace = {
  /** Seconds of slow_start. */
  readonly slowStart: number
  /** Milliseconds that anything may take. */
  readonly within: number
  readonly options?: readonly string[]
}

/** The weight of the server 10.0.0.21 in what `ipvsadm -Ln` prints; undefined: it is not listed. */
function listedWeight(listing: string): number | undefined {
  const [, weight] = /^ +-> 10\.0\.0\.21:80 +Masq +(\d+) /m.exec(listing) ?? []
  return weight === undefined ? undefined : Number(weight)
}

/**
 * A real server of weight 20 with slow_start goes and comes back; what the table's listing says of it, and nothing else, is
 * looked at: its whole weight, then nothing, then weights that grow until it is whole again.
 * @param list  what `ipvsadm -Ln` prints on the director
 */
export async function returnsSlowly(
  lab: Lab,
  list: (director: Host) => Promise<string>,
  { slowStart, within, options = [] }: Pace,
): Promise<void> {
  const { directors, servers } = natted(lab)
  const [director, server] = [directors[0]!, servers[0]!]
  const web = await server.nginx({ listen: ['80'], body: 'web1' })
  const checker = [`weight ${WEIGHT}`, `slow_start ${slowStart}`, 'TCP_CHECK {', 'connect_timeout 1', 'retry 0', '}']
  const service = webService({ method: 'NAT', scheduler: 'wrr', realServers: ['10.0.0.21 80'], checker })
  const daemon = await director.holdfastd(service, { options, within })
  const detail = () => daemon.process.output
  const weight = async () => listedWeight(await list(director))

  await until('it begins with its whole weight', async () => (await weight()) === WEIGHT, { within, detail })
  await web.stop('SIGKILL')
  await until('it is gone', async () => (await weight()) === undefined, { within, detail })

  await server.nginx({ listen: ['80'], body: 'web1' })
  const weights: number[] = []
  await until(
    'it is listed with its whole weight again',
    async () => {
      const now = await weight()
      if (now !== undefined && now !== weights.at(-1)) weights.push(now)
      return now === WEIGHT
    },
    { within: within + slowStart * 1000, detail },
  )
  expect(weights).toEqual(weights.toSorted((a, b) => a - b))
  // More than one weight below its own: it grew under the eyes of who looks.
  expect(weights.length).toBeGreaterThan(2)
}

/** Names by the host's resolver and /etc/services. */

import { lookup, lookupService } from 'node:dns/promises'
import { type IpAddress, parseAddress } from '../../base/index.ts'
import { readText } from '../../sys/files/index.ts'
import type { Lookups } from './session.ts'

export function systemLookups(): Lookups {
  let known: readonly ServiceName[] | undefined
  const services = () => {
    known ??= parseServices(contentsOf('/etc/services'))
    return known
  }
  return {
    async hostAddress(name) {
      try {
        return parseAddress((await lookup(name, { family: 4 })).address)
      } catch (error) {
        return noName(error)
      }
    },
    port: (name, protocol) => services().find((one) => one.protocol === protocol && one.names.includes(name))?.port,
    async findNames(addresses) {
      const found = new Map<IpAddress, string | undefined>()
      await Promise.all([...addresses].map(async (address) => found.set(address, await hostName(address))))
      return {
        host: (address) => found.get(address),
        service: (port, protocol) => services().find((one) => one.protocol === protocol && one.port === port)?.names[0],
      }
    },
  }
}

async function hostName(address: IpAddress): Promise<string | undefined> {
  try {
    return (await lookupService(address, 0)).hostname
  } catch (error) {
    return noName(error)
  }
}

/** Whatever the resolver has against a name, it has no answer. */
function noName(error: unknown): undefined {
  if (error instanceof Error && 'code' in error) return undefined
  throw error
}

function contentsOf(path: string): string {
  const text = readText(path)
  return text.ok ? text.value : ''
}

export type ServiceName = { readonly names: readonly string[]; readonly port: number; readonly protocol: string }

/** services(5): `http 80/tcp www # comment`. */
export function parseServices(text: string): readonly ServiceName[] {
  return text.split('\n').flatMap((line): ServiceName[] => {
    const [name, place = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    const [, port, protocol] = /^(\d+)\/(\w+)$/.exec(place) ?? []
    if (name === undefined || port === undefined || protocol === undefined) return []
    return [{ names: [name, ...aliases], port: Number(port), protocol }]
  })
}

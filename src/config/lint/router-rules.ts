import { addressBytes, familyOf, type IpAddress, inSubnet } from '../../base/index.ts'
import type { VirtualAddress } from '../../model/index.ts'
import type { HostNetwork } from '../ports.ts'
import { blockAround, heldBy, lineIn, type Rule } from './rule.ts'

/** Whose addresses are for the host itself, or, of a balancer's servers, for nobody to ask for. */
const LOOPBACK = 'lo'

/** What bites in vrrp_instance. */
export const routerRules: readonly Rule[] = [
  {
    name: 'auth-pass-length',
    finds: 'an auth_pass of more than 8 bytes',
    why: 'Only 8 bytes fit an advertisement: two long passwords that begin alike are the same one.',
  },
  {
    name: 'duplicate-virtual-router-id',
    finds: 'the same virtual_router_id twice on one interface',
    why: 'Each would take the advertisements of the other for those of its peer.',
  },
  {
    name: 'nopreempt-with-master',
    finds: 'nopreempt beside state MASTER',
    why: 'A router that begins as master takes the address before it could be asked to wait, so nopreempt has no effect.',
  },
  {
    name: 'virtual-address-twice',
    finds: 'a virtual address in two vrrp_instances',
    why: 'Whichever resigns takes the address away from the other.',
    look({ lowered }, complain) {
      const taken = new Map<string, (typeof lowered.routers)[number]>()
      for (const router of lowered.routers)
        for (const address of heldBy(router.value)) {
          const first = taken.get(address)
          if (first === undefined) taken.set(address, router)
          else if (first !== router)
            complain(
              router.name,
              `vrrp_instance ${router.value.name} has ${address}, which ${first.value.name} has too`,
              {
                remedy: 'leave it to one of them',
                related: [{ at: first.name, message: 'first written in this vrrp_instance' }],
              },
            )
        }
    },
  },
  {
    name: 'strict-unpingable',
    finds: 'vrrp_strict or strict_mode without accept, and a priority below 255',
    why: 'The master drops what is sent to the virtual address itself: it answers no ping, and no service on it is reached.',
    look({ lowered, nodes }, complain) {
      for (const { value, name } of lowered.routers) {
        if (value.strict !== true || value.dropsPackets !== true) continue
        const block = blockAround(nodes, name)
        complain(
          (block && lineIn(block, 'strict_mode'))?.at ?? name,
          `in strict mode the addresses of vrrp_instance ${value.name} answer no ping and no client`,
          { remedy: 'add accept, or do without strict mode' },
        )
      }
    },
  },
  {
    name: 'network-address',
    finds: 'a virtual address that is the first or the last of its IPv4 network',
    why: 'They stand for the network and for its broadcast: hosts neither ask for them nor answer.',
    look({ lowered }, complain) {
      for (const { value, name } of lowered.routers)
        for (const { address, prefixLength } of [...value.addresses, ...value.excludedAddresses]) {
          if (familyOf(address) !== 4 || prefixLength > 30) continue
          const host = hostPart(address, prefixLength)
          const last = 2 ** (32 - prefixLength) - 1
          if (host === 0 || host === last)
            complain(
              name,
              `vrrp_instance ${value.name}: ${address}/${prefixLength} is the ${host === 0 ? 'network' : 'broadcast'} address`,
              { remedy: 'correct the address or its prefix length' },
            )
        }
    },
  },
  {
    name: 'address-off-network',
    finds: 'a virtual address that is in no network of its interface, on this host',
    why: 'Its neighbours do not ask that link for it, so nobody finds it without a route.',
    look({ lowered }, complain, { networks }) {
      const here = networks?.()
      if (here === undefined) return
      const virtual = new Set(lowered.routers.flatMap(({ value }) => heldBy(value)))
      const real = here.filter(({ address }) => !virtual.has(address))
      for (const { value, name } of lowered.routers)
        for (const address of [...value.addresses, ...value.excludedAddresses]) {
          const elsewhere = otherNetwork(address, real)
          if (elsewhere !== undefined)
            complain(name, `vrrp_instance ${value.name}: ${address.address} is in ${elsewhere}`, {
              remedy: 'correct the address, or write dev and its interface behind it',
            })
        }
    },
  },
  {
    name: 'service-not-on-virtual-address',
    finds: 'a virtual_server whose address no vrrp_instance holds',
    why: 'After a failover the address does not follow, and clients find nobody.',
    look({ lowered }, complain) {
      const held = new Set(lowered.routers.flatMap(({ value }) => heldBy(value)))
      if (held.size === 0) return
      for (const { value, at } of lowered.servers)
        if (value.service.kind === 'address' && !held.has(value.service.address))
          complain(at, `no vrrp_instance holds ${value.service.address} (IPv${familyOf(value.service.address)})`, {
            remedy: 'add it to virtual_ipaddress of one',
          })
    },
  },
]

/**
 * Where an address belongs, if that is not the interface that it is put on: undefined also where this host has no say, as it
 * has no other address of the family there, or the address brings a network of its own.
 */
function otherNetwork(
  { address, prefixLength, interface: on }: VirtualAddress,
  networks: readonly HostNetwork[],
): string | undefined {
  const family = familyOf(address)
  const own = networks.filter((one) => one.interface === on && familyOf(one.address) === family)
  const holds = (one: HostNetwork) => inSubnet(one.address, address, one.prefixLength)
  if (on === LOOPBACK || own.length === 0 || own.some(holds)) return undefined
  const other = networks.find((one) => one.interface !== LOOPBACK && familyOf(one.address) === family && holds(one))
  if (other !== undefined) return `the network of ${other.interface}, not of ${on}`
  return prefixLength === (family === 4 ? 32 : 128) ? 'no network of this host' : undefined
}

/** Of an IPv4 address, as a number. */
const hostPart = (address: IpAddress, prefixLength: number): number =>
  addressBytes(address).reduce((number, byte) => number * 256 + byte, 0) % 2 ** (32 - prefixLength)

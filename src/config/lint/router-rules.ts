import { addressBytes, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import { blocks, has, lineIn, type Rule } from './rule.ts'

/** What bites in vrrp_instance and vrrp_sync_group. */
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
    look({ nodes }, complain) {
      const globally = blocks(nodes, 'global_defs').find((block) => has(block, 'vrrp_strict'))
      for (const block of blocks(nodes, 'vrrp_instance')) {
        const own = lineIn(block, 'strict_mode')
        const word = own?.words[0]?.text ?? 'true'
        const strict = own === undefined ? globally !== undefined : /^(true|on|yes)$/i.test(word)
        if (!strict || has(block, 'accept') || lineIn(block, 'priority')?.words[0]?.text === '255') continue
        complain(own?.at ?? block.at, `in strict mode the addresses of ${nameOf(block)} answer no ping and no client`, {
          remedy: 'add accept, or do without strict mode',
        })
      }
    },
  },
  {
    name: 'half-unicast',
    finds: 'unicast peers without unicast_src_ip',
    why: 'The source is then the first address of the interface, which changes when addresses come and go; the peer refuses the new one.',
    look({ nodes }, complain) {
      for (const block of blocks(nodes, 'vrrp_instance')) {
        const peers = lineIn(block, 'unicast_peer')
        if (peers !== undefined && !has(block, 'unicast_src_ip') && !has(block, 'mcast_src_ip'))
          complain(peers.at, `${nameOf(block)} has unicast peers and no source of its own`, {
            remedy: 'add unicast_src_ip with the address that the peer has in its unicast_peer',
          })
      }
    },
  },
  {
    name: 'source-is-virtual',
    finds: 'a source or a unicast peer that is a virtual address',
    why: 'Only the master holds it: the others cannot send from it, and what is sent to it reaches the master itself.',
    look({ lowered, nodes }, complain) {
      const virtual = new Set(lowered.routers.flatMap(({ value }) => heldBy(value)))
      for (const block of blocks(nodes, 'vrrp_instance')) {
        const peers = lineIn(block, 'unicast_peer')?.block?.nodes.map(({ keyword }) => keyword) ?? []
        const sources = ['unicast_src_ip', 'mcast_src_ip'].flatMap((word) => lineIn(block, word)?.words[0] ?? [])
        for (const { text, at } of [...sources, ...peers]) {
          const address = parseAddress(text)
          if (address !== undefined && virtual.has(address))
            complain(at, `${text} is a virtual address, which only the master holds`, {
              remedy: 'name an address that its host always has',
            })
        }
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
    name: 'sync-group-weight',
    finds: 'weights of what a member of a vrrp_sync_group tracks, without sync_group_tracking_weight',
    why: 'Members must keep one priority to move together, so such weights do not count.',
    look({ lowered }, complain) {
      for (const group of lowered.syncGroups) {
        if (group.value.trackingWeight) continue
        for (const router of lowered.routers) {
          if (!group.value.members.includes(router.value.name)) continue
          const weighed = router.value.tracks.find(({ weight }) => weight !== 0)
          if (weighed !== undefined)
            complain(
              router.name,
              `the weight of ${weighed.kind} ${weighed.name} does not count: ${router.value.name} is in vrrp_sync_group ${group.value.name}`,
              { remedy: 'track it in the group, or add sync_group_tracking_weight to it' },
            )
        }
      }
    },
  },
  {
    name: 'sync-group-single',
    finds: 'a vrrp_sync_group of one member',
    why: 'It has nothing to move together with; perhaps a name is missing.',
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

const heldBy = ({ addresses, excludedAddresses }: VirtualRouter): readonly IpAddress[] =>
  [...addresses, ...excludedAddresses].map(({ address }) => address)

/** Of an IPv4 address, as a number. */
const hostPart = (address: IpAddress, prefixLength: number): number =>
  addressBytes(address).reduce((number, byte) => number * 256 + byte, 0) % 2 ** (32 - prefixLength)

const nameOf = (block: {
  readonly keyword: { readonly text: string }
  readonly words: readonly { readonly text: string }[]
}) => `${block.keyword.text} ${block.words[0]?.text ?? ''}`.trimEnd()

import { parseAddress } from '../../base/index.ts'
import { blockAround, blocks, has, heldBy, lineIn, type Rule, titleOf } from './rule.ts'

/** What bites in unicast_src_ip and unicast_peer. */
export const unicastRules: readonly Rule[] = [
  {
    name: 'half-unicast',
    finds: 'unicast peers without unicast_src_ip',
    why: 'The source is then the first address of the interface, which changes when addresses come and go; the peer refuses the new one.',
    look({ nodes }, complain) {
      for (const block of blocks(nodes, 'vrrp_instance')) {
        const peers = lineIn(block, 'unicast_peer')
        if (peers !== undefined && !has(block, 'unicast_src_ip') && !has(block, 'mcast_src_ip'))
          complain(peers.at, `${titleOf(block)} has unicast peers and no source of its own`, {
            remedy: 'add unicast_src_ip with the address that the peer has in its unicast_peer',
          })
      }
    },
  },
  {
    name: 'source-without-peers',
    finds: 'unicast_src_ip without unicast_peer',
    why: 'Without peers advertisements go by multicast all the same, only from that address.',
    look({ lowered, nodes }, complain) {
      for (const { value, name } of lowered.routers) {
        const block = blockAround(nodes, name)
        const source = block && lineIn(block, 'unicast_src_ip')
        if (source !== undefined && value.unicastPeers.length === 0 && value.lacksPeers !== true)
          complain(source.at, `vrrp_instance ${value.name} has a unicast source and no peers`, {
            remedy: 'add unicast_peer with the address of the other director, or write mcast_src_ip',
          })
      }
    },
  },
  {
    name: 'own-peer',
    finds: 'a unicast peer that is the router itself',
    why: 'It is told its own advertisements, and the other director, for which the address was meant, is not.',
    look({ lowered, nodes }, complain) {
      for (const { value, name } of lowered.routers) {
        if (value.source === undefined || !value.unicastPeers.includes(value.source)) continue
        const block = blockAround(nodes, name)
        const peers = (block && lineIn(block, 'unicast_peer'))?.block?.nodes ?? []
        const line = peers.find(({ keyword }) => parseAddress(keyword.text) === value.source)
        complain(line?.at ?? name, `vrrp_instance ${value.name} has its own address ${value.source} among its peers`, {
          remedy: 'name the other director, and leave this one out',
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
]

import { parseAddress } from '../../base/index.ts'
import { describedServers, type SchedulerName } from '../../model/index.ts'
import { serverTitle } from '../lower/index.ts'
import type { Node } from '../syntax/index.ts'
import { blocks, lineIn, nodeAt, type Rule } from './rule.ts'

const WEIGHTLESS: ReadonlySet<SchedulerName> = new Set(['rr', 'lc', 'dh'])

/** What bites in virtual_server and real_server. */
export const serviceRules: readonly Rule[] = [
  {
    name: 'port-mapping',
    finds: 'another port at a real server than at its virtual server, by direct routing or tunnel',
    why: 'Both hand packets on as they are: the port cannot change on the way.',
  },
  {
    name: 'quorum-too-high',
    finds: 'a quorum that all weights together do not reach',
    why: 'It could never be had, so the virtual server would count as down for ever.',
  },
  {
    name: 'without-checker',
    finds: 'a real server without a checker',
    why: 'It counts as up for ever: when it dies, its share of the clients finds nobody.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers) {
        const described = describedServers(value)
        const blind = described.filter(({ checkers }) => checkers.length === 0)
        if (blind.length === 0) continue
        // A checker that is not supported has been complained of already, and would be told of twice.
        const all = blind.length === described.length
        const block = nodeAt(nodes, at)
        const first = serverNode(block, blind[0])
        complain(
          first?.at ?? at,
          all
            ? `no real server of ${serverTitle(value)} is checked`
            : `${blind.length} of ${described.length} real servers of ${serverTitle(value)} are not checked`,
          { remedy: 'add TCP_CHECK or HTTP_GET to each' },
        )
      }
    },
  },
  {
    name: 'weight-zero',
    finds: 'a real server of weight 0',
    why: 'It gets no new connections. That is right for a server on its way out, and for fo and ovf a wrong place to stay.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers)
        for (const server of value.realServers) {
          if (server.weight !== 0) continue
          const block = nodeAt(nodes, at)
          const own = serverNode(block, server)
          const place = (own && lineIn(own, 'weight')) ?? own ?? (block && lineIn(block, 'weight'))
          complain(place?.at ?? at, `real_server ${server.address} of ${serverTitle(value)} gets no new connections`, {
            remedy: 'give it a weight, or comment it out',
          })
        }
    },
  },
  {
    name: 'weight-without-effect',
    finds: 'real servers of different weights under a scheduler that gives each the same',
    why: 'rr, lc and dh only ask whether a weight is 0; the larger server gets no more than the others.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers) {
        const weights = new Set(describedServers(value).flatMap(({ weight }) => (weight === 0 ? [] : weight)))
        if (!WEIGHTLESS.has(value.scheduler) || weights.size < 2) continue
        const block = nodeAt(nodes, at)
        const place = block && (lineIn(block, 'lb_algo') ?? lineIn(block, 'lvs_sched'))
        complain(
          place?.at ?? at,
          `${value.scheduler} of ${serverTitle(value)} does not regard the weights of its servers`,
          {
            remedy: value.scheduler === 'lc' ? 'write wlc' : 'write wrr',
          },
        )
      }
    },
  },
  {
    name: 'slow-start-without-effect',
    finds: 'slow_start under a scheduler that gives each server the same, or for a server of weight 1',
    why: 'It lets the weight grow in whole steps: rr, lc and dh only ask whether one is 0, and 1 has none below it.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers) {
        const slow = describedServers(value).filter(({ slowStart }) => slowStart !== undefined)
        const isWeightless = WEIGHTLESS.has(value.scheduler)
        const found = isWeightless ? slow[0] : slow.find(({ weight }) => weight === 1)
        if (found === undefined) continue
        const block = nodeAt(nodes, at)
        const own = serverNode(block, found)
        const place = (own && lineIn(own, 'slow_start')) ?? (block && lineIn(block, 'slow_start'))
        complain(
          place?.at ?? at,
          isWeightless
            ? `slow_start does nothing under ${value.scheduler} of ${serverTitle(value)}`
            : `slow_start does nothing for a server of weight 1 in ${serverTitle(value)}`,
          {
            remedy: isWeightless
              ? `write ${value.scheduler === 'lc' ? 'wlc' : 'wrr'}`
              : 'write weight 20 or more for each',
          },
        )
      }
    },
  },
  {
    name: 'real-server-is-virtual',
    finds: 'a real server at the virtual address of its virtual server',
    why: 'The director would send clients to itself, over and over.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers)
        for (const server of value.realServers) {
          if (value.service.kind !== 'address' || server.address !== value.service.address) continue
          const place = serverNode(nodeAt(nodes, at), server)
          complain(place?.at ?? at, `real_server ${server.address} is the address of ${serverTitle(value)} itself`, {
            remedy: 'name the address that the server has of its own',
          })
        }
    },
  },
  {
    name: 'single-real-server',
    finds: 'a virtual server with one real server and no sorry_server',
    why: 'When that server dies the service is gone; the directors are redundant for nothing.',
    look({ lowered }, complain) {
      for (const { value, at } of lowered.servers)
        if (value.realServers.length === 1 && value.serverSources === undefined && value.sorryServer === undefined)
          complain(at, `${serverTitle(value)} has one real server and no sorry_server`, {
            remedy: 'add another real_server, or a sorry_server',
          })
    },
  },
  {
    name: 'slow-check',
    finds: 'a checker that may take longer than the time to its next probe',
    why: 'A server that hangs is then noticed later than delay_loop promises.',
    look({ lowered, nodes }, complain) {
      for (const { value, at } of lowered.servers)
        for (const server of value.realServers) {
          const slow = server.checkers.find(
            (one) => 'target' in one && one.target.connectTimeout > one.timing.delayLoop,
          )
          if (slow === undefined || !('target' in slow)) continue
          const place = serverNode(nodeAt(nodes, at), server)
          complain(
            place?.at ?? at,
            `a probe of ${server.address} may take ${slow.target.connectTimeout / 1e6} s, and the next is due after ${slow.timing.delayLoop / 1e6} s`,
            { remedy: 'shorten connect_timeout, or lengthen delay_loop' },
          )
          break
        }
    },
  },
  {
    name: 'sorry-server-twice',
    finds: 'a sorry_server that is one of the real servers',
    why: 'It is asked to stand in for itself.',
    look({ lowered }, complain) {
      for (const { value, at } of lowered.servers) {
        const { sorryServer } = value
        if (
          sorryServer !== undefined &&
          value.realServers.some(({ address, port }) => address === sorryServer.address && port === sorryServer.port)
        )
          complain(at, `the sorry_server of ${serverTitle(value)} is one of its real servers`, {
            remedy: 'let another host, or another port, say that the service is down',
          })
      }
    },
  },
]

/** The block of a real server; undefined if it is not found by its words. */
function serverNode(block: Node | undefined, of: { readonly address: string } | undefined): Node | undefined {
  if (block === undefined || of === undefined) return undefined
  return blocks(block.block?.nodes ?? [], 'real_server').find(
    ({ words }) => parseAddress(words[0]?.text ?? '') === of.address,
  )
}

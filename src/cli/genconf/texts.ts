import { familyOf } from '../../base/index.ts'
import type { PairPlan, Placed, PlannedServer } from './answers.ts'

const PRIORITIES = [150, 100] as const

/** The configuration of one director; the two differ in router_id, priority and, with unicast, whom they speak to. */
export function directorText(plan: PairPlan, index: 0 | 1): string {
  return `${[...block('global_defs', [`router_id director${index + 1}`]), '', ...instance(plan, index), '', ...service(plan)].join('\n')}\n`
}

function instance({ directors, password, virtual, inside, ...plan }: PairPlan, index: 0 | 1): string[] {
  const unicast = [`unicast_src_ip ${directors[index]}`, ...block('unicast_peer', [directors[index === 0 ? 1 : 0]])]
  return block('vrrp_instance VI_1', [
    'state BACKUP',
    `interface ${plan.interface}`,
    `virtual_router_id ${plan.virtualRouterId}`,
    `priority ${PRIORITIES[index]}`,
    'advert_int 1',
    // Over IPv6 it is VRRPv3, which has no passwords.
    ...(familyOf(virtual.address) === 4 ? block('authentication', ['auth_type PASS', `auth_pass ${password}`]) : []),
    ...(plan.unicast ? unicast : []),
    ...block('virtual_ipaddress', [
      placedText(virtual),
      // The real servers' gateway goes with the service, or answers would find no way back.
      ...(inside === undefined ? [] : [`${placedText(inside.placed)} dev ${inside.interface}`]),
    ]),
  ])
}

const placedText = ({ address, prefixLength }: Placed): string => `${address}/${prefixLength}`

function service(plan: PairPlan): string[] {
  const { virtual, port, scheduler, method, protocol, realServers } = plan
  return block(`virtual_server ${virtual.address} ${port}`, [
    'delay_loop 6',
    `lb_algo ${scheduler}`,
    `lb_kind ${method.toUpperCase()}`,
    `protocol ${protocol.toUpperCase()}`,
    ...realServers.flatMap((server) => ['', ...realServer(plan, server)]),
  ])
}

function realServer({ check }: PairPlan, { address, port, weight }: PlannedServer): string[] {
  const page = block('HTTP_GET', [...block('url', [`path ${check}`, 'status_code 200']), 'connect_timeout 3'])
  const checker = check === 'none' ? [] : check === 'tcp' ? block('TCP_CHECK', ['connect_timeout 3']) : page
  return block(`real_server ${address} ${port}`, [`weight ${weight}`, ...checker])
}

const block = (head: string, lines: readonly string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => (line === '' ? '' : `  ${line}`)),
  '}',
]

/** For a person, or a shell, on a real server. */
export function realServerText(plan: PairPlan): string {
  const { method, virtual, inside } = plan
  const lines =
    method === 'nat'
      ? [
          '# The way back to clients leads through the director that is master.',
          `ip${familyOf(virtual.address) === 4 ? '' : ' -6'} route replace default via ${inside?.placed.address}`,
        ]
      : [
          '# The virtual address on lo, and silence about it in ARP. To keep it so, also through a restart of the network:',
          `#   echo 'WORDS=${realServerWords(plan)}' > /etc/default/holdfast-realserver && systemctl enable --now holdfast-realserver`,
          `holdfast realserver up ${realServerWords(plan)}`,
        ]
  const servers = plan.realServers.map(({ address }) => address).join(', ')
  return ['#!/bin/sh', `# On each real server: ${servers}`, 'set -e', ...lines, ''].join('\n')
}

const realServerWords = ({ method, virtual }: PairPlan): string =>
  method === 'tun' ? `${virtual.address} --arrival ipip` : virtual.address

import type { Rule } from '../lint/rule.ts'

/** What two directors' files are asked, by the names under which `compare` tells it. */
export const pairRules: readonly Rule[] = [
  {
    name: 'pair-router-missing',
    finds: 'a virtual_router_id and family that the other file does not have',
    why: 'Nobody takes over: each is master of its own, with the same address perhaps.',
  },
  {
    name: 'pair-version',
    finds: 'version',
    why: "Each refuses the other's advertisements, and both become master.",
  },
  {
    name: 'pair-interval',
    finds: 'advert_int',
    why: 'Version 2 refuses another interval, and both become master; version 3 fails over later one way than the other.',
  },
  {
    name: 'pair-authentication',
    finds: 'kind of authentication, password or keys (they are compared, and never shown)',
    why: "Each refuses the other's advertisements, and both become master.",
  },
  {
    name: 'pair-addresses',
    finds: 'virtual_ipaddress with its prefix lengths; `virtual_ipaddress_excluded` is a warning',
    why: 'After a failover some addresses are gone; of advertised ones the other list is refused besides.',
  },
  {
    name: 'pair-unicast',
    finds: 'unicast here, multicast there',
    why: 'Neither hears the other, and both become master.',
  },
  { name: 'pair-group', finds: 'mcast_dst_ip', why: 'Neither hears the other, and both become master.' },
  {
    name: 'pair-peers',
    finds: 'a unicast_src_ip that is not among the peers of the other',
    why: 'What it sends does not arrive, or is refused.',
  },
  {
    name: 'pair-priority',
    finds: 'the same priority',
    why: 'Which of the two is master is then left to their addresses.',
  },
  {
    name: 'pair-state',
    finds: 'state MASTER on both',
    why: 'Whoever starts takes the addresses first and asks later.',
  },
  {
    name: 'pair-weight',
    finds: 'a tracker whose weight does not bring the master below its peer',
    why: 'What it watches fails, and nothing moves.',
  },
  { name: 'pair-router-id', finds: 'the same router_id', why: 'Mails and SNMP do not tell which of the two speaks.' },
  {
    name: 'pair-service-missing',
    finds: 'a virtual_server on one only',
    why: 'After a failover nobody serves it.',
  },
  {
    name: 'pair-service-settings',
    finds: 'lb_algo, persistence_timeout, quorum or sorry_server',
    why: 'After a failover clients are balanced otherwise.',
  },
  {
    name: 'pair-real-servers',
    finds: 'real servers, their weights and methods',
    why: 'After a failover clients meet other servers.',
  },
]

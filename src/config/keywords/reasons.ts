import type { KeywordFacts } from './facts.ts'

type Reason = Required<Pick<KeywordFacts, 'here' | 'why' | 'remedy'>>

/** Words that do nothing here: why, and what to do instead. */
const accepted = (why: string, remedy = 'remove them'): Reason => ({ here: 'accepted', why, remedy })

export const NO_SNMP = accepted(
  'there is no SNMP agent; its words have no effect',
  'read `holdfast status --json` or the dumps of SIGUSR2 and SIGRTMIN+2 instead',
)
export const NO_DBUS = accepted(
  'there is no interface to D-Bus; its words have no effect',
  'use notify scripts, vrrp_notify_fifo or `holdfast status --json` instead',
)
export const NO_POLLING = accepted('links are not polled, the kernel tells of them; linkbeat words have no effect')
export const NO_BFD_NAME = accepted(
  'BFD runs in the vrrp role and has no process to be named; bfd_process_name has no effect',
  'write vrrp_process_name',
)
export const NO_BFD_NICENESS = accepted(
  'BFD runs in the vrrp role, in the real-time class, which goes before every nice value; bfd_priority has no effect',
  'write vrrp_priority for the whole role',
)
export const NO_SEED = accepted(
  'random numbers are never foretold: names made of _RANDOM, first checks and ids of DNS questions differ each time; random_seed has no effect',
  'remove it, and write fixed values where a start has to be like another',
)
export const NO_COPY = accepted(
  'no copy of the configuration is made to read from; tmp_config_directory has no effect',
  'remove it; config_save_dir keeps copies of what took effect',
)
export const NO_FORCE = accepted(
  'a checker runs without privileges, so its buffers cannot exceed the system limit; lvs_netlink_*_force have no effect',
  'remove them, and raise net.core.rmem_max if that is needed',
)
export const NO_GROUP_MARKS = accepted(
  'each address of a virtual_server_group is a service of its own, whatever their number; nftables_ipvs* have no effect',
)
export const NO_IPTABLES = accepted(
  'the firewall is told by nftables, in a table of our own; vrrp_iptables, vrrp_ipsets and namespace_with_ipsets have no effect',
  'remove them; nftables gives the table its name, and is used where it is needed without a word',
)
export const NO_MEANING = accepted('keepalived does nothing with debug and hashed either', 'remove them')
export const NO_PORT = accepted('a ping has no port; connect_port has no effect', 'remove it')
export const NO_TLS = accepted(
  'a check without TLS sends no server name; enable_sni and sni_name have no effect',
  'remove them, or write SSL_GET',
)
export const NO_STACK = accepted(
  'patterns are matched without a stack of their own, within limits of steps and memory; regex_stack has no effect',
  'remove it',
)

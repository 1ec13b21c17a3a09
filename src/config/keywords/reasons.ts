/** Why words that are accepted do nothing. */
export const NO_SNMP = 'there is no SNMP yet; its words have no effect'
export const NO_POLLING = 'links are not polled, the kernel tells of them; linkbeat words have no effect'
export const NO_CPU_LIMIT =
  'a limit of some milliseconds would end a process in the middle of a garbage collection; *_rlimit_rttime has no effect'
export const NO_WAITING_ANSWERS =
  'answers to netlink commands are read as they come, whatever their number; *_netlink_cmd_rcv_bufs have no effect'
export const ALWAYS_FORCED =
  'buffers of netlink sockets may always exceed the system limit; *_rcv_bufs_force have no effect'
export const CHECKER_READS_ANEW =
  'news of addresses that a checker misses is made good by reading all anew; lvs_netlink_monitor_rcv_bufs has no effect'
export const NO_BFD_PROCESS = 'BFD runs in the vrrp role; words about a process of its own have no effect'
export const NO_SEED = 'random numbers are never foretold; random_seed has no effect'
export const NO_COPY = 'no copy of the configuration is made; tmp_config_directory has no effect'
export const NO_DBUS = 'there is no interface to D-Bus; its words have no effect'
export const NO_GROUP_MARKS =
  'each address of a virtual_server_group is a service of its own, whatever their number; nftables_ipvs* have no effect'

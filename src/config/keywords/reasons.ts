/** Why words that are accepted do nothing. */
export const NO_SNMP = 'there is no SNMP yet; its words have no effect'
export const NO_POLLING = 'links are not polled, the kernel tells of them; linkbeat words have no effect'
export const NO_CPU_LIMIT =
  'a limit of some milliseconds would end a process in the middle of a garbage collection; *_rlimit_rttime has no effect'
export const OWN_BUFFERS =
  'buffers of netlink sockets are large as they are, and what is lost is made good by reading all anew; *_rcv_bufs have no effect'
export const NO_BFD_PROCESS = 'BFD runs in the vrrp role; words about a process of its own have no effect'
export const NO_SEED = 'random numbers are never foretold; random_seed has no effect'
export const NO_COPY = 'no copy of the configuration is made; tmp_config_directory has no effect'
export const NO_LOCKED_MEMORY =
  'V8 gives memory back in a way that the kernel refuses for locked pages, and dies; *_no_swap have no effect, MemorySwapMax=0 in the unit of systemd has'
export const NO_DBUS = 'there is no interface to D-Bus; its words have no effect'
export const NO_GROUP_MARKS =
  'each address of a virtual_server_group is a service of its own, whatever their number; nftables_ipvs* have no effect'

/** Numbers of the kernel's socket interface, named as in its headers. */

export const AF_INET = 2
export const AF_INET6 = 10
export const AF_PACKET = 17

export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_RCVBUF = 8
export const SO_PRIORITY = 12
export const SO_BINDTODEVICE = 25
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33
export const SO_TIMESTAMPNS = 35
export const SCM_TIMESTAMPNS = SO_TIMESTAMPNS
export const SO_RXQ_OVFL = 40
export const SO_MEMINFO = 55
/** linux/pkt_sched.h: what keeps the network together goes first. */
export const TC_PRIO_CONTROL = 7

export const ETH_P_ALL = 0x0003
export const ETH_P_IP = 0x0800
export const ETH_P_ARP = 0x0806
export const ETH_P_IPV6 = 0x86dd

export const IPPROTO_ICMPV6 = 58
export const ICMP6_FILTER = 1

export const IPPROTO_AH = 51
export const IPPROTO_VRRP = 112

export const SOL_IP = 0
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_HDRINCL = 3
export const IP_PKTINFO = 8
export const IP_RECVTTL = 12
export const IP_MTU_DISCOVER = 10
export const IP_PMTUDISC_DONT = 0
export const IP_TRANSPARENT = 19
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_MULTICAST_LOOP = 34
export const IP_ADD_MEMBERSHIP = 35
export const IP_MULTICAST_ALL = 49

export const SOL_IPV6 = 41
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_JOIN_GROUP = 20
export const IPV6_V6ONLY = 26
export const IPV6_MULTICAST_ALL = 29
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_HOPLIMIT = 52
export const IPV6_TCLASS = 67
export const IPV6_TRANSPARENT = 75

/** DSCP CS6, internetwork control (RFC 9568 names none; keepalived and RFC 2474 do). */
export const TOS_INTERNETWORK_CONTROL = 0xc0

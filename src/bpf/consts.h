/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Sizes, flags and names of numbers. What user space shares is repeated in src/forwarding/ebpf/layout.ts; a test compares them. */
#pragma once

#define LAYOUT_VERSION 5

/* Defaults; user space resizes the maps before it loads them. */
#define MAX_CONNECTIONS 262144
#define MAX_EMBRYOS 32768
#define MAX_TEMPLATES 262144
#define MAX_SERVICES 1024
#define MAX_DESTINATIONS 16384
#define MAX_QUEUE 4096
#define MAX_ARRIVALS 1024
/* Bytes, a power of two: what happens in some tenths of a second. */
#define NEWS_SIZE (1 << 22)
/* Entries of all lists together, and of all tables of sh, dh and mh. Powers of two. */
#define MAX_MEMBERS 524288
#define MAX_BUCKETS 1048576
#define MAX_LOCALS 4096

/* A walk of the weighted round robin ends after so many passes over the list, which it never needs. */
#define MAX_PASSES 8
/* Entries of lblc, and of lblcr; members of a set of lblcr (a power of two). */
#define MAX_LOCALITIES 131072
#define MAX_REPLICAS 32
#define NO_DESTINATION 0xffffffff

/* Without a pass by user space for so many seconds, the program makes room itself, looking at so many entries of a table. */
#define SWEEP_SILENCE 15
#define MAX_WALK 262144

/* Seconds of a connection whose state machine has not run. */
#define INITIAL_TIMEOUT 3

/* Seconds that a template stays at a time while connections made through it live. */
#define DEFERRED_TIMEOUT 60

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define ETH_HLEN 14
#define IP6_HLEN 40
#define FRAGMENT_HLEN 8 /* of IPv6 */
#define IP_HLEN 20
#define L4_OFFSET (ETH_HLEN + IP_HLEN)
#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */
#define IP_OFFSET 0x1fff
#define IP_DF 0x4000
#define IP_RESERVED 0x8000 /* set by the rules in src/forwarding/ebpf/marks.ts where there was no DF */
#define AF_INET 2
#define AF_INET6 10
#define FTP_DATA 20
#define FTP_CONTROL 21

#define TC_PASS (-1) /* TC_ACT_UNSPEC, TCX_NEXT: other programs of the interface go on, then the stack */
#define TC_DROP 2
#define TC_REDIRECT 7

/* Programs that `director` hands packets to: index of the map `stages`. */
#define STAGE_ODD 0  /* IPv4 with options, fragments: headers at variable offsets */
#define STAGE_IPV6 1
#define STAGE_ODD6 2 /* fragments of IPv6 */
#define MAX_STAGES 8

/* What the program `reap` removes although it is alive. */
#define REAP_ANY 1     /* drop_entry */
#define REAP_REMOVED 2 /* what goes to a destination that was removed (expire_nodest_conn) */

/* struct service.flags: IPVS's bits, and ours from 0x100 on */
#define SERVICE_PERSISTENT 0x01
#define SERVICE_ONE_PACKET 0x04
#define SERVICE_FALLBACK 0x08 /* sh, mh: SCHED1 */
#define SERVICE_HASH_PORT 0x10 /* sh, mh: SCHED2 */
#define SERVICE_SCHED3 0x20
#define SERVICE_TOA 0x100 /* FULLNAT: the client's address in a TCP option */

/* struct service.scheduler */
#define SCHEDULER_RR 0
#define SCHEDULER_WRR 1
#define SCHEDULER_LC 2
#define SCHEDULER_WLC 3
#define SCHEDULER_LBLC 4
#define SCHEDULER_LBLCR 5
#define SCHEDULER_SH 6
#define SCHEDULER_MH 7
#define SCHEDULER_DH 8
#define SCHEDULER_FO 9
#define SCHEDULER_OVF 10
#define SCHEDULER_SED 11
#define SCHEDULER_NQ 12
#define SCHEDULER_TWOS 13

/* struct destination.method: IPVS's numbers, and ours */
#define METHOD_NAT 0
#define METHOD_TUN 2
#define METHOD_DR 3
#define METHOD_BYPASS 4 /* of connections only: on to where the packet was going */
#define METHOD_FULLNAT 5

/* struct destination.tunnel_type, tunnel_flags: IPVS's numbers */
#define TUNNEL_IPIP 0
#define TUNNEL_GUE 1
#define TUNNEL_GRE 2
#define TUNNEL_CSUM 1
#define TUNNEL_REMCSUM 2

/* struct destination.flags */
#define DESTINATION_USED 1      /* the slot is taken */
#define DESTINATION_AVAILABLE 2 /* in its service; without it a removed one whose connections may still be there */
#define DESTINATION_LOCAL 4     /* an address of this host */

/* struct load.flags */
#define LOAD_OVERLOAD 1

/* struct template.flags */
#define TEMPLATE_ASSURED 1 /* a connection made through it was established */

/* struct settings.flags */
#define SETTINGS_ANY_PORT 0x1	/* some service has port 0 */
#define SETTINGS_MARK 0x2	/* some service goes by firewall mark */
#define SETTINGS_EXPIRE_NODEST_CONN 0x4
#define SETTINGS_EXPIRE_QUIESCENT_TEMPLATE 0x8
#define SETTINGS_SLOPPY_TCP 0x10
#define SETTINGS_SLOPPY_SCTP 0x20
#define SETTINGS_CACHE_BYPASS 0x40
#define SETTINGS_SCHEDULE_ICMP 0x80
#define SETTINGS_NAT_ICMP_SEND 0x100
#define SETTINGS_PMTU_DISC 0x200
#define SETTINGS_SECURE_TCP 0x400 /* in force now */
#define SETTINGS_NEWS 0x800 /* another director is told of connections */
#define SETTINGS_NEWS_OF_TEMPLATES 0x1000 /* where there is one, of it and not of its connections (sync_persist_mode) */

/*
 * struct connection.status: the state in the low half of the low byte, in the other half the last one that other directors were
 * told, then these, in the high byte how many bits of the client's address its template has
 */
#define STATE_MASK 0x0f
#define TOLD_STATE_MASK 0xf0
#define TOLD_STATE_SHIFT 4
#define CONNECTION_ACTIVE 0x100     /* counted as active */
#define CONNECTION_REPLY 0x200      /* the second entry of a NAT or FULLNAT connection: see struct connection */
#define CONNECTION_NAT 0x400	     /* NAT or FULLNAT: it has a reply entry */
#define CONNECTION_CONTROLLED 0x800 /* made through a template, which counts it */
#define CONNECTION_ANY_PORT 0x1000  /* that template has port 0 */
#define CONNECTION_DEAD 0x2000      /* somebody is removing it */
#define CONNECTION_EMBRYO 0x4000    /* in the table of half-open ones */
#define CONNECTION_FULLNAT 0x8000
#define CONNECTION_MARK 0x10000	    /* that template is of a firewall mark, which the destination's record has */
#define CONNECTION_NO_OUTPUT 0x20000 /* no packet of the server is expected or has been seen (direct routing, tunnels) */
#define CONNECTION_SYNCED 0x40000   /* told by another director; its client's packets have not come by here yet */
#define CONNECTION_BYPASS 0x80000
#define CONNECTION_ASSURED 0x100000  /* its template knows that it was established */
#define CONNECTION_TOA 0x200000	     /* FULLNAT: the server is to be told of the client */
#define CONNECTION_TOLD 0x400000     /* it has been, in a packet with data */
#define CLIENT_BITS_SHIFT 24

/* Why a packet left the program: index of the map `exits`, in the order of exitNames in layout.ts. */
enum exit {
	EXIT_FORWARDED,
	EXIT_REPLIED,
	EXIT_ICMP_RELAYED,
	EXIT_LOCAL,
	EXIT_NOT_TO_US,
	EXIT_NOT_IP,
	EXIT_VLAN,
	EXIT_TRUNCATED,
	EXIT_OPTIONS,
	EXIT_FRAGMENT,
	EXIT_OTHER_PROTOCOL,
	EXIT_ICMP_OTHER,
	EXIT_NO_SERVICE,
	EXIT_NO_CONNECTION,
	EXIT_FTP_DATA,
	EXIT_NO_DESTINATION,
	EXIT_DESTINATION_REMOVED,
	EXIT_TABLE_FULL,
	EXIT_COLLISION,
	EXIT_TTL,
	EXIT_TOO_BIG,
	EXIT_NO_ROUTE,
	EXIT_REWRITE_FAILED,
	EXIT_REPLY_TO_STACK,
	EXIT_ICMP_SUPPRESSED,
	EXIT_STAGE_MISSING,
	EXIT_FRAGMENT_UNKNOWN,
	EXIT_EXTENSION_HEADERS,
	EXIT_BYPASSED,
	EXIT_REPLY_SEEN,
	EXIT_REPLY_REFUSED,
	EXIT_NO_LOCAL_PORT,
	EXIT_ENCAPSULATION_FAILED,
	EXIT_DROP_PACKET,
	EXIT_CHECKSUM,
	EXIT_MARK_UNUSED,
	EXIT_MARTIAN,
	NOTE_PROMOTION_FAILED,
	NOTE_ROOM_MADE,
	NOTE_RESCHEDULED,
	NOTE_TOA_ADDED,
	NOTE_TOA_NO_ROOM,
	NOTE_DROP_ENTRY,
	NOTE_EVICTED,
	NOTE_FAST_LANE,
	NOTE_PATH_MTU,
	NOTE_NODEST_EXPIRED,
	NOTE_NEWS_TOLD,
	NOTE_NEWS_LOST,
	NOTE_NEWS_TAKEN,
	NOTE_NEWS_REFUSED,
	EXIT_COUNT,
};

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Sizes, flags and names of numbers. What user space shares is repeated in src/forwarding/ebpf/layout.ts; a test compares them. */
#pragma once

#define LAYOUT_VERSION 2

/* Defaults; user space resizes the maps before it loads them. */
#define MAX_CONNECTIONS 262144
#define MAX_EMBRYOS 32768
#define MAX_TEMPLATES 262144
#define MAX_SERVICES 1024
#define MAX_DESTINATIONS 8192
#define MAX_QUEUE 4096
/* Destinations of one service; part of the layout. */
#define LIST_SIZE 256

/* A walk of the weighted round robin gives up here: it is only this long when heavy destinations are overloaded. */
#define MAX_STEPS 65536
#define NO_DESTINATION 0xffffffff

/* Without a pass by user space for so many seconds, the program makes room itself, looking at so many entries of a table. */
#define SWEEP_SILENCE 15
#define MAX_WALK 262144

/* ICMP errors that one CPU sends in one second. */
#define ICMP_BUDGET 1000

/* Seconds, as IPVS has them. */
#define UDP_TIMEOUT 300
#define DEFERRED_TIMEOUT 60

#define ETH_P_IP 0x0800
#define ETH_HLEN 14
#define IP_HLEN 20
#define L4_OFFSET (ETH_HLEN + IP_HLEN)
#define IP_FRAGMENT 0x3fff
#define IP_DF 0x4000
#define AF_INET 2
#define FTP_DATA 20

#define TC_PASS (-1) /* TC_ACT_UNSPEC, TCX_NEXT: other programs of the interface go on, then the stack */
#define TC_DROP 2

/* struct service.flags */
#define SERVICE_PERSISTENT 1
#define SERVICE_ONE_PACKET 2

/* struct service.scheduler */
#define SCHEDULER_RR 0
#define SCHEDULER_WRR 1
#define SCHEDULER_LC 2
#define SCHEDULER_WLC 3

/* struct destination.method */
#define METHOD_NAT 0
#define METHOD_DR 3

/* struct destination.flags */
#define DESTINATION_USED 1      /* the slot is taken */
#define DESTINATION_AVAILABLE 2 /* in its service; without it a removed one whose connections may still be there */
#define DESTINATION_LOCAL 4     /* an address of this host */

/* struct load.flags */
#define LOAD_OVERLOAD 1

/* struct settings.flags */
#define SETTINGS_ANY_PORT 1 /* some service has port 0 */

/* struct connection.status: the state in the low byte, and these */
#define STATE_MASK 0xff
#define CONNECTION_ACTIVE 0x100     /* counted as active */
#define CONNECTION_REPLY 0x200      /* the second entry of a NAT connection: address and port are the virtual ones */
#define CONNECTION_NAT 0x400
#define CONNECTION_CONTROLLED 0x800 /* made through a template, which counts it */
#define CONNECTION_ANY_PORT 0x1000  /* that template has port 0 */
#define CONNECTION_DEAD 0x2000      /* somebody is removing it */
#define CONNECTION_EMBRYO 0x4000    /* in the table of half-open ones */

/* Why a packet left the program: index of the map `exits`, in the order of exitNames in layout.ts. */
enum exit {
	EXIT_FORWARDED,
	EXIT_REPLIED,
	EXIT_ICMP_RELAYED,
	EXIT_LOCAL,
	EXIT_NOT_TO_US,
	EXIT_NOT_IPV4,
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
	NOTE_PROMOTION_FAILED,
	NOTE_ROOM_MADE,
	EXIT_COUNT,
};

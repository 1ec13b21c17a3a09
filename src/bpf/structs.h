/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What the maps hold. Shared with src/forwarding/ebpf/layout.ts: no hidden padding, sizes asserted, order compared by a test.
 * Structs with an address_t exist once a family; those with a struct wide_address are shared by both programs.
 */
#pragma once
#include "address.h"
#include "consts.h"

/* One direction of a transport flow; the key of a connection. */
struct flow {
	address_t source;
	address_t target;
	__be16 source_port;
	__be16 target_port;
	__u8 protocol;
	__u8 pad[3];
};
_Static_assert(sizeof(struct flow) == (FAMILY == 6 ? 40 : 16), "flow");

/*
 * A tracked flow, or (CONNECTION_REPLY) the way back to it. Times in seconds of CLOCK_MONOTONIC. A reply entry has the
 * virtual address and port where the connection has the destination's, and the client's where that has the local ones.
 */
struct connection {
	__u32 status;
	__u32 seen;
	__u32 timeout;
	__u32 destination; /* slot; NO_DESTINATION: bypass */
	address_t address;
	address_t local; /* FULLNAT: what the server sees as the client */
	__be16 port;
	__be16 local_port;
	__u32 ifindex; /* where the client's packets come in */
	__u32 packets; /* the client's, modulo 2^32 */
	__u32 delta;   /* FULLNAT: added to the client's sequence numbers */
};
_Static_assert(sizeof(struct connection) == (FAMILY == 6 ? 64 : 40), "connection");

/* The key of a template: a client network and what it talks to; of a firewall mark's service protocol 0 and the mark as target. */
struct template_key {
	address_t client;
	address_t target;
	__be16 target_port;
	__u8 protocol;
	__u8 pad;
};
_Static_assert(sizeof(struct template_key) == (FAMILY == 6 ? 36 : 12), "template_key");

/* Persistence: clients of the key go to this destination. */
struct template {
	__u32 destination;
	__u32 seen;
	__u32 timeout;
	__s32 controlled; /* connections made through it that live */
	__u32 flags;
	__s32 half_open;	       /* how many of these are half-open, so that the kernel may evict them without telling */
	__u32 half_open_until; /* when the last of them has ended if nobody hears of it any more */
};
_Static_assert(sizeof(struct template) == 28, "template");

/* Of a firewall mark's service: protocol 0, the mark as address, port 0. */
struct service_key {
	address_t address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};
_Static_assert(sizeof(struct service_key) == (FAMILY == 6 ? 20 : 8), "service_key");

/* A service; @list tells which of its two lists is in force. */
struct service {
	__u32 id;
	__u32 list;
	__u32 flags;
	__u32 scheduler;
	__u32 persistence_timeout;
	__u32 persistence_bits; /* of client addresses, how many count */
	__u32 mark;		/* firewall mark; 0: by address */
	__be16 port;
	__u16 pad;
	__u32 locals_start; /* FULLNAT: its local addresses in `locals` */
	__u32 locals_count;
};
_Static_assert(sizeof(struct service) == 40, "service");

struct list_entry {
	__u32 destination;
	__u32 weight;
};

/* The head of a service's destinations, and where its scheduler stands. */
struct destination_list {
	__u64 cursor; /* low half: position of the last chosen one, plus 1; high half: current weight of wrr */
	__u32 count;
	__u32 start;	     /* of its entries in `members`, newest first */
	__u32 max_weight;    /* wrr: largest weight less (step - 1) */
	__u32 step;	     /* wrr: greatest common divisor of the weights */
	__u32 buckets_start; /* sh, dh, mh: of its table in `buckets` */
	__u32 buckets_count;
};
_Static_assert(sizeof(struct destination_list) == 32, "destination_list");

/* lblc, lblcr: a service and what its clients talk to, which of a firewall mark's service may be many things. */
struct locality_key {
	__u32 service;
	struct wide_address target;
};
_Static_assert(sizeof(struct locality_key) == 20, "locality_key");

/* lblc: who has it. */
struct locality {
	__u32 destination;
	__u32 used; /* when, as in struct connection */
};
_Static_assert(sizeof(struct locality) == 8, "locality");

/* lblcr: the set of those who have it, the oldest member first. */
struct replicas {
	__u32 used;
	__u32 changed;
	__u32 count;
	__u32 members[MAX_REPLICAS];
};
_Static_assert(sizeof(struct replicas) == 12 + 4 * MAX_REPLICAS, "replicas");

/* A destination as user space wants it; only user space writes it. */
struct destination {
	__u32 flags;
	__be16 port;
	__u8 protocol; /* of its service; 0: firewall mark */
	__u8 method;
	__u8 family; /* of address */
	__u8 tunnel_type;
	__u8 tunnel_flags;
	__u8 next_hop_family;
	__be16 tunnel_port;
	__u16 pad;
	__u32 ifindex; /* way out; 0: not known, look it up */
	__u32 mtu;     /* of that interface or the path; 0: not known */
	struct wide_address address;
	struct wide_address next_hop;
	struct wide_address tunnel_source; /* of the outer header */
	__u32 weight;
	__u32 service;
	struct wide_address virtual_address;
	__u32 mark;
	__be16 virtual_port;
	__u8 virtual_family;
	__u8 pad_2;
	__u32 upper;
	__u32 lower; /* as configured; 0: three quarters of upper */
	__u32 last_weight; /* the latest that was not 0, for mh */
};
_Static_assert(sizeof(struct destination) == 116, "destination");

/* What a destination carries; only programs write it. Embryos are counted apart, for the kernel may evict them. */
struct load {
	__u32 flags;
	__u32 active;
	__u32 total;
	__u32 embryo_active;
	__u32 embryo_total;
	__u32 persistent;
};
_Static_assert(sizeof(struct load) == 24, "load");

/* Totals of a destination, one record a CPU. */
struct traffic {
	__u64 conns;
	__u64 in_packets;
	__u64 out_packets;
	__u64 in_bytes;
	__u64 out_bytes;
};
_Static_assert(sizeof(struct traffic) == 40, "traffic");

/* The longest packet that the way to a tunnel's end carries. */
struct path_mtu {
	__u32 mtu;   /* 0: nothing was said */
	__u32 until; /* seconds of CLOCK_MONOTONIC */
};
_Static_assert(sizeof(struct path_mtu) == 8, "path_mtu");

struct settings {
	__u32 layout;
	__u32 flags;	       /* SETTINGS_* */
	__u32 conn_reuse_mode; /* as the sysctl */
	__u32 drop_rate;       /* one of so many packets that would open a connection is dropped; 0: none */
	__u32 icmp_budget;     /* ICMP errors that one CPU sends in one second */
	__u32 udp_timeout;
	__u32 lblc_expiration; /* seconds, as the sysctls */
	__u32 lblcr_expiration;
	__u32 tcp_timeouts[16];	 /* seconds, by state */
	__u32 sctp_timeouts[16]; /* seconds, by state */
	__u16 port_low;		 /* this host's local port range, for GUE */
	__u16 port_high;
	__u16 local_low; /* FULLNAT: ports of local addresses, both ends included */
	__u16 local_high;
	__u32 sequence_secret; /* FULLNAT: makes sequence numbers hard to guess */
	__u32 sync_threshold;  /* as the sysctls */
	__u32 sync_period;
	__u32 sync_refresh_period; /* seconds */
	__u32 sync_retries;
	/* Only user space reads these: sysctls as they were set. */
	__u32 drop_packet;
	__u32 drop_entry;
	__u32 secure_tcp;
	__u32 am_droprate;
	__u32 amemthresh;
	__u32 sync_ports;
	__u32 sync_sock_size;
	__u32 sync_version;
	__u32 marks_ifindex; /* where marked packets come in that may open a connection; 0: there are none */
};
_Static_assert(sizeof(struct settings) == 224, "settings");

/* Of drop_packet: packets that would have opened a connection. */
struct candidates {
	__u32 seen;
	__u32 pad;
};

/* Passes over the tables, by user space or by the program in its absence. */
struct sweeps {
	__u32 last;   /* when, in seconds of CLOCK_MONOTONIC */
	__u32 walked; /* entries that the program's own has seen */
};
_Static_assert(sizeof(struct sweeps) == 8, "sweeps");

/* ICMP errors sent in the current second. */
struct budget {
	__u32 second;
	__u32 sent;
};

/* Arguments of the program `reap`: the first @count of the queue are looked at. */
struct reap_arguments {
	__u32 count;
	__u32 of_templates; /* the queue holds template keys, not flows */
	__u32 removed;	 /* out */
	__u32 living;	 /* REAP_*: those too that have not expired */
};

/* Arguments of the program `settle`: corrections of one destination's load. */
struct settle_arguments {
	__u32 destination;
	__s32 embryo_active;
	__s32 embryo_total;
	__u32 pad;
};

/* News of a connection that another director is to have; of a template the next struct. Their sizes tell which it is. */
struct connection_news {
	struct flow flow;
	struct connection connection;
};
_Static_assert(sizeof(struct connection_news) == (FAMILY == 6 ? 104 : 56), "connection_news");

struct template_news {
	struct template_key key;
	struct template template;
};
_Static_assert(sizeof(struct template_news) == (FAMILY == 6 ? 64 : 40), "template_news");

/* Arguments of the program `take_in`: the first @count arrivals. */
struct take_in_arguments {
	__u32 count;
	__u32 of_templates; /* each arrival holds a struct template_news */
	__u32 as_of;	    /* seconds: what was heard of one since then is newer, and stays */
	__u32 entered;	    /* out */
	__u32 renewed;	    /* out: was here already */
	__u32 refused;	    /* out: in the way of another one, or no room */
};

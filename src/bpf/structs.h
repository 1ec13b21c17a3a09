/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What the maps hold. Shared with src/forwarding/ebpf/layout.ts: no hidden padding, sizes asserted, order compared by a test. */
#pragma once
#include <linux/types.h>

/* One direction of a transport flow; the key of a connection. */
struct flow {
	__be32 source;
	__be32 target;
	__be16 source_port;
	__be16 target_port;
	__u8 protocol;
	__u8 pad[3];
};
_Static_assert(sizeof(struct flow) == 16, "flow");

/* A tracked flow, or (CONNECTION_REPLY) the way back to it. Times in seconds of CLOCK_MONOTONIC. */
struct connection {
	__u32 status;
	__u32 seen;
	__u32 timeout;
	__u32 destination;
	__be32 address; /* the destination's; in a reply entry the virtual one */
	__be16 port;
	__u16 client_bits; /* CONNECTION_CONTROLLED: of the client's address, how many are in the template's key */
	__u32 ifindex; /* where the client's packets come in */
};
_Static_assert(sizeof(struct connection) == 28, "connection");

/* The key of a template: a client network and what it talks to. */
struct template_key {
	__be32 client;
	__be32 target;
	__be16 target_port;
	__u8 protocol;
	__u8 pad;
};
_Static_assert(sizeof(struct template_key) == 12, "template_key");

/* Persistence: clients of the key go to this destination. */
struct template {
	__u32 destination;
	__u32 seen;
	__u32 timeout;
	__s32 controlled; /* connections made through it that live */
};
_Static_assert(sizeof(struct template) == 16, "template");

struct service_key {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};
_Static_assert(sizeof(struct service_key) == 8, "service_key");

/* A service; @list tells which of its two lists is in force. */
struct service {
	__u32 id;
	__u32 list;
	__u32 flags;
	__u32 scheduler;
	__u32 persistence_timeout;
	__be32 persistence_mask;
	__be16 port;
	__u16 pad;
};
_Static_assert(sizeof(struct service) == 28, "service");

struct list_entry {
	__u32 destination;
	__u32 weight;
};

/* The destinations of a service, newest first, and where its scheduler stands. */
struct destination_list {
	__u64 cursor; /* low half: position of the last chosen one, plus 1; high half: current weight of wrr */
	__u32 count;
	__u32 max_weight; /* wrr: largest weight less (step - 1) */
	__u32 step;	  /* wrr: greatest common divisor of the weights */
	__u32 pad;
	struct list_entry entries[LIST_SIZE];
};
_Static_assert(sizeof(struct destination_list) == 24 + 8 * LIST_SIZE, "destination_list");

/* A destination as user space wants it; only user space writes it. */
struct destination {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 method;
	__u32 flags;
	__u32 service;
	__be32 virtual_address;
	__be16 virtual_port;
	__u16 pad;
	__u32 ifindex; /* way out; 0: not known, look it up */
	__be32 next_hop;
	__u32 mtu; /* of that interface; 0: not known */
	__u32 upper;
	__u32 lower; /* as configured; 0: three quarters of upper */
};
_Static_assert(sizeof(struct destination) == 44, "destination");

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
	__u64 connections;
	__u64 in_packets;
	__u64 out_packets;
	__u64 in_bytes;
	__u64 out_bytes;
};
_Static_assert(sizeof(struct traffic) == 40, "traffic");

struct settings {
	__u32 layout;
	__u32 flags;
};
_Static_assert(sizeof(struct settings) == 8, "settings");

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
	__u32 templates; /* the queue holds template keys, not flows */
	__u32 removed;	 /* out */
	__u32 pad;
};

/* Arguments of the program `settle`: corrections of one destination's load. */
struct settle_arguments {
	__u32 destination;
	__s32 embryo_active;
	__s32 embryo_total;
	__u32 pad;
};

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What a packet needs besides the stack, of which a chain of calls has 512 bytes. One a CPU: the packets of a CPU do not
 * interrupt each other. `reap`, which they do interrupt, must not touch it.
 */
#pragma once
#include "structs.h"

/* What the outer headers of a packet are made of. */
struct tunnel {
	__u32 length;	 /* of the client's packet */
	__u32 one;	 /* of each of its segments */
	__u32 header;	 /* bytes between the outer IP header and the client's packet */
	__u8 wide;	 /* outer IPv6 */
	__u8 check;	 /* GUE, GRE: with a checksum */
	__u8 protocol;	 /* that the outer IP header names */
	__u8 pad;
	__u64 sum;	 /* of the client's packet, or of each of its segments */
};

/* An ICMP error that is to be sent. */
struct due_answer {
	__u32 answer; /* enum answer */
	__u32 mtu;    /* that it tells */
	__u32 way_in; /* of the client, if it is not whom the frame came from */
	__u32 refused; /* slot of the server that gets it, if this host speaks for itself */
};

/* struct ends.tell */
#define TELL_ALWAYS 1
#define TELL_WITH_DATA 2

/* FULLNAT: what both ends of a packet become, and what changes with them. */
struct ends {
	address_t source;
	address_t target;
	address_t client; /* that the server is told of */
	__be16 source_port;
	__be16 target_port;
	__be16 client_port;
	__u8 tell;	    /* TELL_*; 0: do not */
	__u8 told;	    /* out: the packet was one to tell with */
	__u8 no_timestamps; /* take them out */
	__u8 pad[3];
	__u32 mtu;
	__u32 mss_less;
	__u32 more_sequence; /* modulo 2^32 */
	__u32 less_ack;
	__u32 pseudo;	  /* what sums over the addresses and the length change by */
	__u32 header;	  /* sum of what was put into the header */
};

/* What send_full() and send_full_reply() need of the connection in hand, whose entry may have moved. */
struct full {
	address_t local;
	__be16 local_port;
	__u16 pad;
	__u32 status;
	__u32 delta;
};

struct scratch {
	struct packet packet;
	/* open_connection(), promote() */
	struct flow flow;
	struct connection fresh;
	struct connection back;
	struct flow reply;
	/* clear_reply() */
	struct flow theirs;
	/* schedule_persistent() */
	struct template_key template_key;
	struct template template;
	/* relay_error(), see_reply(); of IPv6 output() */
	struct packet about;
	__u32 quoted[14];
	/* encapsulate() */
	struct tunnel tunnel;
	/* open_connection(): of FULLNAT's SYN */
	__u32 sequence;
	/* renew(): of the connection that ends */
	__u32 ended_status;
	__u32 ended_destination;
	/* schedule_error(): dh, lblc and lblcr are asked about a client */
	__u32 asked_of_client;
	/* send_full(), send_full_reply() */
	struct full full;
	struct ends ends;
	__be32 before[16]; /* TCP header with options */
	__be32 after[16];
	/* answer_icmp(), send_answer() */
	struct due_answer due;
	__u32 answer[26];
	/* sum_between(), shift_chunk() */
	__be32 chunk[32];
};

MAP(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1, 0);

/* NULL is for the verifier. */
static __always_inline struct scratch *own_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* A step of the decision: for IPv6, whose addresses take four times the stack, and what is odd, with a frame of its own. */
#if FAMILY == 6 || defined(ODD)
#define STEP static __noinline
#else
#define STEP static __always_inline
#endif

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
};

struct scratch {
	struct packet packet;
	/* open_connection(), promote() */
	struct connection fresh;
	struct connection back;
	struct flow reply;
	/* encapsulate() */
	struct tunnel tunnel;
	/* answer_icmp(), send_answer() */
	struct due_answer due;
	__u32 answer[26];
	/* sum_between() */
	__be32 chunk[32];
};

MAP(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1, 0);

/* NULL is for the verifier. */
static __always_inline struct scratch *own_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* A step of the decision: for IPv6, whose addresses take four times the stack, with a frame of its own. */
#if FAMILY == 6
#define STEP static __noinline
#else
#define STEP static __always_inline
#endif

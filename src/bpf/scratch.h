/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What a packet needs besides the stack, of which a chain of calls has 512 bytes. One a CPU: the packets of a CPU do not
 * interrupt each other. `reap`, which they do interrupt, must not touch it.
 */
#pragma once
#include "structs.h"

struct scratch {
	struct packet packet;
	/* open_connection(), promote() */
	struct connection fresh;
	struct connection back;
	struct flow reply;
	/* answer_icmp() of IPv6 */
	__u32 answer[44];
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

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What all schedulers look at: the entries of a list and their connections. */
#pragma once
#include "maps.h"
#include "scratch.h"

static __always_inline struct list_entry *member_at(__u32 index)
{
	return bpf_map_lookup_elem(&members, &index);
}

static __always_inline struct load *load_at(__u32 destination)
{
	return bpf_map_lookup_elem(&loads, &destination);
}

/* What dh, lblc and lblcr choose by. In the packet that an error quotes IPVS takes the end where the client is. */
static __always_inline address_t target_of(const struct flow *flow)
{
	struct scratch *scratch = own_scratch();

	return scratch && scratch->asked_of_client ? flow->source : flow->target;
}

/* Below zero for a moment when a correction and a packet meet. */
static __always_inline __u32 active_of(const struct load *load)
{
	__s32 active = load->active + load->embryo_active;

	return active > 0 ? active : 0;
}

/*
 * The weight of a destination's connections: active x 256 + total (6.12.117; before it, the second term was inactive).
 */
static __always_inline __u64 overhead_of(const struct load *load)
{
	__s32 total = load->total + load->embryo_total;

	return ((__u64)active_of(load) << 8) + (total > 0 ? total : 0);
}

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What all schedulers look at: the entries of a list and their connections. */
#pragma once
#include "maps.h"

static __always_inline struct list_entry *member_at(__u32 index)
{
	return bpf_map_lookup_elem(&members, &index);
}

static __always_inline struct load *load_at(__u32 destination)
{
	return bpf_map_lookup_elem(&loads, &destination);
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

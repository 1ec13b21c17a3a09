/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Counters: why packets left, how much destinations carried, how many connections they hold. */
#pragma once
#include "maps.h"

static __always_inline void count_exits(enum exit why, __u32 times)
{
	__u32 index = why;
	__u64 *counter = bpf_map_lookup_elem(&exits, &index);

	if (counter)
		*counter += times;
}

static __always_inline void count_exit(enum exit why)
{
	count_exits(why, 1);
}

static __always_inline int leave(enum exit why, int verdict)
{
	count_exit(why);
	return verdict;
}

/* What is set for everything. The map has its one entry always: NULL is for the verifier. */
static __always_inline struct settings *held_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

/* A service's totals are the sums of its destinations', so only these are counted. */
static __always_inline void count_in(__u32 destination, __u32 bytes, __u32 opened)
{
	struct traffic *of = bpf_map_lookup_elem(&dest_traffic, &destination);

	if (!of)
		return;
	of->conns += opened;
	of->in_packets += 1;
	of->in_bytes += bytes;
}

static __always_inline void count_opened(__u32 destination)
{
	struct traffic *of = bpf_map_lookup_elem(&dest_traffic, &destination);

	if (of)
		of->conns += 1;
}

static __always_inline void count_out(__u32 destination, __u32 bytes)
{
	struct traffic *of = bpf_map_lookup_elem(&dest_traffic, &destination);

	if (!of)
		return;
	of->out_packets += 1;
	of->out_bytes += bytes;
}

/*
 * Sets or clears OVERLOAD: set once the total reaches the upper threshold, cleared once it is below the lower one
 * (three quarters of the upper one when that is not configured).
 */
static __always_inline void judge_overload(const struct destination *destination, struct load *load)
{
	__s32 sum = load->total + load->embryo_total;
	__u32 total = sum > 0 ? sum : 0;
	__u32 lower = destination->lower ? destination->lower : destination->upper - (destination->upper >> 2);

	if (destination->upper && total >= destination->upper) {
		if (!(load->flags & LOAD_OVERLOAD))
			__sync_fetch_and_or(&load->flags, LOAD_OVERLOAD);
	} else if ((load->flags & LOAD_OVERLOAD) && (!destination->upper || total < lower)) {
		__sync_fetch_and_and(&load->flags, ~LOAD_OVERLOAD);
	}
}

/* Adds to a destination's connections; @status tells which of the two counts. */
static __always_inline void account(__u32 index, __u32 status, int active, int total)
{
	struct destination *destination = bpf_map_lookup_elem(&destinations, &index);
	struct load *load = bpf_map_lookup_elem(&loads, &index);

	if (!destination || !load)
		return;
	if (active)
		__sync_fetch_and_add(status & CONNECTION_EMBRYO ? &load->embryo_active : &load->active, active);
	if (total) {
		__sync_fetch_and_add(status & CONNECTION_EMBRYO ? &load->embryo_total : &load->total, total);
		judge_overload(destination, load);
	}
}

/* An embryo has become a connection: the total stays as it is, and so does what follows from it. */
static __always_inline void account_promoted(__u32 index, int active)
{
	struct load *load = bpf_map_lookup_elem(&loads, &index);

	if (!load)
		return;
	__sync_fetch_and_add(&load->embryo_total, -1);
	__sync_fetch_and_add(&load->total, 1);
	if (active) {
		__sync_fetch_and_add(&load->embryo_active, -active);
		__sync_fetch_and_add(&load->active, active);
	}
}

static __always_inline void account_persistent(__u32 index, int count)
{
	struct load *load = bpf_map_lookup_elem(&loads, &index);

	if (load)
		__sync_fetch_and_add(&load->persistent, count);
}

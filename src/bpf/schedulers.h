/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Who gets a new connection: rr, wrr, lc, wlc as in net/netfilter/ipvs of Linux 6.12. Destinations are taken in list
 * order (newest first); weight 0 and overloaded ones are skipped. A walk is a bpf_loop: a plain loop with a running
 * minimum is refused by the verifier from 32 rounds on.
 */
#pragma once
#include "maps.h"

/* A walk over one list. */
struct walk {
	__u64 overhead; /* of the best so far */
	__u32 start_at; /* of the list's entries in `members` */
	__u32 count;
	__u32 position; /* next to look at */
	__u32 chosen;	/* position of the best so far, or NO_DESTINATION */
	__u32 destination;
	__u32 weight;	/* of the best so far */
	__s32 current;	/* wrr: weight wanted */
	__s32 max_weight;
	__s32 step;
	__u32 start;	/* wrr: where the walk began, plus 1; 0: at the head */
	__u32 stop;	/* wrr: position + 1 at which it ends without a hit; 0: none */
	__u32 last_pass;
	__u32 restarted;
	__u32 by_weight; /* wlc */
};

/* The entry at @position if it may be chosen. */
static __always_inline struct list_entry *entry_at(struct walk *walk, __u32 position)
{
	__u32 index = walk->start_at + position;

	return bpf_map_lookup_elem(&members, &index);
}

static __always_inline struct load *load_of(struct list_entry *entry)
{
	__u32 index = entry->destination;

	return bpf_map_lookup_elem(&loads, &index);
}

/*
 * The weight of a destination's connections: active x 256 + total (6.12.117; before it, the second term was inactive).
 */
static __always_inline __u64 overhead_of(const struct load *load)
{
	/* Below zero for a moment when a correction and a packet meet. */
	__s32 active = load->active + load->embryo_active;
	__s32 total = load->total + load->embryo_total;

	return ((__u64)(active > 0 ? active : 0) << 8) + (total > 0 ? total : 0);
}

static long least_step(__u32 i, struct walk *walk)
{
	struct list_entry *entry;
	struct load *load;
	__u64 overhead;

	entry = entry_at(walk, i);
	if (!entry)
		return 1;
	load = load_of(entry);
	if (!load || !entry->weight || load->flags & LOAD_OVERLOAD)
		return 0;
	overhead = overhead_of(load);
	if (walk->chosen != NO_DESTINATION) {
		/* Strictly less, so that ties keep the earlier one. */
		if (walk->by_weight ? walk->overhead * entry->weight <= overhead * walk->weight : walk->overhead <= overhead)
			return 0;
	}
	walk->chosen = i;
	walk->destination = entry->destination;
	walk->overhead = overhead;
	walk->weight = entry->weight;
	return 0;
}

/* One entry, or back to the head: 1 when the walk is over. */
static __always_inline long rr_look(struct walk *walk)
{
	struct list_entry *entry;
	struct load *load;

	if (walk->position >= walk->count)
		walk->position = 0;
	entry = entry_at(walk, walk->position);
	if (!entry)
		return 1;
	load = load_of(entry);
	if (load && entry->weight && !(load->flags & LOAD_OVERLOAD)) {
		walk->chosen = walk->position;
		walk->destination = entry->destination;
		return 1;
	}
	walk->position += 1;
	return 0;
}

static long rr_step(__u32 i, struct walk *walk)
{
	return rr_look(walk);
}

/* One element or one end of the list: the body of ip_vs_wrr_schedule(), with the same rule for giving up. */
static long wrr_step(__u32 i, struct walk *walk)
{
	struct list_entry *entry;
	struct load *load;

	if (walk->position >= walk->count) {
		walk->position = 0;
		walk->current -= walk->step;
		if (walk->current <= 0) {
			walk->current = walk->max_weight;
			if (walk->last_pass || !walk->start)
				return 1;
			walk->restarted = 1;
		}
		walk->last_pass = walk->current <= walk->step;
		if (walk->last_pass && walk->restarted && walk->start)
			walk->stop = walk->start;
		return 0;
	}
	entry = entry_at(walk, walk->position);
	if (!entry)
		return 1;
	load = load_of(entry);
	if (load && !(load->flags & LOAD_OVERLOAD) && (__s32)entry->weight >= walk->current) {
		walk->chosen = walk->position;
		walk->destination = entry->destination;
		return 1;
	}
	walk->position += 1;
	return walk->stop && walk->position == walk->stop;
}

/* A destination for a new connection of @service, or NO_DESTINATION. */
static __noinline __u32 schedule(const struct service *service)
{
	struct walk walk = { .chosen = NO_DESTINATION };
	struct destination_list *list;
	__u32 index;
	__u64 before;
	__u64 now;

	if (!service)
		return NO_DESTINATION;
	index = service->list;
	list = bpf_map_lookup_elem(&lists, &index);
	if (!list)
		return NO_DESTINATION;
	walk.start_at = list->start;
	walk.count = list->count;
	if (!walk.count)
		return NO_DESTINATION;

	switch (service->scheduler) {
	case SCHEDULER_LC:
	case SCHEDULER_WLC:
		walk.by_weight = service->scheduler == SCHEDULER_WLC;
		bpf_loop(walk.count, least_step, &walk, 0);
		return walk.chosen == NO_DESTINATION ? NO_DESTINATION : walk.destination;
	case SCHEDULER_RR:
		before = list->cursor;
		walk.position = (__u32)before;
		/* Nearly always the first one will do. */
		if (!rr_look(&walk))
			bpf_loop(walk.count, rr_step, &walk, 0);
		if (walk.chosen == NO_DESTINATION)
			return NO_DESTINATION;
		/* Another CPU may have chosen in between; then both give the same one, and the cursor moves once. */
		__sync_val_compare_and_swap(&list->cursor, before, (__u64)walk.chosen + 1);
		return walk.destination;
	case SCHEDULER_WRR:
		before = list->cursor;
		walk.position = (__u32)before;
		walk.start = (__u32)before;
		walk.current = (__s32)(before >> 32);
		walk.max_weight = (__s32)list->max_weight;
		walk.step = (__s32)list->step;
		if (walk.max_weight <= 0 || walk.step <= 0)
			return NO_DESTINATION;
		bpf_loop(MAX_STEPS, wrr_step, &walk, 0);
		now = ((__u64)(__u32)walk.current << 32) | (walk.chosen != NO_DESTINATION ? walk.chosen + 1 : walk.position);
		__sync_val_compare_and_swap(&list->cursor, before, now);
		return walk.chosen == NO_DESTINATION ? NO_DESTINATION : walk.destination;
	}
	return NO_DESTINATION;
}

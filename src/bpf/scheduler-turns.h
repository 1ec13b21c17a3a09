/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Schedulers that go round the list: rr and wrr. */
#pragma once
#include "scheduler-lists.h"

/* A walk that begins where the last one ended. */
struct round {
	__u32 start; /* of the list's entries in `members` */
	__u32 count;
	__u32 position; /* next to look at; in the end that of the chosen one */
	__u32 destination; /* NO_DESTINATION until one is chosen */
};

/* One entry, or back to the head: 1 when the walk is over. */
static __always_inline long rr_look(struct round *round)
{
	struct list_entry *entry;
	struct load *load;

	if (round->position >= round->count)
		round->position = 0;
	entry = member_at(round->start + round->position);
	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (load && entry->weight && !(load->flags & LOAD_OVERLOAD)) {
		round->destination = entry->destination;
		return 1;
	}
	round->position += 1;
	return 0;
}

static long rr_step(__u32 i, struct round *round)
{
	return rr_look(round);
}

static __noinline __u32 by_turns(struct destination_list *list)
{
	struct round round = { .destination = NO_DESTINATION };
	__u64 before;

	if (!list)
		return NO_DESTINATION;
	before = list->cursor;
	round.start = list->start;
	round.count = list->count;
	round.position = (__u32)before;
	/* Nearly always the first one will do. */
	if (!rr_look(&round))
		bpf_loop(round.count, rr_step, &round, 0);
	/* Another CPU may have chosen in between; then both give the same one, and the cursor moves once. */
	if (round.destination != NO_DESTINATION)
		__sync_val_compare_and_swap(&list->cursor, before, (__u64)round.position + 1);
	return round.destination;
}

struct weighted_round {
	struct round round;
	__s32 current; /* weight wanted */
	__s32 max_weight;
	__s32 step;
	__u32 from; /* where the walk began, plus 1; 0: at the head */
	__u32 stop; /* position + 1 at which it ends without a hit; 0: none */
	__s32 seen; /* largest weight since the head that was too small */
	__u8 whole; /* this pass began at the head */
	__u8 last_pass;
	__u8 restarted;
	__u8 pad;
};

/*
 * The end of the list: the body of ip_vs_wrr_schedule(), with the same rule for giving up. After a pass over the whole list
 * it is known what the largest weight is that can be had, so the passes in which nobody has the weight wanted are left out:
 * an overloaded destination of weight 65535 would cost as many.
 */
static __always_inline long wrr_turn(struct weighted_round *walk)
{
	__s32 reach = walk->seen > 1 ? walk->seen : 1;

	walk->round.position = 0;
	walk->current -= walk->step;
	if (walk->whole && walk->current > reach)
		walk->current -= (__u32)(walk->current - reach) / (__u32)walk->step * (__u32)walk->step;
	walk->whole = 1;
	walk->seen = 0;
	if (walk->current <= 0) {
		walk->current = walk->max_weight;
		if (walk->last_pass || !walk->from)
			return 1;
		walk->restarted = 1;
	}
	walk->last_pass = walk->current <= walk->step;
	if (walk->last_pass && walk->restarted && walk->from)
		walk->stop = walk->from;
	return 0;
}

/* One entry or one end of the list. */
static long wrr_step(__u32 i, struct weighted_round *walk)
{
	struct list_entry *entry;
	struct load *load;

	if (walk->round.position >= walk->round.count)
		return wrr_turn(walk);
	entry = member_at(walk->round.start + walk->round.position);
	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (load && !(load->flags & LOAD_OVERLOAD)) {
		if ((__s32)entry->weight >= walk->current) {
			walk->round.destination = entry->destination;
			return 1;
		}
		if ((__s32)entry->weight > walk->seen)
			walk->seen = entry->weight;
	}
	walk->round.position += 1;
	return walk->stop && walk->round.position == walk->stop;
}

static __noinline __u32 by_weighted_turns(struct destination_list *list)
{
	struct weighted_round walk = { .round = { .destination = NO_DESTINATION } };
	__u64 before;
	__u32 position;

	if (!list)
		return NO_DESTINATION;
	before = list->cursor;
	walk.round.start = list->start;
	walk.round.count = list->count;
	walk.round.position = (__u32)before;
	walk.from = (__u32)before;
	walk.whole = !walk.from;
	walk.current = (__s32)(before >> 32);
	walk.max_weight = (__s32)list->max_weight;
	walk.step = (__s32)list->step;
	if (walk.max_weight <= 0 || walk.step <= 0)
		return NO_DESTINATION;
	bpf_loop((walk.round.count + 1) * MAX_PASSES, wrr_step, &walk, 0);
	position = walk.round.position + (walk.round.destination != NO_DESTINATION);
	__sync_val_compare_and_swap(&list->cursor, before, (__u64)(__u32)walk.current << 32 | position);
	return walk.round.destination;
}

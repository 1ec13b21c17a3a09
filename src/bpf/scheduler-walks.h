/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Schedulers that look at every destination of a list: lc, wlc, sed, nq, fo, ovf, twos. */
#pragma once
#include "scheduler-lists.h"

/* A walk over one list. */
struct walk {
	__u64 overhead; /* of the best so far */
	__u32 start;	/* of the list's entries in `members` */
	__u32 chosen;	/* position of the best so far, or NO_DESTINATION */
	__u32 destination;
	__u32 weight; /* of the best so far */
};

enum measure { CONNECTIONS, CONNECTIONS_PER_WEIGHT, DELAY_PER_WEIGHT };

/* Takes entry @i if it has less than the best so far. Strictly less, so that ties keep the earlier one. */
static __always_inline long look(struct walk *walk, __u32 i, enum measure measure, bool until_idle)
{
	struct list_entry *entry;
	struct load *load;
	__u64 overhead;
	bool idle;

	entry = member_at(walk->start + i);
	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (!load || !entry->weight || load->flags & LOAD_OVERLOAD)
		return 0;
	overhead = measure == DELAY_PER_WEIGHT ? active_of(load) + 1ULL : overhead_of(load);
	idle = until_idle && overhead == 1;
	if (walk->chosen != NO_DESTINATION && !idle) {
		if (measure == CONNECTIONS ? walk->overhead <= overhead
					   : walk->overhead * entry->weight <= overhead * walk->weight)
			return 0;
	}
	walk->chosen = i;
	walk->destination = entry->destination;
	walk->overhead = overhead;
	walk->weight = entry->weight;
	return idle;
}

static long least_step(__u32 i, struct walk *walk)
{
	return look(walk, i, CONNECTIONS, false);
}

static long lightest_step(__u32 i, struct walk *walk)
{
	return look(walk, i, CONNECTIONS_PER_WEIGHT, false);
}

static long shortest_step(__u32 i, struct walk *walk)
{
	return look(walk, i, DELAY_PER_WEIGHT, false);
}

static long idle_step(__u32 i, struct walk *walk)
{
	return look(walk, i, DELAY_PER_WEIGHT, true);
}

static __always_inline long look_for_weight(struct walk *walk, __u32 i, bool not_full)
{
	struct list_entry *entry;
	struct load *load;

	entry = member_at(walk->start + i);
	if (!entry)
		return 1;
	/* `weight` is 0 before the first. */
	if (entry->weight <= walk->weight)
		return 0;
	load = load_at(entry->destination);
	if (!load || load->flags & LOAD_OVERLOAD || (not_full && active_of(load) > entry->weight))
		return 0;
	walk->chosen = i;
	walk->destination = entry->destination;
	walk->weight = entry->weight;
	return 0;
}

static long heaviest_step(__u32 i, struct walk *walk)
{
	return look_for_weight(walk, i, false);
}

static long not_full_step(__u32 i, struct walk *walk)
{
	return look_for_weight(walk, i, true);
}

/* Two destinations drawn by weight. */
struct draw {
	__u64 sum; /* of the available weights */
	__s64 left[2];
	__u64 overhead[2];
	__u32 weight[2];
	__u32 destination[2]; /* NO_DESTINATION until it is reached */
	__u32 start;
	__u32 pad;
};

static long sum_step(__u32 i, struct draw *draw)
{
	struct list_entry *entry = member_at(draw->start + i);
	struct load *load;

	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (load && !(load->flags & LOAD_OVERLOAD))
		draw->sum += entry->weight;
	return 0;
}

static __always_inline void draw_one(struct draw *draw, const struct list_entry *entry, const struct load *load, int which)
{
	draw->left[which] -= entry->weight;
	if (draw->left[which] > 0 || draw->destination[which] != NO_DESTINATION)
		return;
	draw->destination[which] = entry->destination;
	draw->weight[which] = entry->weight;
	draw->overhead[which] = overhead_of(load);
}

static long draw_step(__u32 i, struct draw *draw)
{
	struct list_entry *entry = member_at(draw->start + i);
	struct load *load;

	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (!load || !entry->weight || load->flags & LOAD_OVERLOAD)
		return 0;
	draw_one(draw, entry, load, 0);
	draw_one(draw, entry, load, 1);
	return draw->destination[0] != NO_DESTINATION && draw->destination[1] != NO_DESTINATION;
}

/* 0 to @limit, both included. */
static __always_inline __u64 random_up_to(__u64 limit)
{
	return (bpf_get_prandom_u32() * (limit + 1)) >> 32;
}

/* twos: of two destinations drawn by weight the one with less overhead per weight. */
static __noinline __u32 two_choices(const struct destination_list *list)
{
	struct draw draw = { .destination = { NO_DESTINATION, NO_DESTINATION } };

	if (!list)
		return NO_DESTINATION;
	draw.start = list->start;
	bpf_loop(list->count, sum_step, &draw, 0);
	if (!draw.sum)
		return NO_DESTINATION;
	if (draw.sum > 0x7fffffff)
		draw.sum = 0x7fffffff;
	draw.left[0] = random_up_to(draw.sum);
	draw.left[1] = random_up_to(draw.sum);
	bpf_loop(list->count, draw_step, &draw, 0);
	if (draw.destination[1] != NO_DESTINATION &&
	    draw.weight[1] * draw.overhead[0] > draw.weight[0] * draw.overhead[1])
		return draw.destination[1];
	return draw.destination[0];
}

/*
 * A walk over the whole list. The kernel inlines bpf_loop where the callback is always the same one, which saves 13 ns a
 * destination; without a difference between them clang 14 makes one call of several.
 */
#define WALK(step)                                      \
	do {                                            \
		bpf_loop(list->count, step, &walk, 0);  \
		asm volatile("# " #step);               \
	} while (0)

/* lc, wlc, sed, nq, fo, ovf. */
static __noinline __u32 best_of(const struct destination_list *list, __u32 scheduler)
{
	struct walk walk = { .chosen = NO_DESTINATION };

	if (!list)
		return NO_DESTINATION;
	walk.start = list->start;
	switch (scheduler) {
	case SCHEDULER_LC:
		WALK(least_step);
		break;
	case SCHEDULER_WLC:
		WALK(lightest_step);
		break;
	case SCHEDULER_SED:
		WALK(shortest_step);
		break;
	case SCHEDULER_NQ:
		WALK(idle_step);
		break;
	case SCHEDULER_FO:
		WALK(heaviest_step);
		break;
	case SCHEDULER_OVF:
		WALK(not_full_step);
		break;
	}
	return walk.chosen == NO_DESTINATION ? NO_DESTINATION : walk.destination;
}

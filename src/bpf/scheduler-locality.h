/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * lblc and lblcr: what clients of one virtual address asked for stays with one destination, or with a set of them that
 * grows under load. The programs fill the maps; user space takes out what was not used for long.
 */
#pragma once
#include "count.h"
#include "scheduler-walks.h"

/* What one choice works on; too much for the stack. */
struct locality_work {
	struct locality_key key;
	struct locality fresh;
	struct replicas set;
	/* A walk over the members of the set. */
	__u32 service;
	__u32 weight;
	__u32 chosen; /* where in the set, or NO_DESTINATION */
	__u32 destination;
	__u64 overhead;
};
MAP(locality_work, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct locality_work, 1, 0);

/* NULL is for the verifier. */
static __always_inline struct locality_work *own_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&locality_work, &zero);
}

static __always_inline void set_key(struct locality_work *work, const struct service *service, const struct flow *flow)
{
	work->key.service = service->id;
	work->key.target = widen(target_of(flow));
}

/* wlc over the whole list: the destination, or NO_DESTINATION. */
static __always_inline __u32 lightest(const struct destination_list *list, struct walk *walk)
{
	walk->chosen = NO_DESTINATION;
	bpf_loop(list->count, lightest_step, walk, 0);
	return walk->chosen == NO_DESTINATION ? NO_DESTINATION : walk->destination;
}

/* Somebody with less than half of his weight. */
static long spare_step(__u32 i, struct walk *walk)
{
	struct list_entry *entry = member_at(walk->start + i);
	struct load *load;

	if (!entry)
		return 1;
	load = load_at(entry->destination);
	if (!load || (__u64)active_of(load) * 2 >= entry->weight)
		return 0;
	walk->chosen = i;
	return 1;
}

/* is_overloaded(): more active connections than weight while somebody has less than half of his. */
static __always_inline bool outdone(const struct destination_list *list, struct walk *walk, __u32 weight, const struct load *load)
{
	if (active_of(load) <= weight)
		return false;
	walk->chosen = NO_DESTINATION;
	bpf_loop(list->count, spare_step, walk, 0);
	return walk->chosen != NO_DESTINATION;
}

/* Whether @index is in the service still, or again. */
static __always_inline bool belongs(const struct destination *destination, __u32 service)
{
	return destination->flags & DESTINATION_AVAILABLE && destination->service == service;
}

static __noinline __u32 by_locality(const struct service *service, const struct destination_list *list,
				    const struct flow *flow, __u32 now)
{
	struct locality_work *work = own_work();
	struct destination *destination;
	struct walk walk = {};
	struct locality *held;
	struct load *load;
	__u32 index;

	if (!service || !list || !flow || !work)
		return NO_DESTINATION;
	walk.start = list->start;
	set_key(work, service, flow);
	held = bpf_map_lookup_elem(&lblc, &work->key);
	if (held) {
		held->used = now;
		index = held->destination;
		destination = bpf_map_lookup_elem(&destinations, &index);
		load = load_at(index);
		/* Its connection limit is not looked at. */
		if (destination && load && belongs(destination, service->id) && destination->weight &&
		    !outdone(list, &walk, destination->weight, load))
			return index;
	}
	index = lightest(list, &walk);
	if (index == NO_DESTINATION)
		return NO_DESTINATION;
	if (held) {
		held->destination = index;
		return index;
	}
	work->fresh.destination = index;
	work->fresh.used = now;
	/* A full map remembers no more, and the choice stands. */
	bpf_map_update_elem(&lblc, &work->key, &work->fresh, BPF_NOEXIST);
	return index;
}

/* The context of a walk over the set in hand; what it finds is in the work record. */
struct set_walk {
	__u32 count;
	__u32 argument;
};

static __always_inline __u32 *replica_at(struct locality_work *work, __u32 position)
{
	if (position >= MAX_REPLICAS)
		return NULL;
	/* In range already; clang 14 joins the comparisons of two positions, which the verifier does not see through. */
	asm volatile("" : "+r"(position));
	return &work->set.members[position & (MAX_REPLICAS - 1)];
}

/* The latest first. The least loaded that may have a new connection, or (@most) the most loaded of all with a weight. */
static __always_inline long look_in_set(struct set_walk *walk, __u32 i, bool most)
{
	struct locality_work *work = own_work();
	__u32 position = walk->count - 1 - i;
	struct destination *destination;
	struct load *load;
	__u64 overhead;
	__u32 *member;
	__u64 held;
	__u64 here;
	__u32 index;

	member = work ? replica_at(work, position) : NULL;
	if (!member)
		return 1;
	index = *member;
	destination = bpf_map_lookup_elem(&destinations, &index);
	load = load_at(index);
	if (!destination || !load || !destination->weight)
		return 0;
	if (!most && (load->flags & LOAD_OVERLOAD || !belongs(destination, work->service)))
		return 0;
	overhead = overhead_of(load);
	held = work->overhead * destination->weight;
	here = overhead * work->weight;
	if (work->chosen != NO_DESTINATION && (most ? held >= here : held <= here))
		return 0;
	work->chosen = position;
	work->destination = index;
	work->overhead = overhead;
	work->weight = destination->weight;
	return 0;
}

static long least_in_set_step(__u32 i, struct set_walk *walk)
{
	return look_in_set(walk, i, false);
}

static long most_in_set_step(__u32 i, struct set_walk *walk)
{
	return look_in_set(walk, i, true);
}

/* From position `argument` on, each member moves down by one. */
static long erase_step(__u32 i, struct set_walk *walk)
{
	struct locality_work *work = own_work();
	__u32 *from;
	__u32 *to;

	if (!work)
		return 1;
	to = replica_at(work, walk->argument + i);
	from = replica_at(work, walk->argument + i + 1);
	if (!to || !from)
		return 1;
	*to = *from;
	return 0;
}

/* Whether destination `argument` is a member. */
static long is_member_step(__u32 i, struct set_walk *walk)
{
	struct locality_work *work = own_work();
	__u32 *member = work ? replica_at(work, i) : NULL;

	if (!member)
		return 1;
	if (*member != walk->argument)
		return 0;
	work->chosen = i;
	return 1;
}

/* The most loaded member leaves. */
static __always_inline void shrink(struct locality_work *work, __u32 now)
{
	struct set_walk walk = { .count = work->set.count };

	work->chosen = NO_DESTINATION;
	bpf_loop(walk.count, most_in_set_step, &walk, 0);
	if (work->chosen == NO_DESTINATION)
		return;
	walk.argument = work->chosen;
	bpf_loop(walk.count - 1 - work->chosen, erase_step, &walk, 0);
	work->set.count -= 1;
	work->set.changed = now;
	bpf_map_update_elem(&lblcr, &work->key, &work->set, BPF_EXIST);
}

/* A member more. A full set stays as it is, and the choice stands. */
static __always_inline void grow(struct locality_work *work, __u32 destination, __u32 now)
{
	struct set_walk walk = { .count = work->set.count, .argument = destination };
	__u32 *member;

	work->chosen = NO_DESTINATION;
	bpf_loop(walk.count, is_member_step, &walk, 0);
	member = replica_at(work, work->set.count);
	if (work->chosen != NO_DESTINATION || !member)
		return;
	*member = destination;
	work->set.count += 1;
	work->set.changed = now;
	bpf_map_update_elem(&lblcr, &work->key, &work->set, BPF_EXIST);
}

static __always_inline bool unchanged_for_long(const struct replicas *set, __u32 now)
{
	struct settings *held = held_settings();

	return held && (__s32)(now - set->changed) > (__s32)held->lblcr_expiration;
}

/* The least loaded member that may have a new connection and is not outdone; with care for the size of the set. */
static __noinline __u32 from_set(const struct service *service, const struct destination_list *list, __u32 now)
{
	struct locality_work *work = own_work();
	struct destination *destination;
	struct walk walk = {};
	struct set_walk members = {};
	struct load *load;
	__u32 index;

	if (!service || !list || !work)
		return NO_DESTINATION;
	work->service = service->id;
	work->chosen = NO_DESTINATION;
	members.count = work->set.count;
	bpf_loop(members.count, least_in_set_step, &members, 0);
	index = work->chosen == NO_DESTINATION ? NO_DESTINATION : work->destination;
	/* A set that has not changed for long has become larger than need be. */
	if (work->set.count > 1 && unchanged_for_long(&work->set, now))
		shrink(work, now);
	if (index == NO_DESTINATION)
		return NO_DESTINATION;
	destination = bpf_map_lookup_elem(&destinations, &index);
	load = load_at(index);
	walk.start = list->start;
	return destination && load && !outdone(list, &walk, destination->weight, load) ? index : NO_DESTINATION;
}

static __noinline __u32 by_replicated_locality(const struct service *service, const struct destination_list *list,
					       const struct flow *flow, __u32 now)
{
	struct locality_work *work = own_work();
	struct replicas *held;
	__u32 index;

	if (!service || !list || !flow || !work)
		return NO_DESTINATION;
	set_key(work, service, flow);
	held = bpf_map_lookup_elem(&lblcr, &work->key);
	if (held) {
		held->used = now;
		work->set = *held;
		index = from_set(service, list, now);
		if (index != NO_DESTINATION)
			return index;
	}
	index = best_of(list, SCHEDULER_WLC);
	if (index == NO_DESTINATION)
		return NO_DESTINATION;
	if (held) {
		grow(work, index, now);
		return index;
	}
	work->set.used = now;
	work->set.changed = now;
	work->set.count = 1;
	work->set.members[0] = index;
	bpf_map_update_elem(&lblcr, &work->key, &work->set, BPF_NOEXIST);
	return index;
}

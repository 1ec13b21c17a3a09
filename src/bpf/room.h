/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Room in a full table. User space removes what has expired, and says at each pass that it is there. When it has been
 * silent for long and an entry finds no room, the program walks the tables itself. That takes some 140 ns an entry on
 * the processor of the packet that came too late, so it is done seldom and only so far.
 */
#pragma once
#include "connection.h"

struct room_walk {
	__u32 now;
	__u32 removed;
};

/* Whether a walk has gone far enough. It is counted in a map, for the verifier follows a count on the stack to its end. */
static __always_inline bool walked_enough(void)
{
	__u32 zero = 0;
	struct sweeps *sweeps = bpf_map_lookup_elem(&swept, &zero);

	return !sweeps || ++sweeps->walked > MAX_WALK;
}

static long make_room_for_connection(void *map, struct flow *key, struct connection *connection, struct room_walk *walk)
{
	struct flow flow = *key;

	if (walked_enough())
		return 1;
	if (!(connection->status & CONNECTION_REPLY) && expired(connection, walk->now) && retire(&flow, connection))
		walk->removed += 1;
	return 0;
}

static long make_room_for_template(void *map, struct template_key *key, struct template *template, struct room_walk *walk)
{
	struct template_key held = *key;

	if (walked_enough())
		return 1;
	walk->removed += retire_template(&held, template, walk->now);
	return 0;
}

/*
 * Removes what has expired, if it is for the program to do so and the last time is long ago. How many entries that were.
 * Not static: so the verifier goes through it once and not once a call.
 */
__noinline __u32 make_room(void)
{
	struct room_walk walk = { .now = seconds() };
	struct sweeps *sweeps;
	__u32 zero = 0;
	__u32 last;

	sweeps = bpf_map_lookup_elem(&swept, &zero);
	if (!sweeps)
		return 0;
	last = sweeps->last;
	if ((__s32)(walk.now - last) < SWEEP_SILENCE || __sync_val_compare_and_swap(&sweeps->last, last, walk.now) != last)
		return 0;
	sweeps->walked = 0;
	bpf_for_each_map_elem(&connections, make_room_for_connection, &walk, 0);
	sweeps->walked = 0;
	bpf_for_each_map_elem(&templates, make_room_for_template, &walk, 0);
	if (walk.removed)
		count_exit(NOTE_ROOM_MADE);
	return walk.removed;
}

/* Into the table of connections. -EEXIST, or -E2BIG when it is full of what lives. */
static __always_inline long enter(const struct flow *flow, const struct connection *connection, __u64 flags)
{
	long error = bpf_map_update_elem(&connections, flow, connection, flags);

	if (error == -7 && make_room())
		error = bpf_map_update_elem(&connections, flow, connection, flags);
	return error;
}

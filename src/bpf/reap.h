/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What user space calls. It reads the tables in batches and puts the keys of what looks expired into `reap_queue`;
 * the judgement is made here, at the entry, so that a flow which has just come back to life is left alone.
 */
#pragma once
#include "connection.h"

struct reap_walk {
	__u32 now;
	__u32 removed;
	__u32 living;
	__u32 pad;
};

static __always_inline enum exit note_of(__u32 living)
{
	return living == REAP_REMOVED ? NOTE_NODEST_EXPIRED : NOTE_DROP_ENTRY;
}

/* Whether what goes to @index is to go although it is alive. */
static __always_inline bool condemned(__u32 index, __u32 living)
{
	struct destination *destination;

	if (living != REAP_REMOVED)
		return living;
	if (index == NO_DESTINATION)
		return false;
	destination = bpf_map_lookup_elem(&destinations, &index);
	return !destination || !(destination->flags & DESTINATION_AVAILABLE);
}

/* Removes a template that nothing holds. How many were removed. */
static __always_inline __u32 drop_template(const struct template_key *key, __u32 destination, __u32 living)
{
	if (bpf_map_delete_elem(&templates, key))
		return 0;
	account_persistent(destination, -1);
	count_exit(note_of(living));
	return 1;
}

/* Removes a connection that is alive, and its template if that was the last one of it and none was ever established. */
static __noinline __u32 drop_entry(const struct flow *flow, struct connection *connection, __u32 living)
{
	struct template_key key;
	struct template *template;
	__u32 status;
	__u32 index;

	if (!flow || !connection)
		return 0;
	status = connection->status;
	index = connection->destination;
	if (!condemned(index, living) || !retire(flow, connection))
		return 0;
	count_exit(note_of(living));
	if (!(status & CONNECTION_CONTROLLED))
		return 1;
	template = template_of(flow, status, index, &key);
	if (template && template->controlled <= 0 && !(template->flags & TEMPLATE_ASSURED))
		return 1 + drop_template(&key, index, living);
	return 1;
}

static long reap_connection(__u32 i, struct reap_walk *walk)
{
	struct flow *queued;
	struct flow flow;
	struct flow theirs;
	struct connection *connection;

	queued = bpf_map_lookup_elem(&reap_queue, &i);
	if (!queued)
		return 1;
	flow = *queued;
	connection = find(&flow);
	if (!connection)
		return 0;
	if (connection->status & CONNECTION_REPLY) {
		/* Only one whose connection is gone. */
		theirs = client_flow(&flow, connection);
		if (find(&theirs))
			return 0;
		forget(&flow, connection->status & CONNECTION_EMBRYO);
		walk->removed += 1;
		return 0;
	}
	if (walk->living) {
		walk->removed += drop_entry(&flow, connection, walk->living);
		return 0;
	}
	if (expired(connection, walk->now) && retire(&flow, connection))
		walk->removed += 1;
	return 0;
}

static long reap_template(__u32 i, struct reap_walk *walk)
{
	struct flow *queued;
	struct template_key key;
	struct template *template;

	queued = bpf_map_lookup_elem(&reap_queue, &i);
	if (!queued)
		return 1;
	key = *(struct template_key *)queued;
	template = bpf_map_lookup_elem(&templates, &key);
	if (template && walk->living) {
		if (template->controlled > 0 || !condemned(template->destination, walk->living))
			return 0;
		if (walk->living == REAP_REMOVED || !(template->flags & TEMPLATE_ASSURED))
			walk->removed += drop_template(&key, template->destination, walk->living);
		return 0;
	}
	if (template)
		walk->removed += retire_template(&key, template, walk->now);
	return 0;
}

SEC("syscall")
int reap(struct reap_arguments *arguments)
{
	struct reap_walk walk = { .now = bpf_ktime_get_ns() / 1000000000ULL, .living = arguments->living };
	struct sweeps *sweeps;
	__u32 zero = 0;

	/* User space is there. */
	sweeps = bpf_map_lookup_elem(&swept, &zero);
	if (sweeps)
		sweeps->last = walk.now;
	if (arguments->of_templates)
		bpf_loop(arguments->count, reap_template, &walk, 0);
	else
		bpf_loop(arguments->count, reap_connection, &walk, 0);
	arguments->removed = walk.removed;
	return 0;
}

/* Adds to the counts of embryos, which the kernel evicts without telling, and judges the thresholds anew. */
SEC("syscall")
int settle(struct settle_arguments *arguments)
{
	__u32 index = arguments->destination;

	account(index, CONNECTION_EMBRYO, arguments->embryo_active, arguments->embryo_total);
	if (arguments->embryo_total < 0)
		count_exits(NOTE_EVICTED, -arguments->embryo_total);
	if (!arguments->embryo_total) {
		struct destination *destination = bpf_map_lookup_elem(&destinations, &index);
		struct load *load = bpf_map_lookup_elem(&loads, &index);

		if (destination && load)
			judge_overload(destination, load);
	}
	return 0;
}

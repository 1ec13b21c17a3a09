/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What another director tells of its connections, put into the tables by user space. No scheduler is asked; the judgement is made
 * at the entry, as in `reap`, for packets may come meanwhile.
 */
#pragma once
#include "connection.h"

struct take_in_walk {
	__u32 now;
	__u32 as_of;
	__u32 entered;
	__u32 renewed;
	__u32 refused;
};

/* Puts in a connection that is not here, if its way back is nobody else's that lives. The copies are few: IPv6 has little stack for them. */
static __noinline bool put_in(struct connection_news *told, __u32 now)
{
	struct flow reply;
	struct flow theirs;
	struct connection back;
	struct connection *entry;
	struct connection *other;
	__u32 status;

	if (!told)
		return false;
	status = told->connection.status;
	told->connection.seen = now;
	if (status & CONNECTION_NAT) {
		reply = reply_flow(&told->flow, &told->connection);
		entry = bpf_map_lookup_elem(&connections, &reply);
		if (entry && !answers(entry, &told->flow)) {
			if (!(entry->status & CONNECTION_REPLY))
				return false;
			theirs = client_flow(&reply, entry);
			other = bpf_map_lookup_elem(&connections, &theirs);
			if (other && (!expired(other, now) || !retire(&theirs, other)))
				return false;
		}
		back = reply_entry(&told->flow, &told->connection);
		if (bpf_map_update_elem(&connections, &reply, &back, BPF_ANY))
			return false;
	}
	if (bpf_map_update_elem(&connections, &told->flow, &told->connection, BPF_NOEXIST)) {
		if (status & CONNECTION_NAT)
			forget_reply(&told->flow, &told->connection, 0);
		return false;
	}
	account(told->connection.destination, status, status & CONNECTION_ACTIVE ? 1 : 0, 1);
	return true;
}

/* State and time of a connection that is here; what it was made as stays. */
static __always_inline void renew_from(struct connection *connection, const struct connection *told, __u32 now)
{
	__u32 before = connection->status;
	__u32 changing = STATE_MASK | CONNECTION_ACTIVE;
	__u32 after = (before & ~changing) | (told->status & changing) | (told->status & CONNECTION_TOLD);

	touch(connection, told->timeout, now);
	if (after == before || __sync_val_compare_and_swap(&connection->status, before, after) != before)
		return;
	if ((after ^ before) & CONNECTION_ACTIVE)
		account(connection->destination, after, after & CONNECTION_ACTIVE ? 1 : -1, 0);
}

static long take_in_connection(__u32 i, struct take_in_walk *walk)
{
	struct connection_news *told = bpf_map_lookup_elem(&arrivals, &i);
	struct connection *held;

	if (!told)
		return 1;
	held = find(&told->flow);
	if (held && held->status & CONNECTION_REPLY) {
		walk->refused += 1;
		return 0;
	}
	if (held && !(held->status & CONNECTION_EMBRYO) && !expired(held, walk->now)) {
		if (same_address(held->address, told->connection.address) && held->port == told->connection.port &&
		    held->destination == told->connection.destination) {
			if (held->seen < walk->as_of)
				renew_from(held, &told->connection, walk->now);
			walk->renewed += 1;
			return 0;
		}
		/* A connection that is over does not end one that goes elsewhere. */
		if (!(told->connection.status & CONNECTION_ACTIVE)) {
			walk->refused += 1;
			return 0;
		}
	}
	if (held && !retire(&told->flow, held)) {
		walk->refused += 1;
		return 0;
	}
	if (put_in(told, walk->now))
		walk->entered += 1;
	else
		walk->refused += 1;
	return 0;
}

static long take_in_template(__u32 i, struct take_in_walk *walk)
{
	struct template_news *told = (struct template_news *)bpf_map_lookup_elem(&arrivals, &i);
	struct template_key key;
	struct template fresh;
	struct template *held;

	if (!told)
		return 1;
	key = told->key;
	fresh = told->template;
	fresh.seen = walk->now;
	fresh.controlled = 0;
	fresh.half_open = 0;
	fresh.half_open_until = 0;
	held = bpf_map_lookup_elem(&templates, &key);
	if (held && held->destination == fresh.destination) {
		if (held->seen < walk->as_of) {
			held->seen = walk->now;
			held->timeout = fresh.timeout;
			held->flags |= fresh.flags;
		}
		walk->renewed += 1;
		return 0;
	}
	if (held) {
		account_persistent(held->destination, -1);
		bpf_map_delete_elem(&templates, &key);
	}
	if (bpf_map_update_elem(&templates, &key, &fresh, BPF_NOEXIST)) {
		walk->refused += 1;
		return 0;
	}
	account_persistent(fresh.destination, 1);
	walk->entered += 1;
	return 0;
}

SEC("syscall")
int take_in(struct take_in_arguments *arguments)
{
	struct take_in_walk walk = { .now = bpf_ktime_get_ns() / 1000000000ULL, .as_of = arguments->as_of };

	if (arguments->of_templates)
		bpf_loop(arguments->count, take_in_template, &walk, 0);
	else
		bpf_loop(arguments->count, take_in_connection, &walk, 0);
	arguments->entered = walk.entered;
	arguments->renewed = walk.renewed;
	arguments->refused = walk.refused;
	count_exits(NOTE_NEWS_TAKEN, walk.entered + walk.renewed);
	if (walk.refused)
		count_exits(NOTE_NEWS_REFUSED, walk.refused);
	return 0;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The connection table. `connections` holds what is established, `embryos` what waits for the client's ACK. An entry
 * whose timeout has passed counts as absent, whether or not anybody has removed it yet. Who removes one owns it first,
 * by setting CONNECTION_DEAD, so that counters are settled once.
 */
#pragma once
#include "count.h"
#include "state.h"

static __always_inline __u32 seconds(void)
{
	return bpf_ktime_get_coarse_ns() / 1000000000ULL;
}

static __always_inline bool expired(const struct connection *connection, __u32 now)
{
	return (__s32)(now - connection->seen) > (__s32)connection->timeout;
}

/* Either table; only TCP has embryos. */
static __always_inline struct connection *find(const struct flow *flow)
{
	struct connection *found = bpf_map_lookup_elem(&connections, flow);

	if (!found && flow->protocol == IPPROTO_TCP)
		found = bpf_map_lookup_elem(&embryos, flow);
	return found;
}

/* The key under which the replies of a NAT connection are found. */
static __always_inline struct flow reply_flow(const struct flow *flow, const struct connection *connection)
{
	struct flow reply = {
		.source = connection->address,
		.target = flow->source,
		.source_port = connection->port,
		.target_port = flow->source_port,
		.protocol = flow->protocol,
	};

	return reply;
}

/* The client's flow, from that of a reply and the reply's entry. */
static __always_inline struct flow client_flow(const struct flow *reply, const struct connection *entry)
{
	struct flow flow = {
		.source = reply->target,
		.target = entry->address,
		.source_port = reply->target_port,
		.target_port = entry->port,
		.protocol = reply->protocol,
	};

	return flow;
}

static __always_inline void forget(const struct flow *flow, __u32 embryo)
{
	if (embryo)
		bpf_map_delete_elem(&embryos, flow);
	else
		bpf_map_delete_elem(&connections, flow);
}

/* One connection fewer under the template that made it. */
static __always_inline void release_template(const struct flow *flow, const struct connection *connection)
{
	struct template_key key = {
		.target = flow->target,
		.protocol = flow->protocol,
	};
	struct template *template;
	__u32 bits = connection->client_bits;

	key.client = flow->source & bpf_htonl(bits ? ~0U << ((32 - bits) & 31) : 0);
	if (!(connection->status & CONNECTION_ANY_PORT))
		key.target_port = flow->target_port;
	template = bpf_map_lookup_elem(&templates, &key);
	/* It may have been made anew for another destination meanwhile. */
	if (template && template->destination == connection->destination && template->controlled > 0)
		__sync_fetch_and_add(&template->controlled, -1);
}

/* Removes a client's flow with all that belongs to it. False: somebody else is doing that. */
static __noinline bool retire(const struct flow *flow, struct connection *connection)
{
	struct connection last;
	struct connection *entry;
	struct flow reply;
	__u32 status;

	if (!flow || !connection)
		return false;
	status = connection->status;
	if (status & CONNECTION_DEAD)
		return false;
	if (__sync_val_compare_and_swap(&connection->status, status, status | CONNECTION_DEAD) != status)
		return false;
	last = *connection;
	last.status = status;
	account(last.destination, status, status & CONNECTION_ACTIVE ? -1 : 0, -1);
	if (status & CONNECTION_CONTROLLED)
		release_template(flow, &last);
	if (status & CONNECTION_NAT) {
		reply = reply_flow(flow, &last);
		entry = status & CONNECTION_EMBRYO ? bpf_map_lookup_elem(&embryos, &reply)
						   : bpf_map_lookup_elem(&connections, &reply);
		if (entry && entry->address == flow->target && entry->port == flow->target_port)
			forget(&reply, status & CONNECTION_EMBRYO);
	}
	forget(flow, status & CONNECTION_EMBRYO);
	return true;
}

/* Writes only what differs, so that a busy flow dirties its cache line once a second. */
static __always_inline void touch(struct connection *connection, __u32 timeout, __u32 now)
{
	if (connection->timeout != timeout)
		connection->timeout = timeout;
	if (connection->seen != now)
		connection->seen = now;
}

/* From the table of embryos to that of connections. A full table leaves it where it is. */
static __noinline int promote(const struct flow *flow, struct connection *embryo)
{
	struct connection grown;
	struct connection back;
	struct flow reply;
	__u32 status;

	if (!flow || !embryo)
		return 0;
	status = embryo->status;
	if (status & CONNECTION_DEAD)
		return 0;
	if (__sync_val_compare_and_swap(&embryo->status, status, status | CONNECTION_DEAD) != status)
		return 0;
	grown = *embryo;
	grown.status = status & ~CONNECTION_EMBRYO;
	if (bpf_map_update_elem(&connections, flow, &grown, BPF_NOEXIST))
		goto full;
	if (status & CONNECTION_NAT) {
		reply = reply_flow(flow, &grown);
		back = grown;
		back.status = CONNECTION_REPLY;
		back.address = flow->target;
		back.port = flow->target_port;
		if (bpf_map_update_elem(&connections, &reply, &back, BPF_ANY)) {
			bpf_map_delete_elem(&connections, flow);
			goto full;
		}
		bpf_map_delete_elem(&embryos, &reply);
	}
	account(grown.destination, grown.status, status & CONNECTION_ACTIVE ? 1 : 0, 1);
	account(grown.destination, status, status & CONNECTION_ACTIVE ? -1 : 0, -1);
	bpf_map_delete_elem(&embryos, flow);
	return 0;
full:
	embryo->status = status;
	count_exit(NOTE_PROMOTION_FAILED);
	return 0;
}

/* One packet's effect on its connection: state, counts, timeout; an embryo that has been acknowledged moves over. */
static __always_inline void advance(const struct flow *flow, struct connection *connection, enum direction direction,
				    __u8 tcp_flags, __u32 now)
{
	__u32 before;
	__u32 after;
	__u32 state;

	if (flow->protocol != IPPROTO_TCP) {
		touch(connection, UDP_TIMEOUT, now);
		return;
	}
	before = connection->status;
	state = tcp_step(direction, tcp_event_of(tcp_flags), before & STATE_MASK);
	after = (before & ~(STATE_MASK | CONNECTION_ACTIVE)) | state | tcp_active(state);
	touch(connection, tcp_timeouts[state & (STATES - 1)], now);
	if (after == before)
		return;
	/* The other direction may be changing it on another CPU: then its change stands. */
	if (__sync_val_compare_and_swap(&connection->status, before, after) != before)
		return;
	if ((after ^ before) & CONNECTION_ACTIVE)
		account(connection->destination, after, after & CONNECTION_ACTIVE ? 1 : -1, 0);
	if ((after & CONNECTION_EMBRYO) && state != SR && state != CL && state != SS)
		promote(flow, connection);
}

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

/* Either table; UDP has no embryos. */
static __always_inline struct connection *find(const struct flow *flow)
{
	struct connection *found = bpf_map_lookup_elem(&connections, flow);

	if (!found && flow->protocol != IPPROTO_UDP)
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

	if (connection->status & CONNECTION_FULLNAT) {
		reply.target = connection->local;
		reply.target_port = connection->local_port;
	}
	return reply;
}

/* Makes @flow the client's, from that of a reply and the reply's entry. */
static __always_inline void find_client(struct flow *flow, const struct flow *reply, const struct connection *entry)
{
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->source = reply->target;
	flow->target = entry->address;
	flow->source_port = reply->target_port;
	flow->target_port = entry->port;
	flow->protocol = reply->protocol;
	if (entry->status & CONNECTION_FULLNAT) {
		flow->source = entry->local;
		flow->source_port = entry->local_port;
	}
}

static __always_inline struct flow client_flow(const struct flow *reply, const struct connection *entry)
{
	struct flow flow;

	find_client(&flow, reply, entry);
	return flow;
}

/* The reply entry of a connection. */
static __always_inline struct connection reply_entry(const struct flow *flow, const struct connection *connection)
{
	struct connection back = *connection;

	back.status = CONNECTION_REPLY | (connection->status & (CONNECTION_EMBRYO | CONNECTION_FULLNAT));
	back.address = flow->target;
	back.port = flow->target_port;
	back.local = flow->source;
	back.local_port = flow->source_port;
	return back;
}

static __always_inline void forget(const struct flow *flow, __u32 embryo)
{
	if (embryo)
		bpf_map_delete_elem(&embryos, flow);
	else
		bpf_map_delete_elem(&connections, flow);
}

/* The template that a controlled connection to @index was made through, if it is still the same one. */
static __always_inline struct template *template_of(const struct flow *flow, __u32 status, __u32 index,
						    struct template_key *key)
{
	struct template *template;
	struct destination *destination;

	__builtin_memset(key, 0, sizeof(*key));
	find_network(&key->client, &flow->source, status >> CLIENT_BITS_SHIFT);
	if (status & CONNECTION_MARK) {
		destination = bpf_map_lookup_elem(&destinations, &index);
		if (!destination)
			return NULL;
		key->target = mark_as_address(destination->mark);
	} else {
		key->target = flow->target;
		key->protocol = flow->protocol;
		if (!(status & CONNECTION_ANY_PORT))
			key->target_port = flow->target_port;
	}
	template = bpf_map_lookup_elem(&templates, key);
	/* It may have been made anew for another destination meanwhile. */
	return template && template->destination == index ? template : NULL;
}

/*
 * A template whose time was up before @until, while connections made through it lived, stays for another 60 s at a time, and has
 * no other time from then on. It counts from when its time was up, whenever that is noticed.
 */
static __always_inline void defer(struct template *template, __u32 until)
{
	__u32 end = template->seen + template->timeout;

	if ((__s32)(until - end) <= 0)
		return;
	template->seen = end + (until - end - 1) / DEFERRED_TIMEOUT * DEFERRED_TIMEOUT;
	template->timeout = DEFERRED_TIMEOUT;
}

/*
 * Whether connections made through a template live. Half-open ones that the kernel has evicted do not; it does not say so, but
 * all of them must have ended when the last one has.
 */
static __always_inline bool holds_connections(struct template *template, __u32 now)
{
	__s32 half_open = template->half_open;

	if (half_open > 0 && (__s32)(now - template->half_open_until) > DEFERRED_TIMEOUT &&
	    __sync_val_compare_and_swap(&template->half_open, half_open, 0) == half_open)
		__sync_fetch_and_add(&template->controlled, -half_open);
	return template->controlled > 0;
}

/* Tells the template of a half-open connection: @more is 1 for a new one, 0 for one that lives on, -1 for one that has grown. */
static __noinline __attribute__((unused)) int count_embryo(const struct flow *flow, const struct connection *connection, int more)
{
	struct template_key key;
	struct template *template;
	__u32 end;

	if (!flow || !connection)
		return 0;
	template = template_of(flow, connection->status, connection->destination, &key);
	if (!template)
		return 0;
	end = connection->seen + connection->timeout;
	if (more)
		__sync_fetch_and_add(&template->half_open, more);
	if (more >= 0 && (__s32)(end - template->half_open_until) > 0)
		template->half_open_until = end;
	return 0;
}

/* One connection fewer under the template that made it; @index: its destination, @ended: when its time was up, if that has been. */
static __noinline void release_template(const struct flow *flow, __u32 status, __u32 index, __u32 ended)
{
	struct template_key key;
	struct template *template;
	__u32 now;

	if (!flow)
		return;
	template = template_of(flow, status, index, &key);
	if (!template || template->controlled <= 0)
		return;
	if (status & CONNECTION_EMBRYO) {
		/* Its template has given it up. */
		if (template->half_open <= 0)
			return;
		__sync_fetch_and_add(&template->half_open, -1);
	}
	/* Also where the coarse clock is not to be had: in `reap`. */
	now = bpf_ktime_get_ns() / 1000000000ULL;
	defer(template, (__s32)(ended - now) < 0 ? ended : now);
	__sync_fetch_and_add(&template->controlled, -1);
}

/* Tells the template of a connection that this was established: drop_entry spares it. */
static __noinline __attribute__((unused)) int assure(const struct flow *flow, struct connection *connection)
{
	struct template_key key;
	struct template *template;

	if (!flow || !connection)
		return 0;
	template = template_of(flow, connection->status, connection->destination, &key);
	if (template && !(template->flags & TEMPLATE_ASSURED))
		__sync_fetch_and_or(&template->flags, TEMPLATE_ASSURED);
	__sync_fetch_and_or(&connection->status, CONNECTION_ASSURED);
	return 0;
}

/* Removes a template whose time is up and which nothing holds. How many were removed. */
static __always_inline __u32 retire_template(const struct template_key *key, struct template *template, __u32 now)
{
	__u32 destination = template->destination;

	if ((__s32)(now - template->seen) <= (__s32)template->timeout)
		return 0;
	if (holds_connections(template, now)) {
		defer(template, now);
		return 0;
	}
	if (bpf_map_delete_elem(&templates, key))
		return 0;
	account_persistent(destination, -1);
	return 1;
}

/* Whether a reply entry is that of the client's flow. */
static __always_inline bool answers(const struct connection *entry, const struct flow *flow)
{
	return same_address(entry->address, flow->target) && entry->port == flow->target_port &&
	       same_address(entry->local, flow->source) && entry->local_port == flow->source_port;
}

/* Removes the reply entry of a connection, unless another one has taken its place. */
static __noinline void forget_reply(const struct flow *flow, const struct connection *connection, __u32 embryo)
{
	struct connection *entry;
	struct flow reply;

	if (!flow || !connection)
		return;
	reply = reply_flow(flow, connection);
	entry = embryo ? bpf_map_lookup_elem(&embryos, &reply) : bpf_map_lookup_elem(&connections, &reply);
	if (entry && answers(entry, flow))
		forget(&reply, embryo);
}

/* Makes an entry the caller's to remove. False: it is somebody else's. */
static __always_inline bool claim(struct connection *connection, __u32 status)
{
	return !(status & CONNECTION_DEAD) &&
	       __sync_val_compare_and_swap(&connection->status, status, status | CONNECTION_DEAD) == status;
}

/* A connection to @index counts no more; @ended as above. */
static __always_inline void discount(const struct flow *flow, __u32 status, __u32 index, __u32 ended)
{
	account(index, status, status & CONNECTION_ACTIVE ? -1 : 0, -1);
	if (status & CONNECTION_CONTROLLED)
		release_template(flow, status, index, ended);
}

/* Takes a claimed connection out of the table, both ways. */
static __always_inline void take_out(const struct flow *flow, const struct connection *connection, __u32 status)
{
	if (status & CONNECTION_NAT)
		forget_reply(flow, connection, status & CONNECTION_EMBRYO);
	forget(flow, status & CONNECTION_EMBRYO);
}

/* Removes a client's flow with all that belongs to it. False: somebody else is doing that. */
static __noinline __attribute__((unused)) bool retire(const struct flow *flow, struct connection *connection)
{
	__u32 status;

	if (!flow || !connection)
		return false;
	status = connection->status;
	if (!claim(connection, status))
		return false;
	discount(flow, status, connection->destination, connection->seen + connection->timeout);
	take_out(flow, connection, status);
	return true;
}

/* How a connection's packets travel: with NAT as it was made, otherwise as its destination says. */
static __always_inline __u8 method_of(__u32 status, const struct destination *destination)
{
	__u8 method = destination->method;

	if (status & CONNECTION_FULLNAT)
		return METHOD_FULLNAT;
	if (status & CONNECTION_NAT)
		return METHOD_NAT;
	return method == METHOD_NAT || method == METHOD_FULLNAT ? METHOD_DR : method;
}

/* Writes only what differs, so that a busy flow dirties its cache line once a second. */
static __always_inline void touch(struct connection *connection, __u32 timeout, __u32 now)
{
	if (connection->timeout != timeout)
		connection->timeout = timeout;
	if (connection->seen != now)
		connection->seen = now;
}

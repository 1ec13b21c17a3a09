/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What other directors are told of connections, and when, as in net/netfilter/ipvs/ip_vs_sync.c: established and closing ones, at
 * once when they begin to close, else at every so many packets of the client, or every so many seconds.
 */
#pragma once
#include "connection.h"

#define STATE_BIT(state) (1U << (state))
#define TOLD_OF_TCP (STATE_BIT(ES) | STATE_BIT(FW) | STATE_BIT(CL) | STATE_BIT(CW) | STATE_BIT(TW))
#define TOLD_OF_SCTP (STATE_BIT(S_ES) | STATE_BIT(S_SS) | STATE_BIT(S_SR) | STATE_BIT(S_SA) | STATE_BIT(S_CL))
#define LEAST_REFRESH 10 /* seconds */

/* How many times a connection was to be told of by @now, with the repeats that follow each time after an eighth of the period. */
static __always_inline __u32 refreshes(const struct settings *held, __u32 timeout, __u32 now)
{
	__u32 longest = timeout >> 1 > LEAST_REFRESH ? timeout >> 1 : LEAST_REFRESH;
	__u32 period = held->sync_refresh_period < longest ? held->sync_refresh_period : longest;
	__u32 repeat = held->sync_refresh_period >> 3;
	__u32 repeats;

	if (!period)
		return 0;
	repeats = repeat ? now % period / repeat : held->sync_retries;
	return now / period * (held->sync_retries + 1) + (repeats < held->sync_retries ? repeats : held->sync_retries);
}

/*
 * Whether the client's packet of this number is one to tell of, by count or, without a count, by time. @before: when the
 * connection's last packet came. Both counts and times being set, counts alone decide.
 */
static __always_inline bool news_due(const struct settings *held, const struct connection *connection, __u32 packets,
				     __u32 before, __u32 now)
{
	if (held->sync_period)
		return packets % held->sync_period == held->sync_threshold;
	if (held->sync_refresh_period)
		return refreshes(held, connection->timeout, before) != refreshes(held, connection->timeout, now);
	return packets == held->sync_threshold;
}

/* By time alone, of a server's packet. */
static __always_inline bool refresh_due(const struct settings *held, const struct connection *connection, __u32 before, __u32 now)
{
	return !held->sync_period && held->sync_refresh_period &&
	       refreshes(held, connection->timeout, before) != refreshes(held, connection->timeout, now);
}

/* News of the template that @connection was made through. */
static __noinline int tell_template(const struct flow *flow, const struct connection *connection)
{
	struct template_key key;
	struct template_news *news_of;
	struct template *template;

	if (!flow || !connection)
		return 0;
	template = template_of(flow, connection->status, connection->destination, &key);
	if (!template)
		return 0;
	news_of = bpf_ringbuf_reserve(&news, sizeof(*news_of), 0);
	if (!news_of) {
		count_exit(NOTE_NEWS_LOST);
		return 0;
	}
	news_of->key = key;
	news_of->template = *template;
	bpf_ringbuf_submit(news_of, 0);
	count_exit(NOTE_NEWS_TOLD);
	return 0;
}

/*
 * Tells of the client's @flow after one of its packets, if it is time. Half-open connections are in the other table, and nobody
 * is told of them. @due: news_due() has said so already.
 */
static __noinline __attribute__((unused)) int tell(const struct flow *flow, __u32 before, __u32 now, bool due)
{
	struct flow key;
	struct connection *connection;
	struct connection_news *news_of;
	struct settings *held = held_settings();
	__u32 status;
	__u32 state;

	if (!flow || !held)
		return 0;
	/* Linux before 6.2 takes no memory of a caller as a key. */
	key = *flow;
	connection = bpf_map_lookup_elem(&connections, &key);
	if (!connection)
		return 0;
	status = connection->status;
	if (status & (CONNECTION_DEAD | CONNECTION_BYPASS | CONNECTION_REPLY))
		return 0;
	state = status & STATE_MASK;
	if (key.protocol == IPPROTO_TCP || key.protocol == IPPROTO_SCTP) {
		if (!(STATE_BIT(state) & (key.protocol == IPPROTO_TCP ? TOLD_OF_TCP : TOLD_OF_SCTP)))
			return 0;
		if (state != (key.protocol == IPPROTO_TCP ? ES : S_ES) && state != (status & TOLD_STATE_MASK) >> TOLD_STATE_SHIFT)
			due = true;
	}
	if (!due && !news_due(held, connection, connection->packets, before, now))
		return 0;
	if (status & CONNECTION_CONTROLLED) {
		tell_template(&key, connection);
		if (held->flags & SETTINGS_NEWS_OF_TEMPLATES)
			return 0;
	}
	news_of = bpf_ringbuf_reserve(&news, sizeof(*news_of), 0);
	if (!news_of) {
		count_exit(NOTE_NEWS_LOST);
		return 0;
	}
	news_of->flow = key;
	news_of->connection = *connection;
	bpf_ringbuf_submit(news_of, 0);
	count_exit(NOTE_NEWS_TOLD);
	/* If it changes meanwhile, that is news again. */
	__sync_val_compare_and_swap(&connection->status, status, (status & ~TOLD_STATE_MASK) | state << TOLD_STATE_SHIFT);
	return 0;
}

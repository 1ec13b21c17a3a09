/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What a packet does to the connection it belongs to. */
#pragma once
#include "room.h"

/* From the table of embryos to that of connections. A full table leaves it where it is. */
static __noinline int promote(const struct flow *flow, struct connection *embryo)
{
	struct scratch *scratch = own_scratch();
	struct connection *grown;
	__u32 status;

	if (!flow || !embryo || !scratch)
		return 0;
	grown = &scratch->fresh;
	status = embryo->status;
	if (status & CONNECTION_DEAD)
		return 0;
	if (__sync_val_compare_and_swap(&embryo->status, status, status | CONNECTION_DEAD) != status)
		return 0;
	*grown = *embryo;
	grown->status = status & ~CONNECTION_EMBRYO;
	if (enter(flow, grown, BPF_NOEXIST))
		goto full;
	if (status & CONNECTION_NAT) {
		scratch->reply = reply_flow(flow, grown);
		scratch->back = reply_entry(flow, grown);
		if (enter(&scratch->reply, &scratch->back, BPF_ANY)) {
			bpf_map_delete_elem(&connections, flow);
			goto full;
		}
		bpf_map_delete_elem(&embryos, &scratch->reply);
	}
	account_promoted(grown->destination, status & CONNECTION_ACTIVE ? 1 : 0);
	if (status & CONNECTION_CONTROLLED)
		count_embryo(flow, grown, -1);
	bpf_map_delete_elem(&embryos, flow);
	return 0;
full:
	embryo->status = status;
	count_exit(NOTE_PROMOTION_FAILED);
	return 0;
}

/*
 * One packet's effect on its connection: state, counts, timeout; an embryo that has been acknowledged moves over. @flow
 * is the client's. @direction is input or output; input of a connection whose output is not seen is a case of its own.
 */
static __always_inline void advance(const struct packet *packet, const struct flow *flow, struct connection *connection,
				    enum direction direction, __u32 now)
{
	struct settings *held = held_settings();
	__u32 before;
	__u32 after;
	__u32 state;
	bool grown;
	bool established;

	if (!held)
		return;
	before = connection->status;
	if (flow->protocol == IPPROTO_UDP) {
		touch(connection, held->udp_timeout, now);
		if (direction == DIRECTION_OUTPUT && (before & (CONNECTION_CONTROLLED | CONNECTION_ASSURED)) == CONNECTION_CONTROLLED)
			assure(flow, connection);
		return;
	}
	after = before & ~(STATE_MASK | CONNECTION_ACTIVE);
	if (before & CONNECTION_NO_OUTPUT) {
		if (direction == DIRECTION_OUTPUT)
			after &= ~CONNECTION_NO_OUTPUT;
		else
			direction = DIRECTION_INPUT_ONLY;
	}
	if (flow->protocol == IPPROTO_TCP) {
		state = tcp_step(held->flags & SETTINGS_SECURE_TCP, direction, tcp_event_of(packet->tcp_flags), before & STATE_MASK);
		after |= state | tcp_active(state);
		touch(connection, held->tcp_timeouts[state & (STATES - 1)], now);
		grown = state != SR && state != CL && state != SS && state != SA;
		established = state == ES;
	} else {
		/* A packet that ends before its first chunk. */
		if (packet->chunk >= CHUNK_NONE)
			return;
		state = sctp_step(direction, packet->chunk, before & STATE_MASK);
		after |= state | sctp_active(state);
		touch(connection, held->sctp_timeouts[state & (STATES - 1)], now);
		grown = state == S_ES || state == S_CR || state == S_CE;
		established = state == S_ES;
	}
	if (!grown && (before & (CONNECTION_EMBRYO | CONNECTION_CONTROLLED)) == (CONNECTION_EMBRYO | CONNECTION_CONTROLLED))
		count_embryo(flow, connection, 0);
	if (after == before)
		return;
	/* The other direction may be changing it on another CPU: then its change stands. */
	if (__sync_val_compare_and_swap(&connection->status, before, after) != before)
		return;
	if ((after ^ before) & CONNECTION_ACTIVE)
		account(connection->destination, after, after & CONNECTION_ACTIVE ? 1 : -1, 0);
	if (established && (after & (CONNECTION_CONTROLLED | CONNECTION_ASSURED)) == CONNECTION_CONTROLLED)
		assure(flow, connection);
	if ((after & CONNECTION_EMBRYO) && grown)
		promote(flow, connection);
}

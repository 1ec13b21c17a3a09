/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What happens to a packet: whose it is, which connection, which destination, and away with it. Written once for both
 * families; what concerns headers is in ipv4/ and ipv6/, under the same names.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "consts.h"
#include "structs.h"
#include "maps.h"
#include "count.h"
#include "state.h"
#if FAMILY == 6
#include "ipv6/parse.h"
#else
#include "ipv4/parse.h"
#endif
#include "scratch.h"
#include "schedulers.h"
#include "connection.h"
#include "room.h"
#include "advance.h"
#include "persistence.h"
#if FAMILY == 6
#include "ipv6/transmit.h"
#include "ipv6/icmp-answer.h"
#include "fullnat.h"
#include "encap.h"
#include "ipv6/icmp-errors.h"
#else
#include "ipv4/transmit.h"
#include "ipv4/icmp-answer.h"
#include "fullnat.h"
#include "encap.h"
#include "ipv4/icmp-errors.h"
#endif
#include "tunnel-errors.h"

/* Internal: the packet's destination, address and port are set; send it there. */
#define DECIDED 100

/* A packet for a destination: the method's rewriting, and away. */
STEP int transmit(struct __sk_buff *skb, const struct packet *packet)
{
	struct destination *destination;
	struct way way = {};
	__u32 index = packet->destination;
	int failed;
	int found;

	destination = bpf_map_lookup_elem(&destinations, &index);
	/* Its server was removed: silence, so that the flow can go on if the server comes back. */
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	if (destination->flags & DESTINATION_LOCAL)
		return leave(EXIT_LOCAL, TC_PASS);
	if (packet->ttl <= 1)
		return answer_icmp(skb, ANSWER_TIME_EXCEEDED, 0, EXIT_TTL);
	if (packet->method == METHOD_TUN)
		return encapsulate(skb, packet, destination, EXIT_FORWARDED);
	if (too_big(skb, packet, destination->mtu))
		return answer_icmp(skb, ANSWER_TOO_BIG, destination->mtu, EXIT_TOO_BIG);
	way.ifindex = destination->ifindex;
	way.next_hop = narrow(&destination->next_hop);
	if (!way.ifindex) {
		found = route(skb, packet, packet->flow.source, narrow(&destination->address), &way);
		if (found == ROUTE_TOO_BIG)
			return answer_icmp(skb, ANSWER_TOO_BIG, way.mtu, EXIT_TOO_BIG);
		if (found == ROUTE_NONE)
			return leave(EXIT_NO_ROUTE, TC_DROP);
	}
	switch (packet->method) {
	case METHOD_NAT:
		failed = translate(skb, packet, true, packet->address, packet->port);
		break;
	default:
		failed = age(skb, packet);
	}
	if (failed)
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_FORWARDED);
	return send_to(&way);
}

/* By its method. FULLNAT has what the others need of the stack to itself. */
static __always_inline int deliver(struct __sk_buff *skb, const struct packet *packet)
{
	return packet->method == METHOD_FULLNAT ? send_full(skb, packet) : transmit(skb, packet);
}

/* Enters the way back of a half-open NAT connection. */
static __noinline int enter_reply(const struct flow *flow, const struct connection *connection)
{
	struct connection back;
	struct flow reply;

	if (!flow || !connection)
		return 0;
	reply = reply_flow(flow, connection);
	back = reply_entry(flow, connection);
	/* A local port may be another connection's by now. */
	return bpf_map_update_elem(&embryos, &reply, &back, connection->status & CONNECTION_FULLNAT ? BPF_NOEXIST : BPF_ANY);
}

/* A client's packet of a connection we have. */
static __always_inline int input(struct packet *packet, struct connection *connection, __u32 now)
{
	struct destination *destination;
	__u32 index = connection->destination;

	packet->destination = index;
	packet->address = connection->address;
	packet->port = connection->port;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	packet->method = method_of(connection->status, destination);
	/* A SYN that comes again while its reply entry may have been evicted by others. */
	if (connection->status & CONNECTION_EMBRYO && connection->status & CONNECTION_NAT && packet->tcp_flags & 0x02)
		enter_reply(&packet->flow, connection);
	count_in(index, packet->length, 0);
	connection->packets += 1;
	advance(packet, &packet->flow, connection, DIRECTION_INPUT, now);
	return DECIDED;
}

/* A server's packet becomes one from the virtual service of @flow, the client's, and goes to that client. */
STEP int send_reply(struct __sk_buff *skb, const struct packet *packet, const struct flow *flow, __u32 way_in)
{
	struct way way = {};

	/* The server hears of it as if from the client; it is the way to the client that is narrow. */
	if (route_back(skb, packet, flow->target, flow->source, way_in, &way) == ROUTE_TOO_BIG)
		return answer_icmp(skb, ANSWER_REPLY_TOO_BIG, way.mtu, EXIT_TOO_BIG);
	if (translate(skb, packet, false, flow->target, flow->target_port))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_REPLIED);
	return send_to(&way);
}

/* A server's packet to the client of a NAT connection: it becomes one of the virtual service. */
STEP int output(struct __sk_buff *skb, const struct packet *packet, struct connection *entry, __u32 now)
{
	struct flow flow = client_flow(&packet->flow, entry);
	struct connection *connection = find(&flow);
	struct destination *destination;
	__u32 index;
	__u32 way_in;
	bool full;

	if (!connection || connection->status & CONNECTION_REPLY || expired(connection, now))
		return leave(EXIT_NO_CONNECTION, TC_PASS);
	/* The stack says so to the server. */
	if (packet->ttl <= 1)
		return leave(EXIT_REPLY_TO_STACK, TC_PASS);
	index = connection->destination;
	way_in = connection->ifindex;
	full = connection->status & CONNECTION_FULLNAT;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (destination && destination->flags & DESTINATION_AVAILABLE)
		count_out(index, packet->length);
	advance(packet, &flow, connection, DIRECTION_OUTPUT, now);
	if (full)
		return send_full_reply(skb, packet, &flow);
	return send_reply(skb, packet, &flow, way_in);
}

/* Takes back what was counted for a connection that is not entered. */
static __always_inline void undo(const struct flow *flow, const struct connection *connection)
{
	if (connection->status & CONNECTION_CONTROLLED)
		release_template(flow, connection->status, connection->destination);
}

/* Enters a connection to @index for its first packet. */
static __noinline int open_connection(struct packet *packet, const struct service *service, __u32 index, __u32 ifindex)
{
	struct scratch *scratch = own_scratch();
	struct connection *fresh;
	struct connection *back;
	struct destination *destination;
	struct settings *held = held_settings();
	struct flow *reply;
	const struct flow *flow;
	__u32 now;
	__u32 nat;
	__u32 state;
	long error;
	int odd;

	if (!packet || !service || !held || !scratch)
		return TC_DROP;
	fresh = &scratch->fresh;
	back = &scratch->back;
	reply = &scratch->reply;
	*fresh = (struct connection){};
	now = packet->now;
	scratch->flow = packet->flow;
	flow = &scratch->flow;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	packet->method = destination->method;
	nat = packet->method == METHOD_NAT ? CONNECTION_NAT : 0;
	if (packet->method == METHOD_FULLNAT)
		nat = CONNECTION_NAT | CONNECTION_FULLNAT | (service->flags & SERVICE_TOA ? CONNECTION_TOA : 0);
	fresh->address = narrow(&destination->address);
	fresh->port = service->port && destination->port ? destination->port : flow->target_port;
	packet->destination = index;
	packet->address = fresh->address;
	packet->port = fresh->port;
	fresh->destination = index;
	fresh->seen = now;
	fresh->ifindex = ifindex;
	fresh->packets = 1;
	fresh->status = nat ? nat : CONNECTION_NO_OUTPUT;
	if (flow->protocol == IPPROTO_TCP) {
		state = tcp_step(nat ? DIRECTION_INPUT : DIRECTION_INPUT_ONLY, tcp_event_of(packet->tcp_flags), NO);
		fresh->status |= state | tcp_active(state) | CONNECTION_EMBRYO;
		fresh->timeout = held->tcp_timeouts[state & (STATES - 1)];
	} else {
		fresh->timeout = held->udp_timeout;
	}
	if (service->flags & SERVICE_PERSISTENT) {
		fresh->status |= CONNECTION_CONTROLLED | (service->port ? 0 : CONNECTION_ANY_PORT);
		fresh->status |= service->persistence_bits << CLIENT_BITS_SHIFT;
	}
	/* Nothing is kept; a template has had its time renewed. */
	if (service->flags & SERVICE_ONE_PACKET && flow->protocol == IPPROTO_UDP) {
		undo(flow, fresh);
		count_in(index, packet->length, 1);
		return DECIDED;
	}
	if (nat & CONNECTION_FULLNAT) {
		odd = enter_full(scratch, service, held, now);
		if (odd) {
			undo(flow, fresh);
			return leave(odd, TC_DROP);
		}
	} else if (nat) {
		*reply = reply_flow(flow, fresh);
		if (!clear_reply(flow, reply, now)) {
			undo(flow, fresh);
			return leave(EXIT_COLLISION, TC_DROP);
		}
		*back = reply_entry(flow, fresh);
		error = fresh->status & CONNECTION_EMBRYO ? bpf_map_update_elem(&embryos, reply, back, BPF_ANY)
							 : enter(reply, back, BPF_ANY);
		if (error) {
			undo(flow, fresh);
			return leave(EXIT_TABLE_FULL, TC_DROP);
		}
	}
	error = fresh->status & CONNECTION_EMBRYO ? bpf_map_update_elem(&embryos, flow, fresh, BPF_NOEXIST)
						 : enter(flow, fresh, BPF_NOEXIST);
	if (error) {
		/* EEXIST: another CPU has just entered this very flow. */
		if (nat && (error != -17 || nat & CONNECTION_FULLNAT))
			forget(reply, fresh->status & CONNECTION_EMBRYO);
		undo(flow, fresh);
		return leave(error == -17 ? EXIT_COLLISION : EXIT_TABLE_FULL, TC_DROP);
	}
	account(index, fresh->status, fresh->status & CONNECTION_ACTIVE ? 1 : 0, 1);
	count_in(index, packet->length, 1);
	return DECIDED;
}

/* A packet without a connection: perhaps the first of one. */
static __noinline int first(struct __sk_buff *skb, struct packet *packet)
{
	const struct flow *flow = &packet->flow;
	struct service_key key = {
		.address = flow->target,
		.port = flow->target_port,
		.protocol = flow->protocol,
	};
	struct settings *held;
	struct service *service;
	__u32 index;

	service = bpf_map_lookup_elem(&services, &key);
	if (!service) {
		held = held_settings();
		if (held && held->flags & SETTINGS_ANY_PORT) {
			key.port = 0;
			service = bpf_map_lookup_elem(&services, &key);
		}
		if (!service)
			return leave(EXIT_NO_SERVICE, TC_PASS);
	}
	if (flow->protocol == IPPROTO_TCP && (packet->tcp_flags & 0x06) != 0x02)
		return leave(EXIT_NO_CONNECTION, TC_PASS);
	/* Active FTP data from a server behind us. */
	if (flow->source_port == bpf_htons(FTP_DATA))
		return leave(EXIT_FTP_DATA, TC_PASS);
	/* Without persistence, a service for any port schedules nothing. */
	if (!service->port && !(service->flags & SERVICE_PERSISTENT))
		return leave(EXIT_NO_CONNECTION, TC_PASS);
	index = service->flags & SERVICE_PERSISTENT ? schedule_persistent(service, flow, packet->now)
						 : schedule(service, flow, packet->now);
	if (index == NO_DESTINATION)
		return answer_icmp(skb, ANSWER_PORT_UNREACHABLE, 0, EXIT_NO_DESTINATION);
	return open_connection(packet, service, index, skb->ifindex);
}

/* Whose packet it is. DECIDED: one for a destination; otherwise the verdict. */
static __always_inline int decide(struct __sk_buff *skb, struct packet *packet)
{
	struct connection *connection;
	__u32 now = seconds();
	__u32 state;

	packet->now = now;
	connection = find(&packet->flow);
	if (!connection)
		return first(skb, packet);
	if (connection->status & CONNECTION_REPLY)
		return output(skb, packet, connection, now);
	state = connection->status & STATE_MASK;
	/* A client that comes again with the port of a finished connection gets a new one (conn_reuse_mode 1). */
	if (expired(connection, now) ||
	    (packet->flow.protocol == IPPROTO_TCP && packet->tcp_flags & 0x02 && (state == TW || state == CL))) {
		retire(&packet->flow, connection);
		return first(skb, packet);
	}
	return input(packet, connection, now);
}

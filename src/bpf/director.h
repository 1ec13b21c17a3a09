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
#include "news.h"
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

/* On to where the packet was going (cache_bypass). */
__noinline int bypass(struct __sk_buff *skb, const struct packet *packet)
{
	struct way way = {};
	int found;

	if (!skb || !packet)
		return TC_DROP;
	if (packet->ttl <= 1)
		return answer_icmp(skb, ANSWER_TIME_EXCEEDED, 0, EXIT_TTL);
	found = route(skb, packet, packet->flow.source, packet->flow.target, &way);
	if (found == ROUTE_TOO_BIG)
		return answer_icmp(skb, ANSWER_TOO_BIG, way.mtu, EXIT_TOO_BIG);
	if (found == ROUTE_NONE)
		return leave(EXIT_NO_ROUTE, TC_DROP);
	if (age(skb, packet))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_BYPASSED);
	return send_to(&way);
}

/* A packet for a destination: the method's rewriting, and away. */
static __noinline int transmit(struct __sk_buff *skb, const struct packet *packet)
{
	struct destination *destination;
	struct way way = {};
	__u32 index = packet->destination;
	int failed;
	int found;

	if (packet->method == METHOD_BYPASS)
		return bypass(skb, packet);
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

/* Whether the packet asks for a new connection, whatever is known of its flow. */
static __always_inline bool opens(const struct packet *packet)
{
	if (packet->flow.protocol == IPPROTO_TCP)
		return packet->tcp_flags & 0x02;
	return packet->flow.protocol == IPPROTO_SCTP && packet->chunk == CHUNK_INIT;
}

/* Whether a packet without a connection may open one. */
static __always_inline bool may_open(const struct packet *packet, const struct settings *held)
{
	if (packet->flow.protocol == IPPROTO_TCP)
		return !(packet->tcp_flags & 0x04) && (packet->tcp_flags & 0x02 || held->flags & SETTINGS_SLOPPY_TCP);
	if (packet->flow.protocol == IPPROTO_SCTP)
		return packet->chunk == CHUNK_INIT ||
		       (held->flags & SETTINGS_SLOPPY_SCTP && packet->chunk != CHUNK_ABORT && packet->chunk != CHUNK_NONE);
	return true;
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

/* A client's packet of a connection whose destination is there (or that has none: bypass). */
static __always_inline int input(struct packet *packet, struct connection *connection,
				 const struct destination *destination, __u32 now)
{
	struct settings *held;
	__u32 before;

	packet->destination = connection->destination;
	packet->address = connection->address;
	packet->port = connection->port;
	packet->method = destination ? method_of(connection->status, destination) : METHOD_BYPASS;
	/* A SYN that comes again while its reply entry may have been evicted by others. */
	if (connection->status & CONNECTION_EMBRYO && connection->status & CONNECTION_NAT && opens(packet))
		enter_reply(&packet->flow, connection);
	if (packet->method == METHOD_FULLNAT)
		keep_full(connection);
	count_in(packet->destination, packet->length, 0);
	connection->packets += 1;
	before = connection->seen;
	advance(packet, &packet->flow, connection, DIRECTION_INPUT, now);
	held = held_settings();
	if (held && held->flags & SETTINGS_NEWS)
		tell(&packet->flow, before, now, false);
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
	struct connection *connection;
	struct destination *destination;
	struct settings *held;
	struct flow *flow;
	__u32 index;
	__u32 way_in;
	bool full;
#if FAMILY == 6
	struct scratch *scratch = own_scratch();

	if (!scratch)
		return TC_DROP;
	flow = &scratch->about.flow;
#else
	struct flow own;

	flow = &own;
#endif
	find_client(flow, &packet->flow, entry);
	connection = find(flow);
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
	if (full)
		keep_full(connection);
	held = held_settings();
	if (held && held->flags & SETTINGS_NEWS && refresh_due(held, connection, connection->seen, now))
		tell(flow, connection->seen, now, true);
	advance(packet, flow, connection, DIRECTION_OUTPUT, now);
	if (full)
		return send_full_reply(skb, packet, flow, way_in);
	return send_reply(skb, packet, flow, way_in);
}

/* Takes back what was counted for a connection that is not entered. */
static __always_inline void undo(const struct flow *flow, const struct connection *connection)
{
	if (connection->status & CONNECTION_CONTROLLED)
		release_template(flow, connection->status, connection->destination, connection->seen);
}

static __always_inline void assure_fresh(const struct flow *flow)
{
	struct connection *connection = find(flow);

	if (connection)
		assure(flow, connection);
}

/* State and timeout of a connection that @packet opens. */
static __always_inline void start(const struct packet *packet, struct connection *fresh, const struct settings *held)
{
	enum direction direction = fresh->status & CONNECTION_NO_OUTPUT ? DIRECTION_INPUT_ONLY : DIRECTION_INPUT;
	__u32 state;

	if (packet->flow.protocol == IPPROTO_TCP) {
		state = tcp_step(held->flags & SETTINGS_SECURE_TCP, direction, tcp_event_of(packet->tcp_flags), NO);
		fresh->status |= state | tcp_active(state) | (state == ES ? 0 : CONNECTION_EMBRYO);
		fresh->timeout = held->tcp_timeouts[state & (STATES - 1)];
	} else if (packet->flow.protocol == IPPROTO_SCTP) {
		state = sctp_step(direction, packet->chunk, S_NO);
		fresh->status |= state | sctp_active(state) | (state == S_ES ? 0 : CONNECTION_EMBRYO);
		fresh->timeout = held->sctp_timeouts[state & (STATES - 1)];
	} else {
		fresh->timeout = held->udp_timeout;
	}
}

/* Enters a connection to @index for its first packet; for an ICMP error about it when the packet has no length. */
__noinline int open_connection(struct packet *packet, const struct service *service, __u32 index, __u32 ifindex)
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
	long error;
	int odd;

	if (!packet || !service || !held || !scratch)
		return TC_DROP;
	fresh = &scratch->fresh;
	back = &scratch->back;
	reply = &scratch->reply;
	*fresh = (struct connection){};
	now = packet->now;
	/* Linux before 6.2 takes no memory of a caller as a key. */
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
	/* With persistence, only of what talks to the service's own port. */
	fresh->port = destination->port && (!(service->flags & SERVICE_PERSISTENT) || flow->target_port == service->port)
			      ? destination->port
			      : flow->target_port;
	packet->destination = index;
	packet->address = fresh->address;
	packet->port = fresh->port;
	fresh->destination = index;
	fresh->seen = now;
	fresh->ifindex = ifindex;
	fresh->packets = 1;
	fresh->status = nat ? nat : CONNECTION_NO_OUTPUT;
	if (packet->length)
		start(packet, fresh, held);
	else
		fresh->timeout = INITIAL_TIMEOUT;
	if (service->flags & SERVICE_PERSISTENT) {
		fresh->status |= CONNECTION_CONTROLLED | (template_port(service) ? 0 : CONNECTION_ANY_PORT);
		fresh->status |= (service->mark ? CONNECTION_MARK : 0) | service->persistence_bits << CLIENT_BITS_SHIFT;
		if (fresh->status & CONNECTION_EMBRYO)
			count_embryo(flow, fresh, 1);
	}
	/* Nothing is kept; a template has had its time renewed. */
	if (service->flags & SERVICE_ONE_PACKET && flow->protocol == IPPROTO_UDP) {
		undo(flow, fresh);
		if (packet->length)
			count_in(index, packet->length, 1);
		else
			count_opened(index);
		return DECIDED;
	}
	if (nat & CONNECTION_FULLNAT) {
		odd = enter_full(scratch, service, held, now, packet->tcp_flags & TCP_SYN);
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
	if (packet->length)
		count_in(index, packet->length, 1);
	else
		count_opened(index);
	/* Mid-stream (sloppy_tcp, sloppy_sctp): established at once. */
	if ((fresh->status & (CONNECTION_CONTROLLED | CONNECTION_EMBRYO | CONNECTION_ACTIVE)) == (CONNECTION_CONTROLLED | CONNECTION_ACTIVE))
		assure_fresh(flow);
	if (nat & CONNECTION_FULLNAT)
		keep_full(fresh);
	if (held->flags & SETTINGS_NEWS && !(fresh->status & CONNECTION_EMBRYO))
		tell(flow, now, now, false);
	return DECIDED;
}

/* The service that a packet is for: by firewall mark, by address, by address for any port. */
static __always_inline struct service *service_for(const struct flow *flow, __u32 mark, const struct settings *held)
{
	struct service_key key = {};
	struct service *service;

	if (mark && held->flags & SETTINGS_MARK) {
		key.address = mark_as_address(mark);
		service = bpf_map_lookup_elem(&services, &key);
		if (service)
			return service;
	}
	key.address = flow->target;
	key.port = flow->target_port;
	key.protocol = flow->protocol;
	service = bpf_map_lookup_elem(&services, &key);
	if (service || !(held->flags & SETTINGS_ANY_PORT))
		return service;
	key.port = 0;
	return bpf_map_lookup_elem(&services, &key);
}

/* Whether this one of the packets that would open a connection is to be dropped (drop_packet). */
static __always_inline bool unlucky(const struct settings *held)
{
	__u32 zero = 0;
	struct candidates *candidates;

	if (!held->drop_rate)
		return false;
	candidates = bpf_map_lookup_elem(&openings, &zero);
	return candidates && (__sync_fetch_and_add(&candidates->seen, 1) + 1) % held->drop_rate == 0;
}

/*
 * A packet from a service's address to a client, as servers of direct routing and tunnels send them when their way out is
 * this host: the stack takes it on, we learn from it. True: it was one.
 */
__noinline bool see_reply(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct connection *connection;
	struct destination *destination;
	struct settings *held = held_settings();
	struct flow *flow;
	__u32 index;
#if FAMILY == 4
	struct way way = {};
#endif

	if (!skb || !packet || !held || !scratch)
		return false;
	flow = &scratch->about.flow;
	*flow = packet->flow;
	flow->source = packet->flow.target;
	flow->target = packet->flow.source;
	flow->source_port = packet->flow.target_port;
	flow->target_port = packet->flow.source_port;
	if (!(held->flags & SETTINGS_MARK) && !service_for(flow, 0, held))
		return false;
	connection = find(flow);
	if (!connection || connection->status & (CONNECTION_REPLY | CONNECTION_NAT) || expired(connection, packet->now))
		return false;
#if FAMILY == 4
	/* The stack takes nothing from an address that it has itself, and IPVS then does not see it either. */
	if (route(skb, packet, flow->source, flow->target, &way) == ROUTE_NONE)
		return false;
#endif
	index = connection->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (destination && destination->flags & DESTINATION_AVAILABLE)
		count_out(index, packet->length);
	advance(packet, flow, connection, DIRECTION_OUTPUT, packet->now);
	return true;
}

/* A packet of the NAT server @index that is of no connection: it is told so where the stack would send the packet on. */
__noinline int refuse(struct __sk_buff *skb, const struct packet *packet, __u32 index)
{
	struct scratch *scratch = own_scratch();
	struct destination *server;
	struct way way = {};

	if (!skb || !packet || !scratch)
		return TC_PASS;
	server = bpf_map_lookup_elem(&destinations, &index);
	switch (route(skb, packet, packet->flow.source, packet->flow.target, &way)) {
	case ROUTE_FOUND:
		if (packet->ttl <= 1)
			return leave(EXIT_REPLY_TO_STACK, TC_PASS);
		break;
	case ROUTE_TOO_BIG:
		return leave(EXIT_REPLY_TO_STACK, TC_PASS);
	default:
		server = NULL;
	}
	if (!server || !server->ifindex || !server->tunnel_source.words[0])
		return answer_icmp(skb, ANSWER_PORT_UNREACHABLE, 0, EXIT_REPLY_REFUSED);
	scratch->due.refused = index;
	return answer_icmp(skb, ANSWER_REFUSED, 0, EXIT_REPLY_REFUSED);
}

/* Nobody's packet: perhaps it comes from one of our servers. */
static __always_inline int stray(struct __sk_buff *skb, const struct packet *packet, const struct settings *held)
{
	struct service_key key = {
		.address = packet->flow.source,
		.port = packet->flow.source_port,
		.protocol = packet->flow.protocol,
	};
	__u32 *slot;

	if (see_reply(skb, packet))
		return leave(EXIT_REPLY_SEEN, TC_PASS);
	if (!(held->flags & SETTINGS_NAT_ICMP_SEND))
		return leave(EXIT_NO_SERVICE, TC_PASS);
	if ((packet->flow.protocol == IPPROTO_TCP && packet->tcp_flags & 0x04) ||
	    (packet->flow.protocol == IPPROTO_SCTP && packet->chunk == CHUNK_ABORT))
		return leave(EXIT_NO_SERVICE, TC_PASS);
	slot = bpf_map_lookup_elem(&nat_servers, &key);
	if (!slot) {
		key.protocol = 0;
		slot = bpf_map_lookup_elem(&nat_servers, &key);
	}
	return slot ? refuse(skb, packet, *slot) : leave(EXIT_NO_SERVICE, TC_PASS);
}

/* Nothing was found for a firewall mark's service: the packet goes on to where it was going (cache_bypass). */
__noinline int open_bypass(struct __sk_buff *skb, struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct settings *held = held_settings();
	struct connection *fresh;
	struct way way = {};

	if (!skb || !packet || !held || !scratch)
		return TC_DROP;
	if (!is_unicast(packet->flow.target) || route(skb, packet, packet->flow.source, packet->flow.target, &way) == ROUTE_NONE)
		return answer_icmp(skb, ANSWER_PORT_UNREACHABLE, 0, EXIT_NO_DESTINATION);
	packet->method = METHOD_BYPASS;
	packet->destination = NO_DESTINATION;
	fresh = &scratch->fresh;
	*fresh = (struct connection){};
	fresh->destination = NO_DESTINATION;
	fresh->seen = packet->now;
	fresh->ifindex = skb->ifindex;
	fresh->packets = 1;
	fresh->status = CONNECTION_BYPASS;
	start(packet, fresh, held);
	fresh->status &= ~CONNECTION_EMBRYO;
	scratch->flow = packet->flow;
	if (enter(&scratch->flow, fresh, BPF_NOEXIST))
		return leave(EXIT_TABLE_FULL, TC_DROP);
	return DECIDED;
}

/*
 * A marked packet comes from the stack by an interface of ours: makes it what it was. The interface by which packets go back
 * to the client, for that by which this one came is not known any more; 0: none.
 */
__noinline __u32 unwrap_marked(struct __sk_buff *skb, struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct way way = {};

	if (!skb || !packet || !scratch || restore(skb, packet))
		return 0;
	route(skb, packet, packet->flow.target, packet->flow.source, &way);
	scratch->due.way_in = way.ifindex;
	return way.ifindex;
}

/* A packet without a connection: perhaps the first of one. */
__noinline int first(struct __sk_buff *skb, struct packet *packet)
{
	const struct flow *flow = &packet->flow;
	struct settings *held = held_settings();
	struct service *service;
	__u32 way_in;
	__u32 index;

	if (!skb || !packet || !held)
		return TC_PASS;
	service = service_for(flow, skb->mark, held);
	if (!service)
		return stray(skb, packet, held);
	way_in = skb->ifindex;
	if (way_in == held->marks_ifindex)
		way_in = unwrap_marked(skb, packet);
	if (!may_open(packet, held))
		return leave(EXIT_NO_CONNECTION, TC_PASS);
	/* The stack would not let it in. */
	if (!is_unicast(flow->source))
		return leave(EXIT_MARTIAN, TC_PASS);
	if (unlucky(held))
		return leave(EXIT_DROP_PACKET, TC_DROP);
	/* Active FTP data from a server behind us. */
	if (flow->source_port == bpf_htons(FTP_DATA))
		return leave(EXIT_FTP_DATA, TC_PASS);
	if (service->flags & SERVICE_PERSISTENT)
		index = schedule_persistent(service, flow, packet->now);
	else if (service->port || service->mark)
		index = schedule(service, flow, packet->now);
	else
		index = NO_DESTINATION; /* without persistence, a service for any port schedules nothing */
	if (index == NO_DESTINATION) {
		if (service->mark && held->flags & SETTINGS_CACHE_BYPASS)
			return open_bypass(skb, packet);
		return answer_icmp(skb, ANSWER_PORT_UNREACHABLE, 0, EXIT_NO_DESTINATION);
	}
	if (service->locals_count && !keep_sequence(skb, packet))
		return leave(EXIT_TRUNCATED, TC_PASS);
	return open_connection(packet, service, index, way_in);
}

/* schedule_icmp: as if the flow of @about had sent a packet, but no state is entered. */
__noinline int schedule_error(struct __sk_buff *skb, struct packet *about)
{
	struct scratch *scratch = own_scratch();
	struct settings *held = held_settings();
	const struct flow *flow;
	struct service *service;
	__u32 index;

	if (!skb || !about || !held || !scratch || !(held->flags & SETTINGS_SCHEDULE_ICMP))
		return 0;
	flow = &about->flow;
	about->now = seconds();
	about->chunk = CHUNK_NONE;
	service = service_for(flow, skb->mark, held);
	if (!service || flow->source_port == bpf_htons(FTP_DATA) || unlucky(held))
		return 0;
	scratch->asked_of_client = 1;
	if (service->flags & SERVICE_PERSISTENT)
		index = schedule_persistent(service, flow, about->now);
	else
		index = service->port || service->mark ? schedule(service, flow, about->now) : NO_DESTINATION;
	scratch->asked_of_client = 0;
	return index != NO_DESTINATION && open_connection(about, service, index, skb->ifindex) == DECIDED;
}

/* Whether a packet that asks for a new connection is to have one although the flow's is still there. */
static __always_inline bool rescheduled(const struct packet *packet, const struct connection *connection,
					const struct destination *destination)
{
	struct settings *held = held_settings();
	__u32 status = connection->status;
	__u32 state = status & STATE_MASK;

	if (!held)
		return false;
	if (held->flags & SETTINGS_EXPIRE_NODEST_CONN && destination && !destination->weight)
		return true;
	if (!held->conn_reuse_mode || status & CONNECTION_CONTROLLED)
		return false;
	if (packet->flow.protocol == IPPROTO_SCTP)
		return state == S_CL;
	return state == TW || state == CL || (held->conn_reuse_mode & 2 && state == FW && status & CONNECTION_NO_OUTPUT);
}

/* Whether connections of removed destinations end at their next packet. */
static __always_inline bool expires_without_destination(void)
{
	struct settings *held = held_settings();

	return held && held->flags & SETTINGS_EXPIRE_NODEST_CONN;
}

/*
 * Another connection for a flow that has one. That goes on counting until the other is entered, for the timer by which IPVS
 * ends it runs after the packet.
 */
static __always_inline int renew(struct __sk_buff *skb, struct packet *packet, struct connection *connection)
{
	struct scratch *scratch = own_scratch();
	int verdict;

	if (!skb || !packet || !connection || !scratch)
		return TC_DROP;
	scratch->ended_status = connection->status;
	scratch->ended_destination = connection->destination;
	if (!claim(connection, scratch->ended_status))
		return first(skb, packet);
	take_out(&packet->flow, connection, scratch->ended_status);
	verdict = first(skb, packet);
	discount(&packet->flow, scratch->ended_status, scratch->ended_destination, packet->now);
	return verdict;
}

#define NOT_PLAIN (-2)
#if FAMILY == 4 && !defined(ODD)
/* What a connection must not be for its packets to change nothing but its time. */
#define NOT_SETTLED \
	(CONNECTION_REPLY | CONNECTION_DEAD | CONNECTION_EMBRYO | CONNECTION_FULLNAT | CONNECTION_BYPASS | CONNECTION_SYNCED)

/*
 * What nearly every packet is, in the fewest instructions: a client's, of a connection that is established and stays so, by
 * NAT or direct routing, and fit to be sent. NOT_PLAIN: something else, and nothing is done; what follows is right for this too.
 */
static __always_inline int forward_plain(struct __sk_buff *skb, struct packet *packet, struct connection *connection, __u32 now)
{
	struct settings *held = held_settings();
	struct destination *destination;
	__u32 status = connection->status;
	__u32 index = connection->destination;
	__u32 timeout;
	struct way way;

	if (!held || status & NOT_SETTLED || expired(connection, now))
		return NOT_PLAIN;
	if (packet->flow.protocol == IPPROTO_TCP) {
		/* ACK without SYN, FIN or RST. */
		if ((status & STATE_MASK) != ES || (packet->tcp_flags & 0x17) != 0x10)
			return NOT_PLAIN;
		timeout = held->tcp_timeouts[ES];
	} else {
		if (packet->flow.protocol != IPPROTO_UDP)
			return NOT_PLAIN;
		timeout = held->udp_timeout;
	}
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || (destination->flags & (DESTINATION_AVAILABLE | DESTINATION_LOCAL)) != DESTINATION_AVAILABLE)
		return NOT_PLAIN;
	if (!(status & CONNECTION_NAT) && destination->method != METHOD_DR)
		return NOT_PLAIN;
	way.ifindex = destination->ifindex;
	way.next_hop = narrow(&destination->next_hop);
	if (!way.ifindex || packet->ttl <= 1 || packet->length > destination->mtu)
		return NOT_PLAIN;
	count_in(index, packet->length, 0);
	connection->packets += 1;
	if (held->flags & SETTINGS_NEWS && news_due(held, connection, connection->packets, connection->seen, now))
		tell(&packet->flow, now, now, true);
	touch(connection, timeout, now);
	if (status & CONNECTION_NAT ? translate(skb, packet, true, connection->address, connection->port) : age(skb, packet))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_FORWARDED);
	return send_to(&way);
}
#else
/* Where there are fewer of them, for more stack or code. */
static __always_inline int forward_plain(struct __sk_buff *skb, struct packet *packet, struct connection *connection, __u32 now)
{
	return NOT_PLAIN;
}
#endif

/* Whose packet it is. DECIDED: one for a destination; otherwise the verdict. */
static __always_inline int decide(struct __sk_buff *skb, struct packet *packet)
{
	struct connection *connection;
	struct destination *destination;
	__u32 now = seconds();
	__u32 index;
	int plain;

	packet->now = now;
	connection = find(&packet->flow);
	if (!connection)
		return first(skb, packet);
	plain = forward_plain(skb, packet, connection, now);
	if (plain != NOT_PLAIN)
		return plain;
	if (connection->status & CONNECTION_REPLY)
		return output(skb, packet, connection, now);
	index = connection->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (expired(connection, now)) {
		retire(&packet->flow, connection);
		return first(skb, packet);
	}
	if (opens(packet) && (rescheduled(packet, connection, destination) || local_lost(&packet->flow, connection))) {
		count_exit(NOTE_RESCHEDULED);
		return renew(skb, packet, connection);
	}
	if (!(connection->status & CONNECTION_BYPASS) && (!destination || !(destination->flags & DESTINATION_AVAILABLE))) {
		if (expires_without_destination())
			return renew(skb, packet, connection);
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	}
	/* What another director told is from here on as if it had begun here. */
	if (connection->status & CONNECTION_SYNCED) {
		connection->ifindex = skb->ifindex;
		__sync_fetch_and_and(&connection->status, ~CONNECTION_SYNCED);
	}
	return input(packet, connection, destination, now);
}

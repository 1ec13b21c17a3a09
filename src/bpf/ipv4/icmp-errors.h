/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * ICMP errors about balanced flows, as ip_vs_in_icmp() and ip_vs_out_icmp() treat them: one about a packet that a
 * server sent goes to that server, one about a packet that a server got goes to the client as from the virtual address.
 * The quoted packet is rewritten like the real one was, its transport checksum is not. Changes inside an IPv4 header
 * cancel out in the ICMP checksum, so only the port counts there.
 */
#pragma once
#include "../connection.h"
#include "transmit.h"

#define INNER (TRANSPORT(packet) + 8)
#define INNER_CHECK (INNER + 10)
#define INNER_SOURCE (INNER + 12)
#define INNER_TARGET (INNER + 16)
#define INNER_PORTS (INNER + IP_HLEN)

/* The IPv4 header from ttl to the end. */
struct header_tail {
	__u8 ttl;
	__u8 protocol;
	__be16 check;
	__be32 source;
	__be32 target;
};

/* The quoted packet as far as every error quotes it. */
struct quoted {
	struct iphdr ip;
	struct ports ports;
};
_Static_assert(sizeof(struct quoted) == 24 && sizeof(struct quoted) <= sizeof(((struct scratch *)0)->quoted), "quoted");

static __always_inline bool is_icmp_error(__u8 type)
{
	return type == 3 || type == 4 || type == 11;
}

/*
 * @to_server: the outer target and the quoted source become @address and @port; otherwise the outer source and the
 * quoted target. TTL minus one.
 */
static __always_inline int translate_error(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
					   bool to_server, __be32 address, __be16 port)
{
	__be32 old_outer = to_server ? packet->flow.target : packet->flow.source;
	__be32 old_inner = to_server ? quoted->ip.saddr : quoted->ip.daddr;
	__be16 old_port = to_server ? quoted->ports.source : quoted->ports.target;
	__be16 inner_check = check_change32(quoted->ip.check, old_inner, address);
	struct header_tail tail = {
		.ttl = packet->ttl - 1,
		.protocol = IPPROTO_ICMP,
		.source = to_server ? packet->flow.source : address,
		.target = to_server ? address : packet->flow.target,
	};
	__be16 icmp_check;
	int error;

	tail.check = check_ttl(packet->ip_check);
	tail.check = check_change32(tail.check, old_outer, address);
	error = bpf_skb_load_bytes(skb, TRANSPORT(packet) + 2, &icmp_check, 2);
	icmp_check = check_change(icmp_check, old_port, port);
	error |= bpf_skb_store_bytes(skb, ETH_HLEN + 8, &tail, sizeof(tail), 0);
	error |= bpf_skb_store_bytes(skb, TRANSPORT(packet) + 2, &icmp_check, 2, 0);
	error |= bpf_skb_store_bytes(skb, INNER_CHECK, &inner_check, 2, 0);
	error |= bpf_skb_store_bytes(skb, to_server ? INNER_SOURCE : INNER_TARGET, &address, 4, 0);
	error |= bpf_skb_store_bytes(skb, INNER_PORTS + (to_server ? 0 : 2), &port, 2, 0);
	return error;
}

/*
 * FULLNAT: both ends of an error, and both of the packet it quotes, which went the other way. @delta: how far the quoted
 * sequence number is ahead.
 */
static __noinline int translate_error_ends(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
					   const struct ends *ends, __u32 delta)
{
	struct header_tail tail = { .protocol = IPPROTO_ICMP };
	struct {
		__be32 source;
		__be32 target;
		struct ports ports;
	} inner;
	__be16 inner_check;
	__be16 icmp_check;
	__be32 before;
	__be32 after;
	int error;

	if (!skb || !packet || !quoted || !ends)
		return -1;
	inner.source = ends->target;
	inner.target = ends->source;
	inner.ports.source = ends->target_port;
	inner.ports.target = ends->source_port;
	inner_check = check_change32(quoted->ip.check, quoted->ip.saddr, inner.source);
	inner_check = check_change32(inner_check, quoted->ip.daddr, inner.target);
	tail.ttl = packet->ttl - 1;
	tail.source = ends->source;
	tail.target = ends->target;
	tail.check = check_ttl(packet->ip_check);
	tail.check = check_change32(tail.check, packet->flow.source, tail.source);
	tail.check = check_change32(tail.check, packet->flow.target, tail.target);
	error = quoted_sequence(skb, INNER_PORTS + 4, delta, &before, &after, 0);
	error |= bpf_skb_load_bytes(skb, TRANSPORT(packet) + 2, &icmp_check, 2);
	icmp_check = check_change(icmp_check, quoted->ports.source, inner.ports.source);
	icmp_check = check_change(icmp_check, quoted->ports.target, inner.ports.target);
	icmp_check = check_change32(icmp_check, before, after);
	error |= bpf_skb_store_bytes(skb, ETH_HLEN + 8, &tail, sizeof(tail), 0);
	error |= bpf_skb_store_bytes(skb, TRANSPORT(packet) + 2, &icmp_check, 2, 0);
	error |= bpf_skb_store_bytes(skb, INNER_CHECK, &inner_check, 2, 0);
	error |= bpf_skb_store_bytes(skb, INNER_SOURCE, &inner, sizeof(inner), 0);
	return error;
}

/* FULLNAT: as relay_about(), with both ends changed. */
static __noinline int relay_full(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
				 const struct connection *connection, const struct destination *destination)
{
	struct scratch *scratch = own_scratch();
	struct way way = {};
	struct ends *ends;
	__u32 delta = 0;

	if (!skb || !packet || !quoted || !connection || !destination || !scratch)
		return TC_PASS;
	ends = &scratch->ends;
	ends_of_error(ends, connection);
	if (connection->status & CONNECTION_REPLY) {
		delta = connection->delta;
		way.ifindex = connection->ifindex;
		route(skb, packet, ends->source, ends->target, &way);
	} else {
		way.ifindex = destination->ifindex;
		way.next_hop = narrow(&destination->next_hop);
		if (!way.ifindex && route(skb, packet, ends->source, ends->target, &way) != ROUTE_FOUND)
			return leave(EXIT_NO_ROUTE, TC_DROP);
	}
	if (translate_error_ends(skb, packet, quoted, ends, delta))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_ICMP_RELAYED);
	return send_to(&way);
}

/* Whether the ICMP checksum of the packet is right. */
static __always_inline bool icmp_intact(struct __sk_buff *skb, const struct packet *packet)
{
	return fold(sum_between(skb, TRANSPORT(packet), ETH_HLEN + packet->length)) == 0xffff;
}

#include "../icmp-relay.h"

/* An ICMP error: sent on, or passed when it is about nothing of ours. */
static __noinline int relay_error(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct connection *connection;
	struct quoted *quoted;
	struct packet *about;
	struct flow *flow;

	if (!skb || !packet || !scratch)
		return TC_PASS;
	quoted = (struct quoted *)scratch->quoted;
	about = &scratch->about;
	*about = (struct packet){};
	if (bpf_skb_load_bytes(skb, INNER, quoted, sizeof(*quoted)))
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	if (quoted->ip.ihl != 5 || quoted->ip.frag_off & bpf_htons(IP_OFFSET) || !has_ports(quoted->ip.protocol))
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	/* The flow of the packet that would answer the quoted one. */
	flow = &about->flow;
	flow->source = quoted->ip.daddr;
	flow->target = quoted->ip.saddr;
	flow->source_port = quoted->ports.target;
	flow->target_port = quoted->ports.source;
	flow->protocol = quoted->ip.protocol;
	connection = find(flow);
	/* One that is made for it may be of a one-packet service, and is in no table. */
	if (!connection && schedule_error(skb, about))
		connection = &scratch->fresh;
	if (!connection)
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	if (!icmp_intact(skb, packet))
		return leave(EXIT_CHECKSUM, TC_DROP);
	return relay_known(skb, packet, quoted, connection);
}

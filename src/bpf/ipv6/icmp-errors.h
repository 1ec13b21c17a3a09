/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * ICMPv6 errors about balanced flows, as ip_vs_in_icmp_v6() and ip_vs_out_icmp_v6() treat them: one about a packet that
 * a server sent goes to that server, one about a packet that a server got goes to the client as from the virtual
 * address. The quoted packet is rewritten like the real one was, its transport checksum is not.
 */
#pragma once
#include "../connection.h"
#include "transmit.h"

/* The quoted packet as far as it matters. */
struct quoted {
	__u32 at;	 /* of its header in the frame */
	__u32 transport; /* of its ports */
	struct ipv6hdr ip;
	struct ports ports;
};
_Static_assert(sizeof(struct quoted) <= sizeof(((struct scratch *)0)->quoted), "quoted");

static __always_inline bool is_icmp_error(__u8 type)
{
	return type < 128;
}

/*
 * @to_server: the outer target and the quoted source become @address and @port; otherwise the outer source and the
 * quoted target. Hop limit minus one.
 */
static __always_inline int translate_error(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
					   bool to_server, address_t address, __be16 port)
{
	const address_t *old_outer = to_server ? &packet->flow.target : &packet->flow.source;
	__be16 old_port = to_server ? quoted->ports.source : quoted->ports.target;
	__u8 hop_limit = packet->ttl - 1;
	address_t old_inner;
	__u32 change;
	__be16 icmp_check;
	int error;

	__builtin_memcpy(&old_inner, to_server ? &quoted->ip.saddr : &quoted->ip.daddr, 16);
	error = bpf_skb_load_bytes(skb, packet->transport + 2, &icmp_check, 2);
	/* The one in the pseudo-header, and the one in the quoted packet. */
	change = address_difference(old_outer, &address);
	icmp_check = check_change32(icmp_check, 0, change);
	change = address_difference(&old_inner, &address);
	icmp_check = check_change32(icmp_check, 0, change);
	icmp_check = check_change(icmp_check, old_port, port);
	error |= bpf_skb_store_bytes(skb, HOP_LIMIT_AT, &hop_limit, 1, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, to_server ? TARGET_AT : SOURCE_AT, &address, 16, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, packet->transport + 2, &icmp_check, 2, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, quoted->at + (to_server ? 8 : 24), &address, 16, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, quoted->transport + (to_server ? 0 : 2), &port, 2, BPF_F_RECOMPUTE_CSUM);
	return error;
}

/*
 * FULLNAT: both ends of an error, and both of the packet it quotes, which went the other way. @delta: how far the quoted
 * sequence number is ahead.
 */
static __noinline int translate_error_ends(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
					   const struct ends *ends, __u32 delta)
{
	struct {
		address_t source;
		address_t target;
	} addresses;
	struct ports ports;
	__u8 hop_limit;
	__be16 icmp_check;
	__be32 before;
	__be32 after;
	__u32 change;
	int error;

	if (!skb || !packet || !quoted || !ends)
		return -1;
	hop_limit = packet->ttl - 1;
	error = quoted_sequence(skb, quoted->transport + 4, delta, &before, &after, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_load_bytes(skb, packet->transport + 2, &icmp_check, 2);
	icmp_check = check_change32(icmp_check, before, after);
	/* Those in the pseudo-header, and those in the quoted packet. */
	addresses.source = ends->source;
	addresses.target = ends->target;
	change = address_difference(&packet->flow.source, &addresses.source);
	icmp_check = check_change32(icmp_check, 0, change);
	change = address_difference(&packet->flow.target, &addresses.target);
	icmp_check = check_change32(icmp_check, 0, change);
	error |= bpf_skb_store_bytes(skb, HOP_LIMIT_AT, &hop_limit, 1, BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, SOURCE_AT, &addresses, sizeof(addresses), BPF_F_RECOMPUTE_CSUM);
	__builtin_memcpy(&addresses.source, &quoted->ip.saddr, 16);
	__builtin_memcpy(&addresses.target, &quoted->ip.daddr, 16);
	change = address_difference(&addresses.source, &ends->target);
	icmp_check = check_change32(icmp_check, 0, change);
	change = address_difference(&addresses.target, &ends->source);
	icmp_check = check_change32(icmp_check, 0, change);
	addresses.source = ends->target;
	addresses.target = ends->source;
	ports.source = ends->target_port;
	ports.target = ends->source_port;
	icmp_check = check_change(icmp_check, quoted->ports.source, ports.source);
	icmp_check = check_change(icmp_check, quoted->ports.target, ports.target);
	error |= bpf_skb_store_bytes(skb, quoted->at + 8, &addresses, sizeof(addresses), BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, quoted->transport, &ports, sizeof(ports), BPF_F_RECOMPUTE_CSUM);
	error |= bpf_skb_store_bytes(skb, packet->transport + 2, &icmp_check, 2, BPF_F_RECOMPUTE_CSUM);
	return error;
}

/* What an error quotes, and the flow of the packet that would answer that. False: nothing of ours. */
static __noinline bool read_quoted(struct __sk_buff *skb, __u32 at, struct quoted *quoted, struct flow *flow)
{
	struct chain chain = {};

	if (!skb || !quoted || !flow)
		return false;
	quoted->at = at;
	if (bpf_skb_load_bytes(skb, at, &quoted->ip, IP6_HLEN))
		return false;
	chain.at = at + IP6_HLEN;
	chain.next = quoted->ip.nexthdr;
	if (quoted->ip.version != 6 || skip_extensions(skb, &chain) || chain.fragmented == FRAGMENT_LATER)
		return false;
	if (!has_ports(chain.next))
		return false;
	quoted->transport = chain.at;
	if (bpf_skb_load_bytes(skb, chain.at, &quoted->ports, sizeof(quoted->ports)))
		return false;
	__builtin_memcpy(&flow->source, &quoted->ip.daddr, 16);
	__builtin_memcpy(&flow->target, &quoted->ip.saddr, 16);
	flow->source_port = quoted->ports.target;
	flow->target_port = quoted->ports.source;
	flow->protocol = chain.next;
	return true;
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
		look_up_route(skb, packet, &ends->source, &ends->target, &way);
	} else {
		way.ifindex = destination->ifindex;
		way.next_hop = narrow(&destination->next_hop);
		if (!way.ifindex && look_up_route(skb, packet, &ends->source, &ends->target, &way) != ROUTE_FOUND)
			return leave(EXIT_NO_ROUTE, TC_DROP);
	}
	if (translate_error_ends(skb, packet, quoted, ends, delta))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_ICMP_RELAYED);
	return send_to(&way);
}

/* Whether the checksum of the message is right. */
static __noinline bool icmp_intact(struct __sk_buff *skb, const struct packet *packet)
{
	__u64 sum;

	if (!skb || !packet)
		return false;
	sum = bpf_htonl(ETH_HLEN + packet->length - packet->transport) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)packet->flow.source.words[i] + packet->flow.target.words[i];
	return fold(sum + sum_between(skb, packet->transport, ETH_HLEN + packet->length)) == 0xffff;
}

#include "../icmp-relay.h"

/* An ICMPv6 error: sent on, or passed when it is about nothing of ours. */
static __noinline int relay_error(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct connection *connection;
	struct quoted *quoted;
	struct packet *about;

	if (!skb || !packet || !scratch)
		return TC_PASS;
	quoted = (struct quoted *)scratch->quoted;
	about = &scratch->about;
	*about = (struct packet){};
	if (!read_quoted(skb, packet->transport + 8, quoted, &about->flow))
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	connection = find(&about->flow);
	/* One that is made for it may be of a one-packet service, and is in no table. */
	if (!connection && schedule_error(skb, about))
		connection = &scratch->fresh;
	if (!connection)
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	/* IPVS looks at those from servers only. */
	if (connection->status & CONNECTION_REPLY && !icmp_intact(skb, packet))
		return leave(EXIT_CHECKSUM, TC_DROP);
	return relay_known(skb, packet, quoted, connection);
}

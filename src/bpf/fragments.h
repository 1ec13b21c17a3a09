/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Fragments. The first one has the ports and is decided about like a whole packet; where it went is kept for those that
 * follow it, which have none. One that comes before the first is nobody's.
 */
#pragma once
#include "director.h"

#define MAX_FRAGMENTED 16384
/* As long as a stack waits for the rest (net.ipv4.ipfrag_time). */
#define FRAGMENT_SECONDS 30

/* A packet in fragments. IPv6 has one number for all protocols, and the later ones need not name that of the first. */
struct fragment_key {
	address_t source;
	address_t target;
	__be32 id;
	__u32 protocol;
};
_Static_assert(sizeof(struct fragment_key) == (FAMILY == 6 ? 40 : 16), "fragment_key");

/* Where its first one went. */
struct fragment_way {
	__u32 seen;
	__u32 destination;
	address_t address; /* to a server: its; to a client: the virtual one */
	address_t other;   /* FULLNAT, to a server: the local one; to a client: its */
	__u32 ifindex;	   /* where the client's packets come in */
	__u8 method;
	__u8 to_client;
	__u16 pad;
};
_Static_assert(sizeof(struct fragment_way) == (FAMILY == 6 ? 48 : 24), "fragment_way");

#if FAMILY == 6
#define fragments fragments6
#endif
/* Not pinned: what is on its way when programs change is sent again. */
MAP(fragments, BPF_MAP_TYPE_LRU_HASH, struct fragment_key, struct fragment_way, MAX_FRAGMENTED, 0);

#if FAMILY == 6
static __always_inline struct fragment_key fragment_key_of(const struct packet *packet)
{
	struct fragment_key key = {
		.source = packet->flow.source,
		.target = packet->flow.target,
		.id = packet->fragment_id,
	};

	return key;
}

static __always_inline bool is_later_fragment(const struct packet *packet)
{
	return packet->fragmented == FRAGMENT_LATER;
}

static __always_inline bool is_first_fragment(const struct packet *packet)
{
	return packet->fragmented == FRAGMENT_FIRST;
}

/* The IPv6 header alone: an address on one side, hop limit minus one. */
static __always_inline int translate_header(struct __sk_buff *skb, const struct packet *packet, bool target, address_t address)
{
	struct ipv6hdr *ip = writable_header(skb);
	__u64 sum;

	if (!ip)
		return -1;
	ip->hop_limit = packet->ttl - 1;
	__builtin_memcpy(target ? &ip->daddr : &ip->saddr, &address, 16);
	sum = (__u64)address_difference(target ? &packet->flow.target : &packet->flow.source, &address) + ONE_HOP_LESS;
	bpf_csum_update(skb, (__u32)sum + (__u32)(sum >> 32));
	return 0;
}

/* FULLNAT: the IPv6 header alone, both addresses. */
static __always_inline int translate_both(struct __sk_buff *skb, const struct packet *packet, struct ends *ends)
{
	__u64 sum;

	if (put_ends(skb, packet, ends, packet->length, 0))
		return -1;
	sum = (__u64)ends->pseudo + ONE_HOP_LESS;
	bpf_csum_update(skb, (__u32)sum + (__u32)(sum >> 32));
	return 0;
}
#else
static __always_inline struct fragment_key fragment_key_of(const struct packet *packet)
{
	struct fragment_key key = {
		.source = packet->flow.source,
		.target = packet->flow.target,
		.id = packet->id,
		.protocol = packet->flow.protocol,
	};

	return key;
}

static __always_inline bool is_later_fragment(const struct packet *packet)
{
	return packet->fragment & bpf_htons(IP_OFFSET);
}

static __always_inline bool is_first_fragment(const struct packet *packet)
{
	return (packet->fragment & bpf_htons(IP_FRAGMENT)) == bpf_htons(IP_FRAGMENT & ~IP_OFFSET);
}

/* The IPv4 header alone: an address on one side, TTL minus one. */
static __always_inline int translate_header(struct __sk_buff *skb, const struct packet *packet, bool target, __be32 address)
{
	struct iphdr *ip = writable_header(skb);

	if (!ip)
		return -1;
	ip->ttl = packet->ttl - 1;
	ip->check = check_change32(check_ttl(packet->ip_check),
				   target ? packet->flow.target : packet->flow.source, address);
	if (target)
		ip->daddr = address;
	else
		ip->saddr = address;
	return 0;
}

/* FULLNAT: the IPv4 header alone, both addresses. */
static __always_inline int translate_both(struct __sk_buff *skb, const struct packet *packet, struct ends *ends)
{
	return put_ends(skb, packet, ends, packet->length, 0);
}
#endif

/* Bytes of a destination's packets. */
static __always_inline void count_bytes(__u32 index, bool out, __s64 bytes)
{
	struct traffic *of = bpf_map_lookup_elem(&dest_traffic, &index);

	if (!of)
		return;
	if (out)
		of->out_bytes += bytes;
	else
		of->in_bytes += bytes;
}

/* IPVS counts a packet that it has put together: as one, without the headers of later fragments. */
static __always_inline void count_later(const struct packet *packet, __u32 index, bool out)
{
	count_bytes(index, out, packet->length - (TRANSPORT(packet) - ETH_HLEN));
}

/* The first one has been counted as it came, with a fragment header that the whole does not have. */
static __always_inline void count_whole(__u32 index, bool out)
{
	if (FAMILY == 6)
		count_bytes(index, out, -(__s64)FRAGMENT_HLEN);
}

/* The header of a later fragment becomes what that of the first one became. */
static __noinline int translate_later(struct __sk_buff *skb, const struct packet *packet, const struct fragment_way *known)
{
	struct scratch *scratch = own_scratch();

	if (!skb || !packet || !known || !scratch)
		return -1;
	if (known->method == METHOD_FULLNAT) {
		scratch->ends.source = known->to_client ? known->address : known->other;
		scratch->ends.target = known->to_client ? known->other : known->address;
		return translate_both(skb, packet, &scratch->ends);
	}
	if (known->to_client || known->method == METHOD_NAT)
		return translate_header(skb, packet, !known->to_client, known->address);
	return age(skb, packet);
}

/* A fragment that is not the first. */
__noinline int follow(struct __sk_buff *skb, struct packet *packet)
{
	struct fragment_key key;
	struct fragment_way *known;
	struct destination *destination;
	struct way way = {};
	__u32 index;

	if (!skb || !packet)
		return TC_PASS;
	key = fragment_key_of(packet);
	known = bpf_map_lookup_elem(&fragments, &key);
	if (!known || (__s32)(seconds() - known->seen) > FRAGMENT_SECONDS)
		return leave(EXIT_FRAGMENT_UNKNOWN, TC_PASS);
	if (known->method == METHOD_BYPASS)
		return bypass(skb, packet);
	index = known->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	if (packet->ttl <= 1)
		return leave(EXIT_TTL, TC_DROP);
	count_later(packet, index, known->to_client);
	if (known->to_client) {
		if (route_back(skb, packet, known->address, known->method == METHOD_FULLNAT ? known->other : packet->flow.target,
			       known->ifindex, &way) == ROUTE_TOO_BIG)
			return leave(EXIT_TOO_BIG, TC_DROP);
		if (translate_later(skb, packet, known))
			return leave(EXIT_REWRITE_FAILED, TC_DROP);
		count_exit(EXIT_REPLIED);
		return send_to(&way);
	}
	if (destination->flags & DESTINATION_LOCAL)
		return leave(EXIT_LOCAL, TC_PASS);
	if (known->method == METHOD_TUN)
		return encapsulate(skb, packet, destination, EXIT_FORWARDED);
	if (too_big(skb, packet, destination->mtu))
		return leave(EXIT_TOO_BIG, TC_DROP);
	way.ifindex = destination->ifindex;
	way.next_hop = narrow(&destination->next_hop);
	if (!way.ifindex && route(skb, packet, packet->flow.source, narrow(&destination->address), &way) != ROUTE_FOUND)
		return leave(EXIT_NO_ROUTE, TC_DROP);
	if (translate_later(skb, packet, known))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_FORWARDED);
	return send_to(&way);
}

/* Keeps where the first fragment goes, for so long. */
static __always_inline void keep_way(const struct packet *packet, const struct fragment_way *way)
{
	struct fragment_key key = fragment_key_of(packet);

	bpf_map_update_elem(&fragments, &key, way, BPF_ANY);
}

/* A first fragment for a server. False: it cannot be translated. */
static __noinline bool keep_way_there(const struct packet *packet)
{
	struct fragment_way way = {};
	struct scratch *scratch = own_scratch();

	if (!packet || !scratch)
		return true;
	if (packet->method == METHOD_FULLNAT)
		way.other = scratch->full.local;
	way.seen = packet->now;
	way.destination = packet->destination;
	way.address = packet->address;
	way.method = packet->method;
	keep_way(packet, &way);
	if (packet->method != METHOD_BYPASS)
		count_whole(packet->destination, false);
	return packet->method != METHOD_NAT || packet->flow.protocol != IPPROTO_SCTP || packet->port == packet->flow.target_port;
}

/* A first fragment of a server that answers through NAT. False: it cannot be translated. */
static __noinline bool keep_way_back(const struct packet *packet, const struct connection *entry)
{
	struct flow flow;
	struct connection *connection;
	struct fragment_way way = {
		.to_client = 1,
	};

	if (!packet || !entry)
		return true;
	if (entry->status & CONNECTION_FULLNAT) {
		way.method = METHOD_FULLNAT;
		way.other = entry->local;
	}
	way.seen = seconds();
	way.address = entry->address;
	flow = client_flow(&packet->flow, entry);
	connection = find(&flow);
	if (!connection)
		return true;
	way.destination = connection->destination;
	way.ifindex = connection->ifindex;
	keep_way(packet, &way);
	count_whole(way.destination, true);
	return packet->flow.protocol != IPPROTO_SCTP || packet->flow.source_port == entry->port;
}

/* A first fragment. SCTP's checksum cannot follow a port without the length of the whole. */
static __always_inline int lead(struct __sk_buff *skb, struct packet *packet)
{
	struct connection *entry;
	int verdict;

	entry = find(&packet->flow);
	if (entry && entry->status & CONNECTION_REPLY && !keep_way_back(packet, entry))
		return leave(EXIT_FRAGMENT, TC_PASS);
	verdict = decide(skb, packet);
	if (verdict != DECIDED)
		return verdict;
	if (!keep_way_there(packet))
		return leave(EXIT_FRAGMENT, TC_DROP);
	return deliver(skb, packet);
}

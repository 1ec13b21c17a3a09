/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * ICMP errors about tunnels of ours, from routers between here and a server, of the outer packet's family. What says how
 * long packets may be is remembered. Where the client's packet is of the same family, the client is told as if its own
 * packet had met the router, as ip_vs_in_icmp() does it (for IPv4); of the other family it learns it by its next packet.
 */
#pragma once
#include "connection.h"
#include "path-mtu.h"
#include "sum.h"

/* Internal: the error is about no tunnel; an answer is due, to the client of the flow in the scratch. */
#define NO_TUNNEL 102
#define TELL_CLIENT 103
/* Of the ICMP header in the frame. */
#define ERROR_AT (FAMILY == 6 ? PLAIN_TRANSPORT : L4_OFFSET)
#define OUTER_HLEN (FAMILY == 6 ? IP6_HLEN : IP_HLEN)

/* An outer packet that an error quotes. */
struct outer {
	struct wide_address end;
	__u32 at; /* of what is inside */
	__u8 protocol;
};

#if FAMILY == 6
static __always_inline bool is_too_big(__be16 kind)
{
	return kind == bpf_htons(0x0200);
}

/* What the error of type too big says; 0: it cannot be read. */
static __always_inline __u32 reported_mtu(struct __sk_buff *skb)
{
	__be32 mtu = 0;

	bpf_skb_load_bytes(skb, ERROR_AT + 4, &mtu, 4);
	return bpf_ntohl(mtu);
}

static __always_inline bool read_outer(struct __sk_buff *skb, const struct packet *packet, struct outer *outer)
{
	struct ipv6hdr ip;

	if (packet->transport != PLAIN_TRANSPORT || bpf_skb_load_bytes(skb, ERROR_AT + 8, &ip, sizeof(ip)))
		return false;
	__builtin_memcpy(&outer->end, &ip.daddr, 16);
	outer->at = ERROR_AT + 8 + IP6_HLEN;
	outer->protocol = ip.nexthdr;
	return ip.version == 6;
}

/* The flow of the client's packet at @at; false: it is none that we could have sent inside another. */
static __always_inline bool read_inside(struct __sk_buff *skb, __u32 at, struct flow *flow)
{
	struct chain chain = {};
	struct {
		__u8 version;
		__u8 rest[5];
		__u8 next;
		__u8 hop_limit;
	} head;

	if (bpf_skb_load_bytes(skb, at, &head, sizeof(head)) || head.version >> 4 != 6)
		return false;
	chain.at = at + IP6_HLEN;
	chain.next = head.next;
	if (bpf_skb_load_bytes(skb, at + 8, &flow->source, 32) || skip_extensions(skb, &chain))
		return false;
	flow->protocol = chain.next;
	return !chain.fragmented && !bpf_skb_load_bytes(skb, chain.at, &flow->source_port, 4);
}

/* Whether the client asks how long packets may be. */
static __always_inline bool asks_mtu(struct __sk_buff *skb, __u32 at)
{
	return true;
}
#else
static __always_inline bool is_too_big(__be16 kind)
{
	return kind == bpf_htons(0x0304);
}

static __always_inline __u32 reported_mtu(struct __sk_buff *skb)
{
	__be16 mtu = 0;

	bpf_skb_load_bytes(skb, ERROR_AT + 6, &mtu, 2);
	return bpf_ntohs(mtu);
}

static __always_inline bool read_outer(struct __sk_buff *skb, const struct packet *packet, struct outer *outer)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, ERROR_AT + 8, &ip, sizeof(ip)))
		return false;
	outer->end = widen(ip.daddr);
	outer->at = ERROR_AT + 8 + IP_HLEN;
	outer->protocol = ip.protocol;
	return ip.version == 4 && ip.ihl == 5 && !(ip.frag_off & bpf_htons(0x1fff));
}

static __always_inline bool read_inside(struct __sk_buff *skb, __u32 at, struct flow *flow)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl != 5 || ip.frag_off & bpf_htons(0x1fff))
		return false;
	flow->source = ip.saddr;
	flow->target = ip.daddr;
	flow->protocol = ip.protocol;
	return !bpf_skb_load_bytes(skb, at + IP_HLEN, &flow->source_port, 4);
}

static __always_inline bool asks_mtu(struct __sk_buff *skb, __u32 at)
{
	__be16 fragment = 0;

	bpf_skb_load_bytes(skb, at + 6, &fragment, 2);
	return fragment & bpf_htons(IP_DF);
}
#endif

/* Bytes of the tunnel's header at @outer->at; NO_HEADER: it is none of ours, or what follows is of the other family. */
#define NO_HEADER 0xff

static __noinline __u32 tunnel_header(struct __sk_buff *skb, const struct outer *outer, const struct destination *destination)
{
	struct gue_header gue;
	struct gre_header gre;

	if (!skb || !outer || !destination)
		return NO_HEADER;
	switch (outer->protocol) {
	case INNER_PROTOCOL:
		return destination->tunnel_type == TUNNEL_IPIP ? 0 : NO_HEADER;
	case IPPROTO_UDP:
		if (destination->tunnel_type != TUNNEL_GUE || bpf_skb_load_bytes(skb, outer->at, &gue, sizeof(gue)))
			return NO_HEADER;
		if (gue.target != destination->tunnel_port || gue.version_length || gue.protocol != INNER_PROTOCOL)
			return NO_HEADER;
		return sizeof(gue);
	case IPPROTO_GRE:
		if (destination->tunnel_type != TUNNEL_GRE || bpf_skb_load_bytes(skb, outer->at, &gre, GRE_HLEN))
			return NO_HEADER;
		if (gre.flags & ~bpf_htons(GRE_CSUM) || gre.protocol != bpf_htons(INNER_ETHER_TYPE))
			return NO_HEADER;
		return gre.flags ? GRE_CSUM_HLEN : GRE_HLEN;
	default:
		return NO_HEADER;
	}
}

/* The bytes before the client's packet by the outer protocol alone, to find its connection. */
static __always_inline __u32 guess_header(struct __sk_buff *skb, const struct outer *outer)
{
	__be16 flags = 0;

	if (outer->protocol == INNER_PROTOCOL)
		return 0;
	if (outer->protocol == IPPROTO_UDP)
		return sizeof(struct gue_header);
	if (outer->protocol != IPPROTO_GRE || bpf_skb_load_bytes(skb, outer->at, &flags, 2))
		return NO_HEADER;
	return flags & bpf_htons(GRE_CSUM) ? GRE_CSUM_HLEN : GRE_HLEN;
}

/* Tells the client what became of its packet. NO_TUNNEL: a host at a tunnel's end may also be sent packets without one. */
static __noinline int tell_client(struct __sk_buff *skb, const struct packet *packet, const struct outer *outer, __be16 kind)
{
	struct scratch *scratch = own_scratch();
	struct destination *destination;
	struct connection *connection;
	struct flow *flow;
	__u32 overhead;
	__u32 header;
	__u32 index;
	__u32 way_in;
	__u32 mtu = 0;

	if (!skb || !packet || !outer || !scratch)
		return TC_PASS;
	flow = &scratch->reply;
	*flow = (struct flow){};
	header = guess_header(skb, outer);
	if (header == NO_HEADER || !read_inside(skb, outer->at + header, flow))
		return NO_TUNNEL;
	connection = find(flow);
	if (!connection || connection->status & CONNECTION_REPLY || expired(connection, seconds()))
		return NO_TUNNEL;
	index = connection->destination;
	way_in = connection->ifindex;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || destination->method != METHOD_TUN || !same_address(narrow(&destination->address), narrow(&outer->end)) ||
	    tunnel_header(skb, outer, destination) != header)
		return NO_TUNNEL;
	if (is_too_big(kind)) {
		if (!asks_mtu(skb, outer->at + header))
			return leave(EXIT_ICMP_OTHER, TC_PASS);
		overhead = OUTER_HLEN + header;
		mtu = tunnel_mtu(destination, overhead, seconds()) - overhead;
	}
	if (bpf_skb_adjust_room(skb, -(__s32)(outer->at + header - ETH_HLEN), BPF_ADJ_ROOM_MAC, 0))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	scratch->due.way_in = way_in;
	answer_icmp(skb, bpf_ntohs(kind) | ANSWER_SUMMED, mtu, EXIT_ICMP_RELAYED);
	return TELL_CLIENT;
}

/* The answer turns the frame round; the way to the client is another. */
static __noinline int send_to_client(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct way way = {};

	if (!skb || !packet || !scratch)
		return TC_DROP;
	if (route(skb, packet, scratch->reply.target, scratch->reply.source, &way) != ROUTE_FOUND)
		way.ifindex = scratch->due.way_in;
	return send_to(&way);
}

/* An ICMP error: NO_TUNNEL or the verdict. It is believed only of tunnels to known ends, and only if its checksum is right. */
static __noinline int tunnel_error(struct __sk_buff *skb, const struct packet *packet)
{
	struct outer outer = {};
	struct path_mtu *path;
	__be16 kind;

	if (!skb || !packet || !read_outer(skb, packet, &outer))
		return NO_TUNNEL;
	path = bpf_map_lookup_elem(&path_mtus, &outer.end);
	if (!path || (outer.protocol != IPPROTO_IPIP && outer.protocol != IPPROTO_IPV6 && outer.protocol != IPPROTO_UDP && outer.protocol != IPPROTO_GRE))
		return NO_TUNNEL;
	if (bpf_skb_load_bytes(skb, ERROR_AT, &kind, 2))
		return NO_TUNNEL;
	/* It may be about a plain UDP packet to that host; if about a tunnel, the stack throws it away. */
	if (!icmp_intact(skb, packet))
		return NO_TUNNEL;
	if (is_too_big(kind)) {
		learn_path_mtu(path, reported_mtu(skb));
		count_exit(NOTE_PATH_MTU);
	}
	return tell_client(skb, packet, &outer, kind);
}

/* An ICMP error, about a tunnel, or about a packet of ours in none. A last step of an entry function. */
static __always_inline int handle_error(struct __sk_buff *skb, const struct packet *packet)
{
	int verdict = tunnel_error(skb, packet);

	if (verdict == NO_TUNNEL)
		return conclude(skb, relay_error(skb, packet));
	if (verdict != TELL_CLIENT)
		return verdict;
	return send_answer(skb) == TC_REDIRECT ? send_to_client(skb, packet) : TC_DROP;
}

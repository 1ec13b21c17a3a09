/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Rewriting and sending. Checksums are updated, never recomputed; bpf_l4_csum_replace() knows whether the skb's is
 * partial or complete. Headers are written in place: the kernel makes them private to us before the program starts.
 */
#pragma once
#include "../checksum.h"
#include "../count.h"
#include "../crc32c.h"
#include "parse.h"
#include "../scratch.h"

/*
 * The IPv4 header, to write to, or NULL; parse() has seen to it that it is in the linear part. A call that changes the
 * packet makes the pointer void.
 */
static __always_inline struct iphdr *writable_header(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + L4_OFFSET > end)
		return NULL;
	return data + ETH_HLEN;
}

/* TTL minus one, nothing else. */
static __always_inline int age(struct __sk_buff *skb, const struct packet *packet)
{
	struct iphdr *ip = writable_header(skb);

	if (!ip)
		return -1;
	ip->ttl = packet->ttl - 1;
	ip->check = check_ttl(packet->ip_check);
	return 0;
}

/* Undoes what the duplication of a marked packet has done to it (nf_dup_ipv4()): TTL minus one, DF. */
static __always_inline int restore(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr *ip = writable_header(skb);
	__be16 check = packet->ip_check;

	if (!ip)
		return -1;
	check = check_change(check, bpf_htons((packet->ttl << 8) | packet->flow.protocol),
			     bpf_htons(((packet->ttl + 1) << 8) | packet->flow.protocol));
	packet->ttl += 1;
	if (packet->fragment & bpf_htons(IP_RESERVED)) {
		check = check_change(check, packet->fragment, packet->fragment & bpf_htons(IP_FRAGMENT));
		packet->fragment &= bpf_htons(IP_FRAGMENT);
	}
	packet->ip_check = check;
	ip->ttl = packet->ttl;
	ip->frag_off = packet->fragment;
	ip->check = check;
	return 0;
}

/* @size bytes at the offset @at, to write to, or NULL. */
static __always_inline void *writable_at(struct __sk_buff *skb, __u32 at, __u32 size)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + at + size > end)
		return NULL;
	return data + at;
}

/*
 * SCTP's checksum after a port has changed. A sum of zero is one that the device after us is to make (it occurs once in
 * four thousand million otherwise).
 */
static __always_inline int renew_sctp_check(struct __sk_buff *skb, const struct packet *packet, __u32 difference)
{
	__u32 *check = writable_at(skb, TRANSPORT(packet) + 8, 4);

	if (!check)
		return -1;
	if (difference && *check)
		*check ^= LITTLE_ENDIAN_32(crc32c_change(LITTLE_ENDIAN_32(difference), packet->length - (TRANSPORT(packet) - ETH_HLEN)));
	return 0;
}

/*
 * The transport checksum after an address and a port have changed. The kernel's function knows whether the skb's is
 * partial, which then holds no port: if the port changes the field, the address can be put in without another call, of
 * which a complete sum over the whole skb must hear. @tcp is a constant, for the verifier.
 */
static __always_inline int renew_check(struct __sk_buff *skb, const struct packet *packet, bool tcp, __be32 old_address,
				       __be32 address, __be16 old_port, __be16 port)
{
	__u32 at = TRANSPORT(packet) + (tcp ? 16 : 6);
	/* UDP: zero means none and stays; a sum of zero is sent as 0xffff. */
	__u64 mangled = tcp ? 0 : BPF_F_MARK_MANGLED_0;
	__be16 *check;
	__be16 before;
	__u64 less;

	if (port != old_port) {
		check = writable_at(skb, at, 2);
		if (!check)
			return -1;
		before = *check;
		if (bpf_l4_csum_replace(skb, at, old_port, port, mangled | 2))
			return -1;
		check = writable_at(skb, at, 2);
		if (!check)
			return -1;
		if (*check != before) {
			before = check_change32(*check, old_address, address);
			*check = before || tcp ? before : 0xffff;
			less = (__u64)old_address + (__u32)~address;
			bpf_csum_update(skb, (__u32)less + (__u32)(less >> 32));
			return 0;
		}
	}
	return bpf_l4_csum_replace(skb, at, old_address, address, BPF_F_PSEUDO_HDR | mangled | 4);
}

/* A new address and port on one side, TTL minus one. @target: the destination's side, else the source's. */
static __always_inline int translate(struct __sk_buff *skb, const struct packet *packet, bool target, __be32 address, __be16 port)
{
	const struct flow *flow = &packet->flow;
	__be32 old_address = target ? flow->target : flow->source;
	__be16 old_port = target ? flow->target_port : flow->source_port;
	struct ports *ports = writable_at(skb, TRANSPORT(packet), 8);
	struct iphdr *ip = writable_header(skb);
	__u32 before;

	if (!ip || !ports)
		return -1;
	before = *(__u32 *)ports;
	ip->ttl = packet->ttl - 1;
	ip->check = check_change32(check_ttl(packet->ip_check), old_address, address);
	if (target) {
		ip->daddr = address;
		ports->target = port;
	} else {
		ip->saddr = address;
		ports->source = port;
	}
	if (flow->protocol == IPPROTO_TCP)
		return renew_check(skb, packet, true, old_address, address, old_port, port);
	if (flow->protocol == IPPROTO_SCTP)
		return renew_sctp_check(skb, packet, before ^ *(__u32 *)ports);
	return renew_check(skb, packet, false, old_address, address, old_port, port);
}

/*
 * The length of the packet, or of each of its segments; those may be longer by TCP options.
 */
static __always_inline __u32 segment_length(const struct __sk_buff *skb, const struct packet *packet)
{
	return skb->gso_size ? skb->gso_size + IP_HLEN + 20 : packet->length;
}

static __always_inline bool too_big(const struct __sk_buff *skb, const struct packet *packet, __u32 mtu)
{
	return mtu && packet->length > mtu && segment_length(skb, packet) > mtu;
}

/* What a tunnel has to say of the packet in it. */
#define INNER_PROTOCOL IPPROTO_IPIP
#define INNER_ETHER_TYPE ETH_P_IP
#define INNER_ICMP IPPROTO_ICMP
/* Where the transport header of a plain packet is. */
#define PLAIN_TRANSPORT L4_OFFSET

static __always_inline __u8 dsfield(const struct packet *packet)
{
	return packet->tos;
}

static __always_inline __be16 inner_df(const struct packet *packet)
{
	return packet->fragment & bpf_htons(IP_DF);
}

/* The transport header is whole, and where it is without options. */
static __always_inline bool is_plain(const struct packet *packet)
{
#ifdef ODD
	return false;
#else
	return true;
#endif
}

/* Cuts off what a link has added to a short frame; the packet's length. */
static __always_inline int trim(struct __sk_buff *skb, const struct packet *packet, __u32 *length)
{
	*length = packet->length;
	if (skb->len <= ETH_HLEN + *length)
		return 0;
	return bpf_skb_change_tail(skb, ETH_HLEN + *length, 0);
}

/* Bytes from the IP header on of each segment that a packet will be sent as. */
static __always_inline int one_segment(struct __sk_buff *skb, const struct packet *packet, __u32 *length)
{
	__u8 words = 2 << 4;

	if (packet->flow.protocol == IPPROTO_TCP && bpf_skb_load_bytes(skb, L4_OFFSET + 12, &words, 1))
		return -1;
	*length = (L4_OFFSET - ETH_HLEN) + ((words >> 4) << 2) + skb->gso_size;
	return 0;
}

static __always_inline bool in_fragments(const struct packet *packet)
{
	return packet->fragment & bpf_htons(IP_FRAGMENT);
}

/*
 * FULLNAT: writes the IPv4 header of a packet of @length bytes with two new addresses, the TTL one less and @grown bytes more,
 * and tells what its pseudo-header's sum changes by.
 */
static __always_inline int put_ends(struct __sk_buff *skb, const struct packet *packet, struct ends *ends, __u32 length, __u32 grown)
{
	struct iphdr *ip = writable_header(skb);
	__be16 check;
	__u64 sum;

	if (!ip)
		return -1;
	check = check_ttl(packet->ip_check);
	check = check_change32(check, packet->flow.source, ends->source);
	check = check_change32(check, packet->flow.target, ends->target);
	sum = (__u64)(__u32)~packet->flow.source + ends->source + (__u32)~packet->flow.target + ends->target;
	if (grown) {
		check = check_change(check, bpf_htons(length), bpf_htons(length + grown));
		sum += (__u32)(__u16)~bpf_htons(length) + bpf_htons(length + grown);
		ip->tot_len = bpf_htons(length + grown);
	}
	ip->ttl = packet->ttl - 1;
	ip->check = check;
	ip->saddr = ends->source;
	ip->daddr = ends->target;
	sum = (sum & 0xffffffff) + (sum >> 32);
	ends->pseudo = (__u32)sum + (__u32)(sum >> 32);
	return 0;
}

/* The transport checksum at @at after the addresses have changed. */
static __always_inline int renew_pseudo(struct __sk_buff *skb, __u32 at, __u32 difference, __u64 flags)
{
	return bpf_l4_csum_replace(skb, at, 0, difference, BPF_F_PSEUDO_HDR | flags);
}

/* TCP's checksum at @at, after both header and addresses have changed; see renew_check(). */
static __always_inline int renew_whole(struct __sk_buff *skb, __u32 at, __u32 difference, __u32 pseudo)
{
	__be16 *check = writable_at(skb, at, 2);
	__be16 before;

	if (!check)
		return -1;
	before = *check;
	if (bpf_l4_csum_replace(skb, at, 0, difference, 0))
		return -1;
	check = writable_at(skb, at, 2);
	if (!check)
		return -1;
	if (*check == before)
		return renew_pseudo(skb, at, pseudo, 0);
	*check = check_change32(*check, 0, pseudo);
	bpf_csum_update(skb, ~pseudo);
	return 0;
}

/* The next hop of a packet. */
struct way {
	__u32 ifindex;
	__be32 next_hop;
	__u32 mtu; /* of what was too small */
};

enum { ROUTE_NONE, ROUTE_FOUND, ROUTE_TOO_BIG };

/*
 * Where the routing table sends a packet from @source to @target that came in on this interface. Answers only while
 * forwarding is switched on for the interface.
 */
__noinline int route(struct __sk_buff *skb, const struct packet *packet, __be32 source, __be32 target, struct way *way)
{
	struct bpf_fib_lookup query = {
		.family = AF_INET,
		.ipv4_src = source,
		.ipv4_dst = target,
	};
	__u32 length;
	long answer;

	if (!skb || !packet || !way)
		return ROUTE_NONE;
	length = segment_length(skb, packet);
	query.tot_len = length < 0xffff ? length : 0xffff;
	query.l4_protocol = packet->flow.protocol;
	query.tos = packet->tos;
	query.ifindex = skb->ifindex;
	answer = bpf_fib_lookup(skb, &query, sizeof(query), 0);
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
		way->mtu = query.mtu_result;
		return ROUTE_TOO_BIG;
	}
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return ROUTE_NONE;
	way->ifindex = query.ifindex;
	way->next_hop = query.ipv4_dst;
	return ROUTE_FOUND;
}

/*
 * The way back to a client: by the routing table, or where that does not answer by the interface @way_in that the
 * client came in by, with no next hop.
 */
static __always_inline int route_back(struct __sk_buff *skb, const struct packet *packet, __be32 source, __be32 target,
				      __u32 way_in, struct way *way)
{
	int found = route(skb, packet, source, target, way);

	if (found != ROUTE_NONE)
		return found;
	way->ifindex = way_in;
	way->next_hop = 0;
	way->mtu = 0;
	/* Judges a segmented packet as fitting; its segments were made for the link it came from. */
	if (bpf_check_mtu(skb, way_in, &way->mtu, 0, 0) == BPF_MTU_CHK_RET_FRAG_NEEDED)
		return ROUTE_TOO_BIG;
	return too_big(skb, packet, way->mtu) ? ROUTE_TOO_BIG : ROUTE_FOUND;
}

/* Hands the frame on, without a next hop by the routes of that interface; the kernel puts the link-level header on and resolves the neighbour if need be. */
static __always_inline int send_to(const struct way *way)
{
	struct bpf_redir_neigh neighbour = {
		.nh_family = AF_INET,
		.ipv4_nh = way->next_hop,
	};

	if (!way->next_hop)
		return bpf_redirect_neigh(way->ifindex, NULL, 0, 0);
	return bpf_redirect_neigh(way->ifindex, &neighbour, sizeof(neighbour), 0);
}

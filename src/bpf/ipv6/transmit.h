/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Rewriting and sending. Checksums are updated, never recomputed; bpf_l4_csum_replace() knows whether the skb's is
 * partial or complete. There is no header checksum in which changes of the header cancel out, so a complete sum over
 * the packet must be told of the hop limit.
 */
#pragma once
#include "../checksum.h"
#include "../count.h"
#include "../crc32c.h"
#include "parse.h"
#include "../scratch.h"

/* The bytes of struct ipv6hdr that are written. */
#define HOP_LIMIT_AT (ETH_HLEN + 7)
#define SOURCE_AT (ETH_HLEN + 8)
#define TARGET_AT (ETH_HLEN + 24)
/* What a sum over the header changes by when the hop limit is one less. */
#define ONE_HOP_LESS bpf_htons(0xfffe)

/*
 * The IPv6 header with eight bytes after it, to write to, or NULL; parse() has seen to it that it is in the linear part.
 * A call that changes the packet makes the pointer void.
 */
static __always_inline struct ipv6hdr *writable_header(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + PLAIN_TRANSPORT + 8 > end)
		return NULL;
	return data + ETH_HLEN;
}

/* Hop limit minus one, nothing else. */
static __always_inline int age(struct __sk_buff *skb, const struct packet *packet)
{
	struct ipv6hdr *ip = writable_header(skb);

	if (!ip)
		return -1;
	ip->hop_limit = packet->ttl - 1;
	bpf_csum_update(skb, ONE_HOP_LESS);
	return 0;
}

/* Undoes what the duplication of a marked packet has done to it (nf_dup_ipv6()): hop limit minus one. */
static __always_inline int restore(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv6hdr *ip = writable_header(skb);

	if (!ip)
		return -1;
	packet->ttl += 1;
	ip->hop_limit = packet->ttl;
	bpf_csum_update(skb, (__u16)~ONE_HOP_LESS);
	return 0;
}

/* What a sum changes by when one address takes the place of another. */
static __always_inline __u32 address_difference(const address_t *old, const address_t *new)
{
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		sum += (__u32)~old->words[i];
		sum += new->words[i];
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)sum + (__u32)(sum >> 32);
}

/* The fields of an SCTP header that a port has to do with. */
struct sctp_head {
	struct ports ports;
	__be32 tag;
	__u32 check;
};

/*
 * A new port, and SCTP's checksum, which knows of no addresses. A sum of zero is one that the device after us is to make
 * (it occurs once in four thousand million otherwise).
 */
static __noinline int translate_sctp(struct __sk_buff *skb, const struct packet *packet, bool target, __be16 port)
{
	struct sctp_head head;
	__u32 difference;

	if (!skb || !packet || bpf_skb_load_bytes(skb, packet->transport, &head, sizeof(head)))
		return -1;
	difference = *(__u32 *)&head.ports;
	if (target)
		head.ports.target = port;
	else
		head.ports.source = port;
	difference ^= *(__u32 *)&head.ports;
	if (head.check)
		head.check ^= LITTLE_ENDIAN_32(
			crc32c_change(LITTLE_ENDIAN_32(difference), packet->length - (packet->transport - ETH_HLEN)));
	return bpf_skb_store_bytes(skb, packet->transport, &head, sizeof(head), BPF_F_RECOMPUTE_CSUM);
}

/*
 * A new address and port on one side, hop limit minus one. @target: the destination's side, else the source's.
 * The change of the address in the header and that of the transport checksum cancel out in a complete sum, which the
 * kernel's function for checksums that include addresses does not know (unless told so, from 6.16 on).
 */
static __always_inline int translate(struct __sk_buff *skb, const struct packet *packet, bool target, address_t address, __be16 port)
{
	const struct flow *flow = &packet->flow;
	const address_t *old_address = target ? &flow->target : &flow->source;
	__be16 old_port = target ? flow->target_port : flow->source_port;
	bool udp = flow->protocol == IPPROTO_UDP;
	__u32 check_at = packet->transport + (udp ? 6 : 16);
	/* UDP: a sum of zero is sent as 0xffff; zero means none, which some tunnels are allowed, and stays. */
	__u64 mangled = udp ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 difference = address_difference(old_address, &address);
	struct ipv6hdr *ip = writable_header(skb);
	struct ports *ports;
	__u64 sum;

	if (!ip)
		return -1;
	ip->hop_limit = packet->ttl - 1;
	__builtin_memcpy(target ? &ip->daddr : &ip->saddr, &address, 16);
	if (flow->protocol == IPPROTO_SCTP) {
		sum = (__u64)difference + ONE_HOP_LESS;
		bpf_csum_update(skb, (__u32)sum + (__u32)(sum >> 32));
		return port == old_port ? 0 : translate_sctp(skb, packet, target, port);
	}
	if (port != old_port) {
		if (packet->transport == PLAIN_TRANSPORT) {
			ports = (void *)(ip + 1);
			if (target)
				ports->target = port;
			else
				ports->source = port;
		} else if (bpf_skb_store_bytes(skb, packet->transport + (target ? 2 : 0), &port, 2, 0)) {
			return -1;
		}
		if (bpf_l4_csum_replace(skb, check_at, old_port, port, mangled | 2))
			return -1;
	}
	if (bpf_l4_csum_replace(skb, check_at, 0, difference, BPF_F_PSEUDO_HDR | mangled))
		return -1;
	sum = (__u64)difference + ONE_HOP_LESS;
	bpf_csum_update(skb, (__u32)sum + (__u32)(sum >> 32));
	return 0;
}

/*
 * The length of the packet, or of each of its segments; those may be longer by TCP options.
 */
static __always_inline __u32 segment_length(const struct __sk_buff *skb, const struct packet *packet)
{
	return skb->gso_size ? skb->gso_size + packet->transport - ETH_HLEN + 20 : packet->length;
}

static __always_inline bool too_big(const struct __sk_buff *skb, const struct packet *packet, __u32 mtu)
{
	return mtu && packet->length > mtu && segment_length(skb, packet) > mtu;
}

/* What a tunnel has to say of the packet in it. */
#define INNER_PROTOCOL IPPROTO_IPV6
#define INNER_ETHER_TYPE ETH_P_IPV6
#define INNER_ICMP IPPROTO_ICMPV6

static __always_inline __u8 dsfield(const struct packet *packet)
{
	return bpf_ntohl(packet->label) >> 20;
}

/* As ip_vs_prepare_tunneled_skb(): routers on the way may fragment. */
static __always_inline __be16 inner_df(const struct packet *packet)
{
	return 0;
}

/* The transport header is whole, and follows the IPv6 header. */
static __always_inline bool is_plain(const struct packet *packet)
{
	return packet->transport == PLAIN_TRANSPORT && !packet->fragmented;
}

/* Cuts off what a link has added to a short frame; the packet's length. */
static __always_inline int trim(struct __sk_buff *skb, const struct packet *packet, __u32 *length)
{
	*length = packet->length;
	if (skb->len <= ETH_HLEN + *length)
		return 0;
	return bpf_skb_change_tail(skb, ETH_HLEN + *length, 0);
}

/* Bytes from the IPv6 header on of each segment that a packet will be sent as. */
static __always_inline int one_segment(struct __sk_buff *skb, const struct packet *packet, __u32 *length)
{
	__u8 words = 2 << 4;

	if (packet->flow.protocol == IPPROTO_TCP && bpf_skb_load_bytes(skb, packet->transport + 12, &words, 1))
		return -1;
	*length = packet->transport - ETH_HLEN + ((words >> 4) << 2) + skb->gso_size;
	return 0;
}

static __always_inline bool in_fragments(const struct packet *packet)
{
	return packet->fragmented;
}

/*
 * FULLNAT: writes the IPv6 header of a packet of @length bytes with two new addresses, the hop limit one less and @grown bytes
 * more, and tells what its pseudo-header's sum changes by.
 */
static __always_inline int put_ends(struct __sk_buff *skb, const struct packet *packet, struct ends *ends, __u32 length, __u32 grown)
{
	struct ipv6hdr *ip = writable_header(skb);
	__u64 sum;

	if (!ip)
		return -1;
	sum = (__u64)address_difference(&packet->flow.source, &ends->source) + address_difference(&packet->flow.target, &ends->target);
	if (grown) {
		ip->payload_len = bpf_htons(length + grown - IP6_HLEN);
		sum += (__u32)(__u16)~bpf_htons(length) + bpf_htons(length + grown);
	}
	ip->hop_limit = packet->ttl - 1;
	__builtin_memcpy(&ip->saddr, &ends->source, 16);
	__builtin_memcpy(&ip->daddr, &ends->target, 16);
	sum = (sum & 0xffffffff) + (sum >> 32);
	ends->pseudo = (__u32)sum + (__u32)(sum >> 32);
	return 0;
}

/* The transport checksum at @at after the addresses have changed; see translate() for a complete sum. */
static __always_inline int renew_pseudo(struct __sk_buff *skb, __u32 at, __u32 difference, __u64 flags)
{
	__u64 sum = (__u64)difference + ONE_HOP_LESS;

	if (bpf_l4_csum_replace(skb, at, 0, difference, BPF_F_PSEUDO_HDR | flags))
		return -1;
	bpf_csum_update(skb, (__u32)sum + (__u32)(sum >> 32));
	return 0;
}

/* TCP's checksum at @at, after both header and addresses have changed. */
static __always_inline int renew_whole(struct __sk_buff *skb, __u32 at, __u32 difference, __u32 pseudo)
{
	return bpf_l4_csum_replace(skb, at, 0, difference, 0) ? -1 : renew_pseudo(skb, at, pseudo, 0);
}

/* The next hop of a packet. */
struct way {
	__u32 ifindex;
	address_t next_hop;
	__u32 mtu; /* of what was too small */
};

enum { ROUTE_NONE, ROUTE_FOUND, ROUTE_TOO_BIG };

static __noinline int look_up_route(struct __sk_buff *skb, const struct packet *packet, const address_t *source,
				    const address_t *target, struct way *way)
{
	struct bpf_fib_lookup query = {
		.family = AF_INET6,
	};
	__u32 length;
	long answer;

	if (!skb || !packet || !source || !target || !way)
		return ROUTE_NONE;
	length = segment_length(skb, packet);
	__builtin_memcpy(query.ipv6_src, source, 16);
	__builtin_memcpy(query.ipv6_dst, target, 16);
	query.tot_len = length < 0xffff ? length : 0xffff;
	query.l4_protocol = packet->flow.protocol;
	query.flowinfo = packet->label & bpf_htonl(0x0fffffff);
	query.ifindex = skb->ifindex;
	answer = bpf_fib_lookup(skb, &query, sizeof(query), 0);
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
		way->mtu = query.mtu_result;
		return ROUTE_TOO_BIG;
	}
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return ROUTE_NONE;
	way->ifindex = query.ifindex;
	__builtin_memcpy(&way->next_hop, query.ipv6_dst, 16);
	return ROUTE_FOUND;
}

/*
 * Where the routing table sends a packet from @source to @target that came in on this interface. Answers only while
 * forwarding is switched on for the interface.
 */
static __always_inline int route(struct __sk_buff *skb, const struct packet *packet, address_t source, address_t target, struct way *way)
{
	return look_up_route(skb, packet, &source, &target, way);
}

/*
 * The way back to a client: by the routing table, or where that does not answer by the interface @way_in that the
 * client came in by, with no next hop.
 */
static __always_inline int route_back(struct __sk_buff *skb, const struct packet *packet, address_t source, address_t target,
				      __u32 way_in, struct way *way)
{
	int found = route(skb, packet, source, target, way);

	if (found != ROUTE_NONE)
		return found;
	way->ifindex = way_in;
	way->next_hop = (address_t){};
	way->mtu = 0;
	/* Judges a segmented packet as fitting; its segments were made for the link it came from. */
	if (bpf_check_mtu(skb, way_in, &way->mtu, 0, 0) == BPF_MTU_CHK_RET_FRAG_NEEDED)
		return ROUTE_TOO_BIG;
	return too_big(skb, packet, way->mtu) ? ROUTE_TOO_BIG : ROUTE_FOUND;
}

/* Hands the frame on, without a next hop by the routes of that interface; the kernel puts the link-level header on and resolves the neighbour if need be. */
static __noinline int send_to(const struct way *way)
{
	struct bpf_redir_neigh neighbour = {
		.nh_family = AF_INET6,
	};

	if (!way)
		return TC_DROP;
	if (same_address(way->next_hop, (address_t){}))
		return bpf_redirect_neigh(way->ifindex, NULL, 0, 0);
	__builtin_memcpy(neighbour.ipv6_nh, &way->next_hop, 16);
	return bpf_redirect_neigh(way->ifindex, &neighbour, sizeof(neighbour), 0);
}

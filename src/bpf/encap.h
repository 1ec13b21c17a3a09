/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Tunnels, as ip_vs_tunnel_xmit() and ip_vs_tunnel_xmit_v6() make them: the client's packet, of this program's family,
 * inside one of either family to the destination. The kernel is told that there are headers inside, so that a segmented
 * packet leaves as segments with outer headers of their own, and a partial checksum is completed at its place.
 */
#pragma once
#include <linux/ip.h>
#include <linux/ipv6.h>
#include "count.h"
#include "scratch.h"
#include "sum.h"

#define UDP_HLEN 8
#define GUE_HLEN 4
#define GRE_HLEN 4
#define GRE_CSUM_HLEN 8
#define GRE_CSUM 0x8000
#define MIN_OUTER_MTU 68
#define MIN_OUTER_MTU6 1280
#define ECN_MASK 3
#define ECN_CE 3
#define ECN_ECT_0 2

struct gue_header {
	__be16 source;
	__be16 target;
	__be16 length;
	__be16 check;
	__u8 version_length; /* version 0, data, no optional words: 0 */
	__u8 protocol;
	__be16 flags;
};
_Static_assert(sizeof(struct gue_header) == 12, "gue_header");

struct gre_header {
	__be16 flags;
	__be16 protocol;
	__be16 check; /* it and what follows only with GRE_CSUM */
	__be16 pad;
};
_Static_assert(sizeof(struct gre_header) == 8, "gre_header");

/* Bytes between the outer IP header and the client's packet. */
static __always_inline __u32 tunnel_header_length(const struct destination *destination)
{
	if (destination->tunnel_type == TUNNEL_GUE)
		return UDP_HLEN + GUE_HLEN;
	if (destination->tunnel_type == TUNNEL_GRE)
		return destination->tunnel_flags & TUNNEL_CSUM ? GRE_CSUM_HLEN : GRE_HLEN;
	return 0;
}

/*
 * What the way to a tunnel's end carries: what the interface does, or less if a router has said so. 0: not known. What leaves
 * less than 1280 bytes over IPv6 is no use to know; IPv6 over IPv4 goes without DF, and routers may cut it.
 */
static __always_inline __u32 tunnel_mtu(const struct destination *destination, __u32 overhead, __u32 now)
{
	struct path_mtu *path;
	__u32 mtu = destination->mtu;
	__u32 told;

	if (FAMILY == 6 && destination->family != AF_INET6)
		return mtu;
	path = bpf_map_lookup_elem(&path_mtus, &destination->address);
	if (!path || !path->mtu || (__s32)(path->until - now) <= 0)
		return mtu;
	told = path->mtu;
	if (destination->family == AF_INET6 && told < overhead + MIN_OUTER_MTU6)
		told = overhead + MIN_OUTER_MTU6;
	return !mtu || told < mtu ? told : mtu;
}

/*
 * One's complement sum of the client's packet, or of each of its segments, of @one bytes. A transport part with a checksum
 * adds up with its pseudo-header to nothing, whether that checksum is complete or the device has yet to complete it, and so
 * does an IPv4 header.
 */
static __noinline __u64 sum_of(struct __sk_buff *skb, const struct packet *packet, __u32 one)
{
	__u8 protocol;
	__be16 check = 1;
	__u64 sum = 0;
#if FAMILY == 6
	__be32 first[2];
#endif

	if (!skb || !packet)
		return 0;
	protocol = packet->flow.protocol;
	if (!is_plain(packet) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) ||
	    (protocol == IPPROTO_UDP && bpf_skb_load_bytes(skb, PLAIN_TRANSPORT + 6, &check, 2)) || !check)
		return sum_between(skb, ETH_HLEN, skb->len);
	one -= PLAIN_TRANSPORT - ETH_HLEN;
#if FAMILY == 6
	/* The addresses cancel out; what else is in the header adds. */
	if (bpf_skb_load_bytes(skb, ETH_HLEN, first, sizeof(first)))
		return 0;
	sum += first[0];
	sum += (__u16)bpf_htons(one);
	sum += (__u16)bpf_htons((protocol << 8) | (packet->ttl - 1));
#else
	sum += (__u32)~packet->flow.source;
	sum += (__u32)~packet->flow.target;
#endif
	sum += (__u16)~bpf_htons(one);
	sum += (__u16)~bpf_htons(protocol);
	return sum;
}

/* As udp_flow_src_port(): by the flow's hash, in the local port range. */
static __always_inline __be16 flow_port(struct __sk_buff *skb, const struct settings *held)
{
	__u32 hash = bpf_get_hash_recalc(skb);

	hash ^= hash << 16;
	return bpf_htons((((__u64)hash * (held->port_high - held->port_low)) >> 32) + held->port_low);
}

/* CE stays with the inner packet: full-functionality ECN (RFC 3168, 9.1.1). */
static __always_inline __u8 outer_tos(__u8 tos)
{
	return (tos & ECN_MASK) == ECN_CE ? (tos & ~ECN_MASK) | ECN_ECT_0 : tos;
}

/* A length field; the kernel knows the length of what is longer, for it will segment that. */
static __always_inline __be16 length_field(__u32 length)
{
	return length > 0xffff ? 0 : bpf_htons(length);
}

static __noinline int put_outer4(struct __sk_buff *skb, const struct packet *packet, const struct destination *destination,
				 struct tunnel *tunnel)
{
	struct settings *held = held_settings();
	struct iphdr ip = {};

	if (!skb || !packet || !destination || !tunnel || !held)
		return -1;
	ip.version = 4;
	ip.ihl = 5;
	ip.tos = outer_tos(dsfield(packet));
	ip.tot_len = length_field(IP_HLEN + tunnel->header + tunnel->length);
	ip.frag_off = held->flags & SETTINGS_PMTU_DISC ? inner_df(packet) : 0;
	/* As ip_select_ident(): what may not be fragmented needs no number. */
	ip.id = ip.frag_off ? 0 : bpf_get_prandom_u32();
	ip.ttl = packet->ttl - 1;
	ip.protocol = tunnel->protocol;
	ip.saddr = destination->tunnel_source.words[0];
	ip.daddr = destination->address.words[0];
	ip.check = (__be16)~fold((__u32)bpf_csum_diff(NULL, 0, (__be32 *)&ip, IP_HLEN, 0));
	return bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), BPF_F_RECOMPUTE_CSUM);
}

static __noinline int put_outer6(struct __sk_buff *skb, const struct packet *packet, const struct destination *destination,
				 struct tunnel *tunnel)
{
	struct ipv6hdr ip = {};

	if (!skb || !packet || !destination || !tunnel)
		return -1;
	*(__be32 *)&ip = bpf_htonl(0x60000000 | (__u32)outer_tos(dsfield(packet)) << 20);
	ip.payload_len = length_field(tunnel->header + tunnel->length);
	ip.nexthdr = tunnel->protocol;
	ip.hop_limit = packet->ttl - 1;
	__builtin_memcpy(&ip.saddr, &destination->tunnel_source, 16);
	__builtin_memcpy(&ip.daddr, &destination->address, 16);
	return bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof(ip), BPF_F_RECOMPUTE_CSUM);
}

static __noinline int put_gue(struct __sk_buff *skb, const struct destination *destination, struct tunnel *tunnel, __be16 source)
{
	struct gue_header gue = {};
	__u64 sum;

	if (!skb || !destination || !tunnel)
		return -1;
	gue.source = source;
	gue.target = destination->tunnel_port;
	gue.protocol = INNER_PROTOCOL;
	if (tunnel->check) {
		gue.length = bpf_htons(tunnel->header + tunnel->one);
		sum = tunnel->sum + gue.length + bpf_htons(IPPROTO_UDP);
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&gue, sizeof(gue), 0);
		/* Of IPv4 addresses all but the first word are zero. */
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&destination->tunnel_source, 16, 0);
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&destination->address, 16, 0);
		gue.check = (__be16)~fold(sum);
		if (!gue.check)
			gue.check = 0xffff;
	}
	gue.length = length_field(tunnel->header + tunnel->length);
	return bpf_skb_store_bytes(skb, ETH_HLEN + (tunnel->wide ? IP6_HLEN : IP_HLEN), &gue, sizeof(gue), BPF_F_RECOMPUTE_CSUM);
}

static __noinline int put_gre(struct __sk_buff *skb, struct tunnel *tunnel)
{
	struct gre_header gre = { .protocol = bpf_htons(INNER_ETHER_TYPE) };
	__u32 at;

	if (!skb || !tunnel)
		return -1;
	at = ETH_HLEN + (tunnel->wide ? IP6_HLEN : IP_HLEN);
	if (!tunnel->check)
		return bpf_skb_store_bytes(skb, at, &gre, GRE_HLEN, BPF_F_RECOMPUTE_CSUM);
	gre.flags = bpf_htons(GRE_CSUM);
	gre.check = (__be16)~fold(tunnel->sum + gre.flags + gre.protocol);
	return bpf_skb_store_bytes(skb, at, &gre, GRE_CSUM_HLEN, BPF_F_RECOMPUTE_CSUM);
}

/* Makes room before the client's packet and fills it. */
static __noinline int wrap(struct __sk_buff *skb, const struct packet *packet, const struct destination *destination,
			   struct tunnel *tunnel)
{
	__be16 ether_type = bpf_htons(ETH_P_IP);
	struct settings *held = held_settings();
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	__be16 port = 0;
	int error;

	if (!skb || !packet || !destination || !tunnel || !held)
		return -1;
	tunnel->protocol = INNER_PROTOCOL;
	if (destination->tunnel_type == TUNNEL_GUE) {
		port = flow_port(skb, held);
		tunnel->protocol = IPPROTO_UDP;
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	} else if (destination->tunnel_type == TUNNEL_GRE) {
		tunnel->protocol = IPPROTO_GRE;
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	}
	if (tunnel->wide) {
		ether_type = bpf_htons(ETH_P_IPV6);
		flags |= BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
		if (bpf_skb_adjust_room(skb, IP6_HLEN + tunnel->header, BPF_ADJ_ROOM_MAC, flags))
			return -1;
		error = put_outer6(skb, packet, destination, tunnel);
	} else {
		flags |= BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
		if (bpf_skb_adjust_room(skb, IP_HLEN + tunnel->header, BPF_ADJ_ROOM_MAC, flags))
			return -1;
		error = put_outer4(skb, packet, destination, tunnel);
	}
	if (destination->tunnel_type == TUNNEL_GUE)
		error |= put_gue(skb, destination, tunnel, port);
	else if (destination->tunnel_type == TUNNEL_GRE)
		error |= put_gre(skb, tunnel);
	if (tunnel->wide != (FAMILY == 6))
		error |= bpf_skb_store_bytes(skb, 12, &ether_type, 2, 0);
	return error;
}

/* The way out is that of the outer packet, in its family. */
static __always_inline int send_outer(const struct destination *destination)
{
	struct bpf_redir_neigh neighbour = { .nh_family = destination->next_hop_family };

	__builtin_memcpy(neighbour.ipv6_nh, &destination->next_hop, sizeof(neighbour.ipv6_nh));
	return bpf_redirect_neigh(destination->ifindex, &neighbour, sizeof(neighbour), 0);
}

/*
 * Sends the packet to its destination inside another one. One that is too long is answered like one with DF, for what
 * is sent from here nobody fragments; an ICMP error is not answered at all. @how: what it is counted as.
 */
static __noinline int encapsulate(struct __sk_buff *skb, const struct packet *packet, const struct destination *destination,
				  enum exit how)
{
	struct scratch *scratch = own_scratch();
	struct tunnel *tunnel;
	__u32 overhead;
	__u32 mtu;

	if (!skb || !packet || !destination || !scratch)
		return TC_DROP;
	if (!destination->ifindex)
		return leave(EXIT_NO_ROUTE, TC_DROP);
	tunnel = &scratch->tunnel;
	tunnel->wide = destination->family == AF_INET6;
	tunnel->header = tunnel_header_length(destination);
	/* remcsum offers to leave the inner checksum to the other end, which no program can do here: the outer one remains. */
	tunnel->check = destination->tunnel_type == TUNNEL_GUE ? destination->tunnel_flags != 0 : tunnel->header == GRE_CSUM_HLEN;
	overhead = tunnel->header + (tunnel->wide ? IP6_HLEN : IP_HLEN);
	mtu = tunnel_mtu(destination, overhead, packet->now);
	if (mtu && packet->flow.protocol != INNER_ICMP) {
		if (mtu < overhead + (tunnel->wide ? MIN_OUTER_MTU6 : MIN_OUTER_MTU))
			return leave(EXIT_TOO_BIG, TC_DROP);
		if (too_big(skb, packet, mtu - overhead))
			return answer_icmp(skb, ANSWER_TOO_BIG, mtu - overhead, EXIT_TOO_BIG);
	}
	if (age(skb, packet) || trim(skb, packet, &tunnel->length))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	tunnel->one = tunnel->length;
	if (skb->gso_size && one_segment(skb, packet, &tunnel->one))
		return leave(EXIT_ENCAPSULATION_FAILED, TC_DROP);
	tunnel->sum = tunnel->check ? sum_of(skb, packet, tunnel->one) : 0;
	if (wrap(skb, packet, destination, tunnel))
		return leave(EXIT_ENCAPSULATION_FAILED, TC_DROP);
	count_exit(how);
	return send_outer(destination);
}

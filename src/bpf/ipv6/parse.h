/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* From a frame to what the decisions need. Only Ethernet; extension headers are skipped. */
#pragma once
#include <linux/ipv6.h>
#include "../sctp.h"
#include "../structs.h"

/* The transport header of a packet without extension headers. */
#define PLAIN_TRANSPORT (ETH_HLEN + IP6_HLEN)

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_AUTHENTICATION 51
#define NEXT_NONE 59
#define NEXT_DESTINATION_OPTIONS 60
#define MAX_EXTENSION_HEADERS 8

/* struct packet.fragmented; 0: whole, which a packet may be even with a fragment header (RFC 6946) */
#define FRAGMENT_FIRST 1
#define FRAGMENT_LATER 2

/* What the program knows of the packet in hand. */
struct packet {
	struct flow flow;
	__be32 label;	      /* the first word: version, traffic class, flow label */
	__u32 transport;      /* offset of the transport header in the frame */
	__u32 length;	      /* bytes from the IPv6 header on */
	__u8 ttl;	      /* hop limit */
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 fragmented; /* FRAGMENT_* */
	__be32 fragment_id;
	__u32 now; /* seconds of CLOCK_MONOTONIC; set once it is needed */
	/* Where it is to go, once that is decided. */
	__u32 destination;
	address_t address;
	__be16 port;
	__u8 method; /* METHOD_* */
	__u8 chunk;  /* of SCTP: enum sctp_event */
};

/* Where the transport header is in the frame. */
#define TRANSPORT(packet) ((packet)->transport)

struct ports {
	__be16 source;
	__be16 target;
};

/* Where the transport header is in the frame. */
#define TRANSPORT(packet) ((packet)->transport)

/* fe80::/10: of no use beyond its link. */
static __always_inline bool link_local(const address_t *address)
{
	return (address->words[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

static __always_inline bool is_extension(__u8 next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_AUTHENTICATION ||
	       next == NEXT_DESTINATION_OPTIONS;
}

/* Where a chain of extension headers leads to. */
struct chain {
	__u32 at;	/* in: of the first one; out: of what follows the last */
	__u8 next;	/* in: what is at the start; out: what is at the end */
	__u8 fragmented; /* out: FRAGMENT_* */
	__be32 fragment_id;
};

/* Follows @chain; a later fragment ends it. EXIT_FORWARDED (0) or why not. */
static __noinline int skip_extensions(struct __sk_buff *skb, struct chain *chain)
{
	struct {
		__u8 next;
		__u8 length;
		__be16 fragment;
		__be32 id;
	} header;

	if (!skb || !chain)
		return EXIT_TRUNCATED;
	for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		if (!is_extension(chain->next))
			return 0;
		if (bpf_skb_load_bytes(skb, chain->at, &header, sizeof(header)))
			return EXIT_TRUNCATED;
		if (chain->next == NEXT_FRAGMENT) {
			chain->fragmented = header.fragment & bpf_htons(0xfff8) ? FRAGMENT_LATER
					    : header.fragment & bpf_htons(1)	   ? FRAGMENT_FIRST
										   : 0;
			chain->fragment_id = header.id;
			chain->at += sizeof(header);
			chain->next = header.next;
			if (chain->fragmented == FRAGMENT_LATER)
				return 0;
			continue;
		}
		/* Authentication counts in words without the first two, the others in eight bytes without the first. */
		chain->at += chain->next == NEXT_AUTHENTICATION ? (header.length + 2) << 2 : (header.length + 1) << 3;
		chain->next = header.next;
	}
	return is_extension(chain->next) ? EXIT_EXTENSION_HEADERS : 0;
}

/* Ports and flags of a packet whose transport header does not follow the IPv6 header. */
static __noinline int parse_extended(struct __sk_buff *skb, struct packet *packet)
{
	struct chain chain = { .at = PLAIN_TRANSPORT };
	struct ports ports;
	int odd;

	if (!skb || !packet)
		return EXIT_TRUNCATED;
	chain.next = packet->flow.protocol;
	odd = skip_extensions(skb, &chain);
	if (odd)
		return odd;
	packet->flow.protocol = chain.next;
	packet->transport = chain.at;
	packet->fragmented = chain.fragmented;
	packet->fragment_id = chain.fragment_id;
#ifdef ODD
	/* A later fragment has no transport header, and what goes before that may be in the first. */
	if (chain.fragmented == FRAGMENT_LATER)
		return 0;
#else
	if (chain.fragmented)
		return EXIT_FRAGMENT;
#endif
	if (!has_ports(chain.next) && chain.next != IPPROTO_ICMPV6)
		return EXIT_OTHER_PROTOCOL;
	if (chain.next == IPPROTO_ICMPV6)
		return bpf_skb_load_bytes(skb, chain.at, &packet->icmp_type, 1) ? EXIT_TRUNCATED : 0;
	if (chain.at + (chain.next == IPPROTO_TCP ? 20 : 8) > ETH_HLEN + packet->length ||
	    bpf_skb_load_bytes(skb, chain.at, &ports, sizeof(ports)))
		return EXIT_TRUNCATED;
	packet->flow.source_port = ports.source;
	packet->flow.target_port = ports.target;
	if (chain.next == IPPROTO_SCTP)
		packet->chunk = sctp_event_at(skb, chain.at + SCTP_HLEN);
	if (chain.next == IPPROTO_TCP)
		return bpf_skb_load_bytes(skb, chain.at + 13, &packet->tcp_flags, 1) ? EXIT_TRUNCATED : 0;
	return 0;
}

/*
 * Fills @packet; EXIT_FORWARDED (0) when it is TCP, UDP, SCTP or ICMPv6 that can be handled, else why not.
 * Headers in the non-linear part are pulled once: some drivers leave everything there.
 */
static __always_inline int parse(struct __sk_buff *skb, struct packet *packet)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ports *ports;
	struct ipv6hdr *ip;
	__u32 room = skb->len - ETH_HLEN;

	if (data + PLAIN_TRANSPORT + 20 > end && end - data < skb->len) {
		bpf_skb_pull_data(skb, skb->len < PLAIN_TRANSPORT + 20 ? skb->len : PLAIN_TRANSPORT + 20);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	ip = data + ETH_HLEN;
	if (data + PLAIN_TRANSPORT + 8 > end)
		return EXIT_TRUNCATED;
	__builtin_memcpy(&packet->flow.source, &ip->saddr, 16);
	__builtin_memcpy(&packet->flow.target, &ip->daddr, 16);
	packet->flow.protocol = ip->nexthdr;
	packet->label = *(__be32 *)ip;
	packet->ttl = ip->hop_limit;
	packet->transport = PLAIN_TRANSPORT;
	/* A frame may be padded; a packet of several segments may be longer than its header can say. */
	packet->length = IP6_HLEN + bpf_ntohs(ip->payload_len);
	if (packet->length == IP6_HLEN && skb->gso_size)
		packet->length = room;
	if (ip->version != 6 || packet->length > room || packet->length < IP6_HLEN + 8)
		return EXIT_TRUNCATED;
	if (link_local(&packet->flow.source) || link_local(&packet->flow.target))
		return EXIT_NOT_TO_US;
	ports = data + PLAIN_TRANSPORT;
	if (ip->nexthdr == IPPROTO_TCP) {
		if (data + PLAIN_TRANSPORT + 20 > end || packet->length < IP6_HLEN + 20)
			return EXIT_TRUNCATED;
		packet->tcp_flags = *(__u8 *)(data + PLAIN_TRANSPORT + 13);
	} else if (ip->nexthdr == IPPROTO_ICMPV6) {
		packet->icmp_type = *(__u8 *)ports;
		return 0;
	} else if (ip->nexthdr == IPPROTO_SCTP) {
		packet->flow.source_port = ports->source;
		packet->flow.target_port = ports->target;
		packet->chunk = sctp_event_at(skb, PLAIN_TRANSPORT + SCTP_HLEN);
		return 0;
	} else if (ip->nexthdr != IPPROTO_UDP) {
		return is_extension(ip->nexthdr) ? parse_extended(skb, packet) : EXIT_OTHER_PROTOCOL;
	}
	packet->flow.source_port = ports->source;
	packet->flow.target_port = ports->target;
	return 0;
}

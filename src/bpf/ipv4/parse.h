/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* From a frame to what the decisions need. Only Ethernet, IPv4 without options, whole transport headers. */
#pragma once
#include <linux/ip.h>
#include "../structs.h"

/* What the program knows of the packet in hand. */
struct packet {
	struct flow flow;
	__be16 ip_check;
	__be16 fragment; /* flags and offset */
	__u32 length;	 /* bytes from the IP header on */
	__u8 ttl;
	__u8 tos;
	__u8 tcp_flags;
	__u8 icmp_type;
	__u32 now; /* seconds of CLOCK_MONOTONIC; set once it is needed */
	/* Where it is to go, once that is decided. */
	__u32 destination;
	__be32 address;
	__be16 port;
	__u8 method; /* METHOD_* */
	__u8 chunk;  /* of SCTP: enum sctp_event */
};

/* Where the transport header is in the frame. */
#define TRANSPORT(packet) L4_OFFSET

struct ports {
	__be16 source;
	__be16 target;
};

/*
 * Fills @packet; EXIT_FORWARDED (0) when it is TCP, UDP or ICMP that can be handled, else why not.
 * Headers in the non-linear part are pulled once: some drivers leave everything there.
 */
static __always_inline int parse(struct __sk_buff *skb, struct packet *packet)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ports *ports;
	struct iphdr *ip;
	__u32 need = L4_OFFSET + 8;

	if (data + L4_OFFSET + 20 > end && end - data < skb->len) {
		bpf_skb_pull_data(skb, skb->len < L4_OFFSET + 20 ? skb->len : L4_OFFSET + 20);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	ip = data + ETH_HLEN;
	if (data + need > end)
		return EXIT_TRUNCATED;
	if (ip->ihl != 5)
		return EXIT_OPTIONS;
	packet->flow.source = ip->saddr;
	packet->flow.target = ip->daddr;
	packet->flow.protocol = ip->protocol;
	packet->ip_check = ip->check;
	packet->fragment = ip->frag_off;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->length = skb->len - ETH_HLEN;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_ICMP)
		return EXIT_OTHER_PROTOCOL;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT))
		return EXIT_FRAGMENT;
	if (ip->protocol == IPPROTO_ICMP) {
		packet->icmp_type = *(__u8 *)(data + L4_OFFSET);
		return 0;
	}
	ports = data + L4_OFFSET;
	packet->flow.source_port = ports->source;
	packet->flow.target_port = ports->target;
	if (ip->protocol == IPPROTO_TCP) {
		if (data + L4_OFFSET + 20 > end)
			return EXIT_TRUNCATED;
		packet->tcp_flags = *(__u8 *)(data + L4_OFFSET + 13);
	}
	return 0;
}

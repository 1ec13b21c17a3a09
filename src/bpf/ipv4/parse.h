/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * From a frame to what the decisions need: Ethernet, IPv4, whole transport headers. With ODD, headers may have options
 * and packets may be fragments, so that the transport header is not at a constant offset.
 */
#pragma once
#include <linux/ip.h>
#include "../sctp.h"
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
#ifdef ODD
	__be16 id;
	__u16 transport;
#endif
};

struct ports {
	__be16 source;
	__be16 target;
};

/* Where the transport header is in the frame. */
#ifdef ODD
#define TRANSPORT(packet) ((__u32)(packet)->transport & 0x7f)
#else
#define TRANSPORT(packet) L4_OFFSET
#endif

#ifdef ODD
/* An IPv4 header with all the options it can have. */
struct long_header {
	struct iphdr ip;
	__u8 options[40];
};

static __always_inline int parse(struct __sk_buff *skb, struct packet *packet)
{
	struct long_header header = {};
	struct iphdr *ip = &header.ip;
	struct ports ports;
	__u32 options;
	__u32 size;
	__u32 sum;
	__u32 room = skb->len - ETH_HLEN;

	if (skb->len < L4_OFFSET || bpf_skb_load_bytes(skb, ETH_HLEN, ip, IP_HLEN))
		return EXIT_TRUNCATED;
	size = ip->ihl * 4;
	packet->length = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || size < IP_HLEN || size > sizeof(header) || packet->length < size || packet->length > room)
		return EXIT_TRUNCATED;
	/* The length again as the verifier can follow it: 1 to 40. */
	options = size - IP_HLEN - 1;
	if (size > IP_HLEN && (options >= sizeof(header.options) || bpf_skb_load_bytes(skb, ETH_HLEN + IP_HLEN, header.options, options + 1)))
		return EXIT_TRUNCATED;
	/* What is not there is zero, which adds nothing. */
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&header, sizeof(header), 0);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (sum != 0xffff)
		return EXIT_CHECKSUM;
	packet->flow.source = ip->saddr;
	packet->flow.target = ip->daddr;
	packet->flow.protocol = ip->protocol;
	packet->ip_check = ip->check;
	packet->fragment = ip->frag_off;
	packet->id = ip->id;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->transport = ETH_HLEN + size;
	if (!has_ports(ip->protocol) && ip->protocol != IPPROTO_ICMP)
		return EXIT_OTHER_PROTOCOL;
	/* A later fragment: no transport header. */
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return 0;
	/* For those who write. */
	bpf_skb_pull_data(skb, skb->len < ETH_HLEN + sizeof(header) + 20 ? skb->len : ETH_HLEN + sizeof(header) + 20);
	if (ip->protocol == IPPROTO_ICMP)
		return bpf_skb_load_bytes(skb, TRANSPORT(packet), &packet->icmp_type, 1) ? EXIT_TRUNCATED : 0;
	if (packet->length < size + 8 || bpf_skb_load_bytes(skb, TRANSPORT(packet), &ports, sizeof(ports)))
		return EXIT_TRUNCATED;
	packet->flow.source_port = ports.source;
	packet->flow.target_port = ports.target;
	if (ip->protocol == IPPROTO_TCP) {
		if (packet->length < size + 20 || bpf_skb_load_bytes(skb, TRANSPORT(packet) + 13, &packet->tcp_flags, 1))
			return EXIT_TRUNCATED;
	} else if (ip->protocol == IPPROTO_SCTP) {
		packet->chunk = sctp_event_at(skb, TRANSPORT(packet) + SCTP_HLEN);
	}
	return 0;
}
#else
/* Whether the checksum of a header without options is right. The stack drops what fails before IPVS would see it. */
static __always_inline bool header_intact(const struct iphdr *ip)
{
	const __u32 *words = (const void *)ip;
	__u64 sum = (__u64)words[0] + words[1] + words[2] + words[3] + words[4];

	sum = (sum >> 32) + (__u32)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff;
}

/*
 * Fills @packet; EXIT_FORWARDED (0) when it is TCP, UDP, SCTP or ICMP that can be handled, else why not.
 * Headers in the non-linear part are pulled once: some drivers leave everything there.
 */
static __always_inline int parse(struct __sk_buff *skb, struct packet *packet)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ports *ports;
	struct iphdr *ip;
	__u32 need = L4_OFFSET + 8;
	__u32 room;

	if (data + L4_OFFSET + 20 > end && end - data < skb->len) {
		bpf_skb_pull_data(skb, skb->len < L4_OFFSET + 20 ? skb->len : L4_OFFSET + 20);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	ip = data + ETH_HLEN;
	if (data + need > end) {
		/* The last fragment may be as short as it likes. */
		if (data + L4_OFFSET <= end && (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_FRAGMENT)))
			return EXIT_FRAGMENT;
		return EXIT_TRUNCATED;
	}
	if (*(__u8 *)ip != 0x45)
		return EXIT_OPTIONS;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT))
		return EXIT_FRAGMENT;
	if (!header_intact(ip))
		return EXIT_CHECKSUM;
	packet->flow.source = ip->saddr;
	packet->flow.target = ip->daddr;
	packet->flow.protocol = ip->protocol;
	packet->ip_check = ip->check;
	packet->fragment = ip->frag_off;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	/* A frame may be padded; a packet of several segments may be longer than its header can say. */
	room = skb->len - ETH_HLEN;
	packet->length = bpf_ntohs(ip->tot_len);
	if (packet->length > room)
		return EXIT_TRUNCATED;
	if (packet->length < IP_HLEN + 8) {
		if (packet->length || !skb->gso_size)
			return EXIT_TRUNCATED;
		packet->length = room;
	}
	ports = data + L4_OFFSET;
	if (ip->protocol == IPPROTO_TCP) {
		if (data + L4_OFFSET + 20 > end || packet->length < IP_HLEN + 20)
			return EXIT_TRUNCATED;
		packet->tcp_flags = *(__u8 *)(data + L4_OFFSET + 13);
	} else if (ip->protocol == IPPROTO_ICMP) {
		packet->icmp_type = *(__u8 *)(data + L4_OFFSET);
		return 0;
	} else if (ip->protocol == IPPROTO_SCTP) {
		packet->flow.source_port = ports->source;
		packet->flow.target_port = ports->target;
		packet->chunk = sctp_event_at(skb, L4_OFFSET + SCTP_HLEN);
		return 0;
	} else if (ip->protocol != IPPROTO_UDP) {
		return EXIT_OTHER_PROTOCOL;
	}
	packet->flow.source_port = ports->source;
	packet->flow.target_port = ports->target;
	return 0;
}
#endif

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* ICMP errors that we send: the frame is turned round where it came in. */
#pragma once
#include "../count.h"
#include "parse.h"
#include "transmit.h"

/* Type and code. */
enum answer {
	ANSWER_PORT_UNREACHABLE = 0x0303,
	ANSWER_TOO_BIG = 0x0304,
	ANSWER_TIME_EXCEEDED = 0x0b00,
};

/* What goes before the quoted packet. */
struct icmp_prefix {
	__u8 version_length;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 ip_check;
	__be32 source;
	__be32 target;
	__u8 type;
	__u8 code;
	__be16 icmp_check;
	__be16 unused;
	__be16 mtu;
};
_Static_assert(sizeof(struct icmp_prefix) == 28, "icmp_prefix");

/* The quoted packet: its IPv4 header and the first 20 bytes (TCP) or 8 (UDP) after it. */
struct quote {
	struct iphdr ip;
	__u8 transport[20];
};
_Static_assert(sizeof(struct quote) == 40, "quote");

struct macs {
	__u8 target[6];
	__u8 source[6];
};

static __always_inline bool within_budget(void)
{
	__u32 zero = 0;
	struct budget *budget = bpf_map_lookup_elem(&icmp_budget, &zero);
	struct settings *held = held_settings();
	__u32 now = bpf_ktime_get_coarse_ns() / 1000000000ULL;

	if (!budget || !held)
		return false;
	if (budget->second != now) {
		budget->second = now;
		budget->sent = 0;
	}
	return budget->sent++ < held->icmp_budget;
}

/*
 * Sends the packet's sender an ICMP error from the address it talked to, and counts @why. The packet is gone in any
 * case. A partial transport checksum in the quote is completed by the device after us, over the quote alone; then the
 * quoted transport part sums up to the complement of what its checksum field holds now.
 */
static __noinline int answer_icmp(struct __sk_buff *skb, enum answer answer, __u32 mtu, enum exit why)
{
	struct icmp_prefix prefix = {};
	struct quote quote = {};
	struct macs macs;
	__u32 transport;
	__be16 check;
	__be16 pseudo;
	__u64 sum;

	count_exit(why);
	if (!within_budget())
		return leave(EXIT_ICMP_SUPPRESSED, TC_DROP);
	if (bpf_skb_load_bytes(skb, 0, macs.target, 6) || bpf_skb_load_bytes(skb, 6, macs.source, 6) || bpf_skb_load_bytes(skb, ETH_HLEN, &quote.ip, sizeof(quote.ip)))
		return TC_DROP;
	if (quote.ip.protocol == IPPROTO_TCP) {
		transport = 20;
		if (bpf_skb_load_bytes(skb, L4_OFFSET, quote.transport, 20))
			return TC_DROP;
		check = *(__be16 *)(quote.transport + 16);
	} else {
		transport = 8;
		if (bpf_skb_load_bytes(skb, L4_OFFSET, quote.transport, 8))
			return TC_DROP;
		check = *(__be16 *)(quote.transport + 6);
	}
	pseudo = fold((__u64)quote.ip.saddr + quote.ip.daddr + bpf_htons(quote.ip.protocol) +
		      bpf_htons(bpf_ntohs(quote.ip.tot_len) - IP_HLEN));

	if (skb->len > L4_OFFSET + transport && bpf_skb_change_tail(skb, L4_OFFSET + transport, 0))
		return TC_DROP;
	if (bpf_skb_adjust_room(skb, sizeof(prefix), BPF_ADJ_ROOM_MAC, 0))
		return TC_DROP;

	prefix.version_length = 0x45;
	prefix.tos = 0xc0;
	prefix.length = bpf_htons(sizeof(prefix) + IP_HLEN + transport);
	prefix.ttl = 64;
	prefix.protocol = IPPROTO_ICMP;
	prefix.source = quote.ip.daddr;
	prefix.target = quote.ip.saddr;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&prefix, IP_HLEN, 0);
	prefix.ip_check = (__be16)~fold(sum);
	prefix.type = answer >> 8;
	prefix.code = answer & 0xff;
	prefix.mtu = bpf_htons(mtu);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&prefix.type, 8, 0);
	if (check && check == pseudo) {
		sum += bpf_csum_diff(NULL, 0, (__be32 *)&quote.ip, IP_HLEN, 0);
		sum += (__u16)~check;
	} else {
		sum += bpf_csum_diff(NULL, 0, (__be32 *)&quote, sizeof(quote), 0);
	}
	prefix.icmp_check = (__be16)~fold(sum);

	if (bpf_skb_store_bytes(skb, 0, macs.source, 6, 0) || bpf_skb_store_bytes(skb, 6, macs.target, 6, 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &prefix, sizeof(prefix), 0))
		return TC_DROP;
	return bpf_redirect(skb->ifindex, 0);
}

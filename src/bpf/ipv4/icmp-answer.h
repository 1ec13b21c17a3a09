/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* ICMP errors that we send: the frame is turned round where it came in. */
#pragma once
#include "../answer.h"
#include "../count.h"
#include "../sum.h"
#include "parse.h"
#include "transmit.h"

/* The TTL has been taken down by the time that the packet turns out to be too long. */
#define ANSWER_AGED 0x10000
/* What is quoted has been on the way: its checksums are complete, and it may be cut short. */
#define ANSWER_SUMMED 0x20000
/* This host says so itself, to a server of ours. */
#define ANSWER_AS_HOST 0x40000

/* Type and code. */
enum answer {
	ANSWER_PORT_UNREACHABLE = 0x0303,
	ANSWER_REFUSED = 0x0303 | ANSWER_AGED | ANSWER_AS_HOST,
	ANSWER_TOO_BIG = 0x0304 | ANSWER_AGED,
	ANSWER_REPLY_TOO_BIG = 0x0304, /* judged as by ip_forward() */
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

/* As much of the packet as makes 576 bytes with what goes before (RFC 1812, 4.3.2.3). */
#define MAX_QUOTE (576 - sizeof(struct icmp_prefix))

struct macs {
	__u8 target[6];
	__u8 source[6];
};

/* What an answer is made of; in the scratch, since the stack has no room for it at the end of a chain of calls. */
struct answer_room {
	struct icmp_prefix prefix;
	struct iphdr quoted;
	struct macs macs;
};
_Static_assert(sizeof(struct answer_room) <= sizeof(((struct scratch *)0)->answer), "answer_room");

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

/* By the way that the packets of its clients take. */
static __always_inline int send_to_server(const struct destination *server)
{
	struct way way = { .ifindex = server->ifindex, .next_hop = narrow(&server->next_hop) };

	return send_to(&way);
}

/*
 * Sends the packet's sender the ICMP error that is due, from the address it talked to or from this host's own. A partial transport checksum in the quote is completed by the device after us, over the quote alone; then the
 * quoted transport part sums up to the complement of what its checksum field holds now.
 */
static __noinline int send_answer(struct __sk_buff *skb)
{
	struct scratch *scratch = own_scratch();
	struct settings *held = held_settings();
	struct destination *server = NULL;
	struct icmp_prefix *prefix;
	struct iphdr *quoted;
	struct macs *macs;
	__u32 header;
	__u32 length;
	__u32 answer;
	__be16 check = 0;
	__be16 pseudo;
	__u64 sum;

	if (!skb || !scratch || !within_budget())
		return leave(EXIT_ICMP_SUPPRESSED, TC_DROP);
	answer = scratch->due.answer;
	prefix = &((struct answer_room *)scratch->answer)->prefix;
	quoted = &((struct answer_room *)scratch->answer)->quoted;
	macs = &((struct answer_room *)scratch->answer)->macs;
	*prefix = (struct icmp_prefix){};
	if (answer & ANSWER_AS_HOST)
		server = bpf_map_lookup_elem(&destinations, &scratch->due.refused);
	if (bpf_skb_load_bytes(skb, 0, macs->target, 6) || bpf_skb_load_bytes(skb, 6, macs->source, 6) || bpf_skb_load_bytes(skb, ETH_HLEN, quoted, sizeof(*quoted)))
		return TC_DROP;
	header = quoted->ihl * 4;
	if (quoted->protocol == IPPROTO_TCP || quoted->protocol == IPPROTO_UDP)
		bpf_skb_load_bytes(skb, ETH_HLEN + header + (quoted->protocol == IPPROTO_TCP ? 16 : 6), &check, 2);
	pseudo = fold((__u64)quoted->saddr + quoted->daddr + bpf_htons(quoted->protocol) + bpf_htons(bpf_ntohs(quoted->tot_len) - header));
	if (answer & ANSWER_AGED) {
		quoted->check = check_ttl(quoted->check);
		quoted->ttl--;
		if (bpf_skb_store_bytes(skb, ETH_HLEN, quoted, sizeof(*quoted), 0))
			return TC_DROP;
	}
	/* Behind a short packet the frame is filled up. */
	length = bpf_ntohs(quoted->tot_len);
	if (length > MAX_QUOTE)
		length = MAX_QUOTE;
	if (answer & ANSWER_SUMMED && length > skb->len - ETH_HLEN)
		length = skb->len - ETH_HLEN;
	if (skb->len > ETH_HLEN + length && bpf_skb_change_tail(skb, ETH_HLEN + length, 0))
		return TC_DROP;
	if (check && check == pseudo && !(answer & ANSWER_SUMMED))
		sum = sum_between(skb, ETH_HLEN, ETH_HLEN + header) + (__u16)~check;
	else
		sum = sum_between(skb, ETH_HLEN, ETH_HLEN + length);
	if (bpf_skb_adjust_room(skb, sizeof(*prefix), BPF_ADJ_ROOM_MAC, 0))
		return TC_DROP;

	prefix->version_length = 0x45;
	prefix->tos = (quoted->tos & 0x1e) | 0xc0;
	prefix->length = bpf_htons(sizeof(*prefix) + length);
	prefix->ttl = 64;
	prefix->protocol = IPPROTO_ICMP;
	prefix->source = server ? narrow(&server->tunnel_source) : quoted->daddr;
	prefix->target = quoted->saddr;
	prefix->ip_check = (__be16)~fold(bpf_csum_diff(NULL, 0, (__be32 *)prefix, IP_HLEN, 0));
	prefix->type = (answer >> 8) & 0xff;
	prefix->code = answer & 0xff;
	prefix->mtu = bpf_htons(scratch->due.mtu);
	sum += bpf_csum_diff(NULL, 0, (__be32 *)&prefix->type, 8, 0);
	prefix->icmp_check = (__be16)~fold(sum);

	if (bpf_skb_store_bytes(skb, 0, macs->source, 6, 0) || bpf_skb_store_bytes(skb, 6, macs->target, 6, 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, prefix, sizeof(*prefix), 0))
		return TC_DROP;
	if (server)
		return send_to_server(server);
	if (held && skb->ifindex == held->marks_ifindex)
		return bpf_redirect_neigh(scratch->due.way_in, NULL, 0, 0);
	return bpf_redirect(skb->ifindex, 0);
}

// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Fragments of IPv6, which `director6` hands on: the first ones, and those that follow them.
 */
#define FAMILY 6
#define ODD
#include "director.h"
#include "fragments.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int director6_odd(struct __sk_buff *skb)
{
	struct scratch *scratch = own_scratch();
	struct packet *packet;
	int odd;

	if (!scratch)
		return TC_PASS;
	packet = &scratch->packet;
	*packet = (struct packet){};
	odd = parse(skb, packet);
	if (odd)
		return leave(odd, TC_PASS);
	if (is_later_fragment(packet))
		return conclude(skb, follow(skb, packet));
	/* The stack puts ICMPv6 together; its error about a flow of ours then reaches nobody. */
	if (!is_first_fragment(packet) || packet->flow.protocol == IPPROTO_ICMPV6)
		return leave(EXIT_FRAGMENT, TC_PASS);
	return conclude(skb, lead(skb, packet));
}

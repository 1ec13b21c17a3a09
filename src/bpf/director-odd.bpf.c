// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * What of IPv4 is too odd for the fast path of `director`, which calls this: headers with options, and fragments. The
 * transport header is wherever it is, so nothing is at a constant offset.
 */
#define FAMILY 4
#define ODD
#include "director.h"
#include "fragments.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int director_odd(struct __sk_buff *skb)
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
	if (packet->flow.protocol == IPPROTO_ICMP) {
		/* The stack puts it together; its error about a flow of ours then reaches nobody. */
		if (packet->fragment & bpf_htons(IP_FRAGMENT))
			return leave(EXIT_FRAGMENT, TC_PASS);
		return is_icmp_error(packet->icmp_type) ? conclude(skb, relay_error(skb, packet)) : leave(EXIT_ICMP_OTHER, TC_PASS);
	}
	if (is_later_fragment(packet))
		return conclude(skb, follow(skb, packet));
	if (is_first_fragment(packet))
		return conclude(skb, lead(skb, packet));
	odd = decide(skb, packet);
	return conclude(skb, odd == DECIDED ? deliver(skb, packet) : odd);
}

// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * What of IPv4 is too odd for the fast path of `director`, which calls this: headers with options, and fragments. The
 * transport header is wherever it is, so nothing is at a constant offset.
 */
#define FAMILY 4
#define ODD
#include "director.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int director_odd(struct __sk_buff *skb)
{
	struct packet packet = {};
	int odd = parse(skb, &packet);

	if (odd)
		return leave(odd, TC_PASS);
	if (packet.flow.protocol == IPPROTO_ICMP)
		return is_icmp_error(packet.icmp_type) ? conclude(skb, relay_error(skb, &packet)) : leave(EXIT_ICMP_OTHER, TC_PASS);
	odd = decide(skb, &packet);
	return conclude(skb, odd == DECIDED ? deliver(skb, &packet) : odd);
}

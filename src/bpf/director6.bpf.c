// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The director for IPv6. `director` hands it what is for this host at the link level; `reap` is for its tables.
 * Fragments go on to director6-odd.bpf.c.
 */
#define FAMILY 6
#include "director.h"
#include "reap.h"
#include "take-in.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int director6(struct __sk_buff *skb)
{
	struct scratch *scratch = own_scratch();
	struct packet *packet;
	int verdict;
	int odd;

	if (!scratch)
		return TC_PASS;
	packet = &scratch->packet;
	*packet = (struct packet){};
	odd = parse(skb, packet);
	if (odd) {
		if (odd != EXIT_FRAGMENT)
			return leave(odd, TC_PASS);
		bpf_tail_call(skb, &stages, STAGE_ODD6);
		return leave(EXIT_STAGE_MISSING, TC_PASS);
	}
	if (packet->flow.protocol == IPPROTO_ICMPV6)
		return is_icmp_error(packet->icmp_type) ? handle_error(skb, packet) : leave(EXIT_ICMP_OTHER, TC_PASS);

	verdict = decide(skb, packet);
	return conclude(skb, verdict == DECIDED ? deliver(skb, packet) : verdict);
}

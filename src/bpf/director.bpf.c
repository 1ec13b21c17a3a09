// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The director: IPVS for IPv4 at tc ingress. `director` runs on every interface and handles both directions, clients
 * to virtual addresses and (NAT) servers back to clients. `reap` and `settle` are called by user space to remove what
 * has expired and to correct counts. Packets with options and fragments go on to director-odd.bpf.c, IPv6 to
 * director6.bpf.c. Not ours: pass. Ours and broken: drop. Every way out has a counter.
 */
#define FAMILY 4
#include "director.h"
#include "reap.h"
#include "take-in.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int director(struct __sk_buff *skb)
{
	struct packet packet = {};
	int verdict;
	int odd;

	if (skb->pkt_type != 0)
		return leave(EXIT_NOT_TO_US, TC_PASS);
	if (skb->vlan_present)
		return leave(EXIT_VLAN, TC_PASS);
	if (skb->protocol != bpf_htons(ETH_P_IP)) {
		if (skb->protocol != bpf_htons(ETH_P_IPV6))
			return leave(EXIT_NOT_IP, TC_PASS);
		bpf_tail_call(skb, &stages, STAGE_IPV6);
		return leave(EXIT_STAGE_MISSING, TC_PASS);
	}
	odd = parse(skb, &packet);
	if (odd) {
		if (odd != EXIT_OPTIONS && odd != EXIT_FRAGMENT)
			return leave(odd, TC_PASS);
		bpf_tail_call(skb, &stages, STAGE_ODD);
		return leave(EXIT_STAGE_MISSING, TC_PASS);
	}
	if (packet.flow.protocol == IPPROTO_ICMP)
		return is_icmp_error(packet.icmp_type) ? handle_error(skb, &packet) : leave(EXIT_ICMP_OTHER, TC_PASS);

	verdict = decide(skb, &packet);
	return conclude(skb, verdict == DECIDED ? deliver(skb, &packet) : verdict);
}

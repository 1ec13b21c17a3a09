// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The other end of a tunnel, for hosts without the kernel's own: at tc ingress of a server it takes off what was put
 * around a packet. Only what the tests send: no options, no extension headers, GUE on port 6080.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_HLEN 14
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define GUE_PORT 6080
/* linux/bpf.h has them since 6.6. */
#define DECAP_L3_IPV4 (1ULL << 7)
#define DECAP_L3_IPV6 (1ULL << 8)

SEC("tc")
int decap(struct __sk_buff *skb)
{
	bool wide = skb->protocol == bpf_htons(ETH_P_IPV6);
	__u32 at = ETH_HLEN + (wide ? 40 : 20);
	__be16 type;
	__be16 word;
	__u8 protocol;
	__u8 version;

	if (!wide && skb->protocol != bpf_htons(ETH_P_IP))
		return -1;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + (wide ? 6 : 9), &protocol, 1))
		return -1;
	if (protocol == IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, at + 2, &word, 2) || word != bpf_htons(GUE_PORT))
			return -1;
		at += 12;
	} else if (protocol == IPPROTO_GRE) {
		if (bpf_skb_load_bytes(skb, at, &word, 2))
			return -1;
		at += word & bpf_htons(0x8000) ? 8 : 4;
	} else if (protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6) {
		return -1;
	}
	if (bpf_skb_load_bytes(skb, at, &version, 1))
		return -1;
	type = bpf_htons(version >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	if (bpf_skb_adjust_room(skb, -(__s32)(at - ETH_HLEN), BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | (version >> 4 == 6 ? DECAP_L3_IPV6 : DECAP_L3_IPV4)))
		return 2;
	if (bpf_skb_store_bytes(skb, 12, &type, 2, 0))
		return 2;
	return -1;
}

char license_text[] SEC("license") = "Dual MIT/GPL";

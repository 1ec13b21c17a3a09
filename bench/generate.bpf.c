// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Frames as a network card has them, before there is an skb: run with BPF_F_TEST_XDP_LIVE_FRAMES, each run sends one to the
 * other end of a veth pair. The buffers come back as whoever had them left them, so that every byte is written each time.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define LENGTH 60
#define SOURCE_PORT 34
#define TCP_FLAGS 46 /* with the header's length before */
#define TCP_CHECK 50
#define ACK 0x10

struct plan {
	__u64 bytes[(LENGTH + 7) / 8];
	__u16 port; /* of the next, in host order; 0: all frames alike */
	__u16 each; /* frames of a port: as it is, then with ACK in the place of its flags */
	__u32 nth;  /* of these the next */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plan);
} plans SEC(".maps");

char license_text[] SEC("license") = "Dual MIT/GPL";

/* What a checksum lacks when a word takes the place of another. */
static __always_inline __u32 replace(__u16 *at, __u16 with)
{
	__u32 more = (__u16)~*at + with;

	*at = with;
	return more;
}

/* With a plan of a port, TCP only: every so many frames have a source port of their own, and the checksum that goes with it. */
SEC("xdp")
int generate(struct xdp_md *context)
{
	__u8 *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	__u32 zero = 0;
	struct plan *plan = bpf_map_lookup_elem(&plans, &zero);
	__u16 *check;
	__u32 sum;

	if (!plan || (void *)(data + LENGTH) > end)
		return XDP_ABORTED;
	__builtin_memcpy(data, plan->bytes, LENGTH);
	if (!plan->port)
		return XDP_TX;
	check = (__u16 *)(data + TCP_CHECK);
	sum = (__u16)~*check + replace((__u16 *)(data + SOURCE_PORT), __builtin_bswap16(plan->port));
	if (plan->nth)
		sum += replace((__u16 *)(data + TCP_FLAGS), __builtin_bswap16(0x5000 | ACK));
	plan->nth += 1;
	if (plan->nth == plan->each) {
		plan->nth = 0;
		plan->port += 1;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*check = ~sum;
	return XDP_TX;
}

/* The far end, which wants nothing of what arrives. */
SEC("xdp")
int discard(struct xdp_md *context)
{
	return XDP_DROP;
}

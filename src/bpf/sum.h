/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* One's complement sums of as many bytes of a packet as may be, which takes reading them. */
#pragma once
#include "scratch.h"

struct summing {
	struct __sk_buff *skb;
	__u64 sum;
	__u32 at;
	__u32 end;
};

#define SUM_CHUNK 128

/* Adds up one chunk; the last one may be short. */
static long sum_chunk(__u32 i, struct summing *summing)
{
	struct scratch *scratch = own_scratch();
	__u32 left = summing->end - summing->at;
	__be32 *chunk;

	if (!scratch || (__s32)left <= 0)
		return 1;
	chunk = scratch->chunk;
	if (left < SUM_CHUNK) {
		__builtin_memset(chunk, 0, SUM_CHUNK);
		left &= SUM_CHUNK - 1;
		if (!left || bpf_skb_load_bytes(summing->skb, summing->at, chunk, left))
			return 1;
	} else if (bpf_skb_load_bytes(summing->skb, summing->at, chunk, SUM_CHUNK)) {
		return 1;
	}
	summing->sum += (__u32)bpf_csum_diff(NULL, 0, chunk, SUM_CHUNK, 0);
	summing->at += SUM_CHUNK;
	return 0;
}

/* A function that the verifier judges once: from @from, counted from the frame's beginning, to before @end. */
__noinline __u64 sum_between(struct __sk_buff *skb, __u32 from, __u32 end)
{
	struct summing summing = { .skb = skb, .at = from, .end = end };

	if (!skb)
		return 0;
	bpf_loop(0xffff / SUM_CHUNK + 1, sum_chunk, &summing, 0);
	return summing.sum;
}

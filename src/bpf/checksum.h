/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What a checksum becomes when something under it changes. */
#pragma once
#include <linux/types.h>
#include <bpf/bpf_endian.h>

/* One's complement: what the checksum becomes when a 16-bit word changes (RFC 1624, equation 3). */
static __always_inline __be16 check_change(__be16 check, __be16 from, __be16 to)
{
	__u32 sum = (__u16)~check;

	sum += (__u16)~from;
	sum += to;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__be16)~sum;
}

static __always_inline __be16 check_change32(__be16 check, __be32 from, __be32 to)
{
	__u64 sum = (__u64)(__u16)~check + (__u32)~from + to;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__be16)~sum;
}

/* The checksum of an IPv4 header after the TTL is one less, as ip_decrease_ttl() has it. */
static __always_inline __be16 check_ttl(__be16 check)
{
	__u32 sum = (__u32)check + bpf_htons(0x0100);

	return (__be16)(sum + (sum >= 0xffff));
}

/* A sum of many words as one of 16 bits. */
static __always_inline __be16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__be16)sum;
}

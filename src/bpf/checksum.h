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
	check = check_change(check, from & 0xffff, to & 0xffff);
	return check_change(check, from >> 16, to >> 16);
}

/* The checksum after the TTL is one less: the word is TTL and protocol. */
static __always_inline __be16 check_ttl(__be16 check, __u8 ttl, __u8 protocol)
{
	return check_change(check, bpf_htons((ttl << 8) | protocol), bpf_htons(((ttl - 1) << 8) | protocol));
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

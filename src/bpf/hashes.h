/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* The hashes of the schedulers; src/proto/scheduler/hash.ts has the same. */
#pragma once
#include "address.h"

/* An address as one number in host order: IPv4 as it is, IPv6 its four words by exclusive or. */
static __always_inline __u32 hashed_address(address_t address)
{
	return bpf_ntohl(fold_address(address));
}

/* hash_32() of linux/hash.h. */
static __always_inline __u32 hash_32(__u32 value, __u32 bits)
{
	return (value * 0x61c88647U) >> (32 - bits);
}

static __always_inline __u64 rotate_left(__u64 value, __u32 by)
{
	return value << by | value >> (64 - by);
}

struct sip_state {
	__u64 v0;
	__u64 v1;
	__u64 v2;
	__u64 v3;
};

static __always_inline void sip_round(struct sip_state *sip)
{
	sip->v0 += sip->v1;
	sip->v1 = rotate_left(sip->v1, 13) ^ sip->v0;
	sip->v0 = rotate_left(sip->v0, 32);
	sip->v2 += sip->v3;
	sip->v3 = rotate_left(sip->v3, 16) ^ sip->v2;
	sip->v0 += sip->v3;
	sip->v3 = rotate_left(sip->v3, 21) ^ sip->v0;
	sip->v2 += sip->v1;
	sip->v1 = rotate_left(sip->v1, 17) ^ sip->v2;
	sip->v2 = rotate_left(sip->v2, 32);
}

/* SipHash-1-3 of one 32-bit number with both halves of the key alike: hsiphash_1u32() of 64-bit kernels. */
static __always_inline __u32 half_sip_hash(__u32 value, __u64 key)
{
	struct sip_state sip = {
		.v0 = key ^ 0x736f6d6570736575ULL,
		.v1 = key ^ 0x646f72616e646f6dULL,
		.v2 = key ^ 0x6c7967656e657261ULL,
		.v3 = key ^ 0x7465646279746573ULL,
	};
	__u64 block = 4ULL << 56 | value;

	sip.v3 ^= block;
	sip_round(&sip);
	sip.v0 ^= block;
	sip.v2 ^= 0xff;
	sip_round(&sip);
	sip_round(&sip);
	sip_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

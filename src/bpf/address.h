/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The address of the family that this program is compiled for (FAMILY 4 or 6). Everything that is not about headers is
 * written once, for both.
 */
#pragma once
#include <linux/types.h>
#include <bpf/bpf_endian.h>

#ifndef FAMILY
#define FAMILY 4
#endif

/* An address of either family in a map that both programs share: IPv4 in the first word, the others zero. */
struct wide_address {
	__be32 words[4];
};

#if FAMILY == 6
typedef struct wide_address address_t;

static __always_inline bool same_address(address_t a, address_t b)
{
	return !((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1]) | (a.words[2] ^ b.words[2]) | (a.words[3] ^ b.words[3]));
}

static __always_inline address_t narrow(const struct wide_address *wide)
{
	return *wide;
}

static __always_inline struct wide_address widen(address_t address)
{
	return address;
}

/* Makes @network the leading @bits of @address, at most 128; the rest is zero. By pointer: it saves stack. */
static __always_inline void find_network(address_t *network, const address_t *address, __u32 bits)
{
#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u32 here = bits > 32 * i ? bits - 32 * i : 0;

		if (here >= 32)
			network->words[i] = address->words[i];
		else
			network->words[i] = here ? address->words[i] & bpf_htonl(~0U << ((32 - here) & 31)) : 0;
	}
}

/* An address that one host can have: neither multicast nor loopback nor none. */
static __always_inline bool is_unicast(address_t address)
{
	__u32 last = address.words[3];

	if ((address.words[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000))
		return false;
	return address.words[0] | address.words[1] | address.words[2] | (last & bpf_htonl(0xfffffffe));
}

/* IPVS's fold of an IPv6 address, for hashes. */
static __always_inline __be32 fold_address(address_t address)
{
	return address.words[0] ^ address.words[1] ^ address.words[2] ^ address.words[3];
}

/* A firewall mark in the place of an address. */
static __always_inline address_t mark_as_address(__u32 mark)
{
	address_t address = { { bpf_htonl(mark) } };

	return address;
}
#else
typedef __be32 address_t;

static __always_inline bool same_address(address_t a, address_t b)
{
	return a == b;
}

static __always_inline address_t narrow(const struct wide_address *wide)
{
	return wide->words[0];
}

static __always_inline struct wide_address widen(address_t address)
{
	struct wide_address wide = { { address } };

	return wide;
}

/* The leading @bits, at most 32; the rest is zero. */
static __always_inline void find_network(address_t *network, const address_t *address, __u32 bits)
{
	*network = *address & bpf_htonl(bits ? ~0U << ((32 - bits) & 31) : 0);
}

/* An address that one host can have: neither multicast nor loopback, not 0.0.0.0/8 nor the broadcast. */
static __always_inline bool is_unicast(address_t address)
{
	__u32 network = bpf_ntohl(address) >> 24;

	return network && network != 127 && (network < 224 || network > 239) && address != 0xffffffff;
}

static __always_inline __be32 fold_address(address_t address)
{
	return address;
}

static __always_inline address_t mark_as_address(__u32 mark)
{
	return bpf_htonl(mark);
}
#endif

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * SCTP's checksum (RFC 9260, appendix A) after its ports have changed. CRC32c is linear: the change of the sum is the
 * change of the ports times x^(bits of the packet) modulo the polynomial, so the payload need not be read, and a
 * packet that was damaged stays so. Polynomials are reflected: bit 31 is x^0.
 */
#pragma once
#include <linux/types.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE_ENDIAN_32(value) ((__u32)(value))
#else
#define LITTLE_ENDIAN_32(value) __builtin_bswap32(value)
#endif

#define CRC32C_POLYNOMIAL 0x82f63b78

/* x^(8 * 2^n) modulo the polynomial. */
static const __u32 crc32c_shift[16] = {
	0x00800000, 0x00008000, 0x82f63b78, 0x6ea2d55c,
	0x18b8ea18, 0x510ac59a, 0xb82be955, 0xb8fdb1e7,
	0x88e56f72, 0x74c360a4, 0xe4172b16, 0x0d65762a,
	0x35d73a62, 0x28461564, 0xbf455269, 0xe2ea32dc,
};

/* The product of two polynomials modulo the polynomial. */
static __always_inline __u32 crc32c_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

	for (int i = 0; i < 32; i++) {
		product ^= b & -(a >> 31);
		a <<= 1;
		b = (b >> 1) ^ (CRC32C_POLYNOMIAL & -(b & 1));
	}
	return product;
}

/* What to add (exclusive or) to the sum of @length bytes whose first four, as a little-endian number, change by @difference. */
__noinline __u32 crc32c_change(__u32 difference, __u32 length)
{
	for (int n = 0; n < 16; n++)
		if (length >> n & 1)
			difference = crc32c_multiply(crc32c_shift[n], difference);
	return difference;
}

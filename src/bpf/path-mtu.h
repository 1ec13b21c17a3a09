/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What routers say of the ways to the ends of tunnels. */
#pragma once
#include "maps.h"

/* Seconds that it is believed, and the least that is, as net.ipv4.route.mtu_expires and min_pmtu. */
#define PATH_MTU_EXPIRES 600
#define MIN_PATH_MTU (FAMILY == 6 ? 1280 : 552)

/* Remembers that the way carries @mtu; a smaller one that is remembered stands. */
static __always_inline void learn_path_mtu(struct path_mtu *path, __u32 mtu)
{
	__u32 now = bpf_ktime_get_coarse_ns() / 1000000000ULL;

	if (mtu < MIN_PATH_MTU)
		mtu = MIN_PATH_MTU;
	if (path->mtu && path->mtu < mtu && (__s32)(path->until - now) > 0)
		return;
	path->mtu = mtu;
	path->until = now + PATH_MTU_EXPIRES;
}

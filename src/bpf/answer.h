/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * ICMP errors that we send are made by the entry function when all that it has called has returned: summing up the quoted
 * packet takes stack, of which at the end of a chain of calls none is left.
 */
#pragma once
#include "count.h"
#include "scratch.h"

/* Internal: an answer is due. */
#define ANSWER 101

/* Notes that the packet's sender gets @answer (enum answer, with this @mtu), and counts @why. The packet is gone in any case. */
static __noinline int answer_icmp(struct __sk_buff *skb, __u32 answer, __u32 mtu, enum exit why)
{
	struct scratch *scratch = own_scratch();

	count_exit(why);
	if (!scratch)
		return TC_DROP;
	scratch->due.answer = answer;
	scratch->due.mtu = mtu;
	return ANSWER;
}

static __noinline int send_answer(struct __sk_buff *skb);

/* The last step of an entry function. */
static __always_inline int conclude(struct __sk_buff *skb, int verdict)
{
	return verdict == ANSWER ? send_answer(skb) : verdict;
}

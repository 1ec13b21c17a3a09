/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Who gets a new connection, as in net/netfilter/ipvs of Linux 6.12. Destinations are taken in list order (newest
 * first); weight 0 and overloaded ones are skipped. A walk is a bpf_loop: a plain loop with a running minimum is refused
 * by the verifier from 32 rounds on. Each scheduler has a frame of its own, for all calls together have 512 bytes of stack.
 */
#pragma once
#include "scheduler-hashing.h"
#include "scheduler-lists.h"
#include "scheduler-locality.h"
#include "scheduler-turns.h"
#include "scheduler-walks.h"

/*
 * A destination for the flow's new connection to @service, or NO_DESTINATION. Not static: so the verifier goes through it
 * once and not once a call.
 */
__noinline __u32 schedule(const struct service *service, const struct flow *flow, __u32 now)
{
	struct destination_list *list;
	__u32 index;

	if (!service || !flow)
		return NO_DESTINATION;
	index = service->list;
	list = bpf_map_lookup_elem(&lists, &index);
	if (!list || !list->count)
		return NO_DESTINATION;
	switch (service->scheduler) {
	case SCHEDULER_RR:
		return by_turns(list);
	case SCHEDULER_WRR:
		return by_weighted_turns(list);
	case SCHEDULER_TWOS:
		return two_choices(list);
	case SCHEDULER_SH:
	case SCHEDULER_DH:
	case SCHEDULER_MH:
		return by_hash(service, list, flow);
	case SCHEDULER_LBLC:
		return by_locality(service, list, flow, now);
	case SCHEDULER_LBLCR:
		return by_replicated_locality(service, list, flow, now);
	}
	return best_of(list, service->scheduler);
}

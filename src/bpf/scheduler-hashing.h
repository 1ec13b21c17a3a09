/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * sh, dh and mh: user space fills a table of destinations, and a hash of the flow finds the bucket. Each has IPVS's rule
 * for when its destination is not available: nobody, or (with the flag) others, in the order of a second hash.
 */
#pragma once
#include "hashes.h"
#include "scheduler-lists.h"

#define HASH_BITS 8 /* sh, dh: their tables have 256 buckets */
#define MAGLEV_KEY 2654435761ULL

struct lookup {
	__u32 hashed;
	__u32 start; /* of the table in `buckets` */
	__u32 count;
	__u32 first; /* bucket without an offset */
	__u32 destination;
	__u32 maglev;
};

static __always_inline __u32 bucket_of(const struct lookup *lookup, __u32 offset)
{
	if (lookup->maglev)
		return half_sip_hash(lookup->hashed + offset, MAGLEV_KEY) % lookup->count;
	return (hash_32(lookup->hashed, HASH_BITS) + offset) & ((1 << HASH_BITS) - 1);
}

/* The destination in a bucket; NO_DESTINATION: the table is empty. */
static __always_inline __u32 in_bucket(const struct lookup *lookup, __u32 bucket)
{
	__u32 index = lookup->start + bucket;
	__u32 *destination = bpf_map_lookup_elem(&buckets, &index);

	return destination ? *destination : NO_DESTINATION;
}

static __always_inline bool may_have(__u32 index)
{
	struct destination *destination = bpf_map_lookup_elem(&destinations, &index);
	struct load *load = load_at(index);

	return destination && load && destination->weight && !(load->flags & LOAD_OVERLOAD);
}

static long fall_back_step(__u32 i, struct lookup *lookup)
{
	__u32 offset = lookup->first + i;
	__u32 destination;

	if (!lookup->count)
		return 1;
	if (offset >= lookup->count)
		offset -= lookup->count;
	destination = in_bucket(lookup, bucket_of(lookup, offset));
	if (destination == NO_DESTINATION)
		return 1;
	if (!may_have(destination))
		return 0;
	lookup->destination = destination;
	return 1;
}

static __noinline __u32 by_hash(const struct service *service, const struct destination_list *list, const struct flow *flow)
{
	struct lookup lookup = { .destination = NO_DESTINATION };
	__u32 destination;

	if (!service || !list || !flow)
		return NO_DESTINATION;
	lookup.start = list->buckets_start;
	lookup.count = list->buckets_count;
	if (!lookup.count)
		return NO_DESTINATION;
	lookup.maglev = service->scheduler == SCHEDULER_MH;
	if (service->scheduler == SCHEDULER_DH) {
		lookup.hashed = hashed_address(target_of(flow));
	} else {
		lookup.hashed = hashed_address(flow->source);
		if (service->flags & SERVICE_HASH_PORT)
			lookup.hashed += bpf_ntohs(flow->source_port);
	}
	lookup.first = bucket_of(&lookup, 0);
	destination = in_bucket(&lookup, lookup.first);
	if (destination == NO_DESTINATION || may_have(destination))
		return destination;
	if (service->scheduler != SCHEDULER_DH && service->flags & SERVICE_FALLBACK)
		bpf_loop(lookup.count, fall_back_step, &lookup, 0);
	return lookup.destination;
}

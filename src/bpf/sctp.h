/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What SCTP's states and services need of a packet: its first chunk. */
#pragma once
#include "state.h"

#define SCTP_HLEN 12

struct chunk {
	__u8 type;
	__u8 flags;
	__be16 length;
};

/* The event of a packet whose first chunk is at @at: that chunk, or an ABORT right after a cookie. */
static __noinline __u32 sctp_event_at(struct __sk_buff *skb, __u32 at)
{
	struct chunk chunk;
	__u32 event;
	__u32 length;

	if (!skb || bpf_skb_load_bytes(skb, at, &chunk, sizeof(chunk)))
		return CHUNK_NONE;
	event = sctp_event_of(chunk.type);
	length = bpf_ntohs(chunk.length);
	if ((event != CHUNK_COOKIE_ECHO && event != CHUNK_COOKIE_ACK) || length < sizeof(chunk))
		return event;
	if (bpf_skb_load_bytes(skb, at + ((length + 3) & ~3), &chunk, sizeof(chunk)))
		return event;
	return sctp_event_of(chunk.type) == CHUNK_ABORT ? CHUNK_ABORT : event;
}

// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * A filter for raw VRRP sockets that are being flooded: user space hears what it cannot know yet, and the rest is counted
 * here. Taken out are advertisements for virtual routers that nobody here has, and any datagram that came within the last
 * five milliseconds already, byte for byte. No virtual router advertises more often than every ten.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "map.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

/* Verdicts of a socket filter: how many bytes to keep. */
#define TAKE_OUT 0
#define HAND_ON 0xffffffff

#define SOCKETS 64
#define MESSAGES 4096
/* Of a payload; what is longer is handed on. */
#define KEPT 128
#define GAP_NS 5000000ULL

#define IPPROTO_VRRP 112
#define IPV4_HEADER 20
#define IPV6_HEADER 40

/* What a socket gets; in the order of SOCKET_KINDS in src/sys/flood-guard. */
enum socket_kind {
	KIND_IPV4, /* VRRP behind its IPv4 header */
	KIND_IPV6, /* VRRP alone */
	KIND_AUTHENTICATED, /* an authentication header behind its IPv4 header */
};

/* A socket that is flooded. */
struct guarded {
	__u32 slot; /* in `taken_out` */
	__u32 kind;
	__u8 known[32]; /* a bit for each virtual router id that is to be heard */
};
_Static_assert(sizeof(struct guarded) == 40, "guarded");

/* What was taken out of one socket. */
struct taken_out {
	__u64 unknown; /* for virtual routers that nobody here has */
	__u64 repeated[256]; /* by virtual router id */
};

/* One datagram; whoever sends another has another key. */
struct message {
	__u64 socket; /* its cookie */
	__u16 size; /* of the payload; 0: it is not looked at */
	__u8 hop_limit;
	__u8 router;
	__u8 pad[4];
	__u8 source[16];
	__u8 destination[16];
	__u8 payload[KEPT];
};
_Static_assert(sizeof(struct message) == 176, "message");

/* By cookie. */
MAP(guarded_sockets, BPF_MAP_TYPE_HASH, __u64, struct guarded, SOCKETS, 0);
MAP(taken_out, BPF_MAP_TYPE_ARRAY, __u32, struct taken_out, SOCKETS, 0);
/* When each was handed on, in ns of CLOCK_MONOTONIC. */
MAP(messages, BPF_MAP_TYPE_LRU_HASH, struct message, __u64, MESSAGES, 0);

/* The addresses and hop limit, and where the payload begins; negative when it cannot be read. */
static __always_inline int read_header(struct __sk_buff *skb, __u32 kind, struct message *message)
{
	__u8 header[IPV6_HEADER];

	if (kind == KIND_IPV6) {
		/* The kernel took the header off. */
		if (bpf_skb_load_bytes_relative(skb, 0, header, IPV6_HEADER, BPF_HDR_START_NET))
			return -1;
		message->hop_limit = header[7];
		__builtin_memcpy(message->source, header + 8, 16);
		__builtin_memcpy(message->destination, header + 24, 16);
		return 0;
	}
	if (bpf_skb_load_bytes(skb, 0, header, IPV4_HEADER))
		return -1;
	message->hop_limit = header[8];
	__builtin_memcpy(message->source, header + 12, 4);
	__builtin_memcpy(message->destination, header + 16, 4);
	return (header[0] & 0x0f) * 4;
}

/* Multicast never crosses a router (RFC 9568 5.1.1.3): with another hop limit it is refused whatever it says. */
static __always_inline bool is_from_afar(const struct message *message, __u32 kind)
{
	__u8 first = message->destination[0];

	return message->hop_limit != 255 && (kind == KIND_IPV6 ? first == 0xff : first >> 4 == 0xe);
}

SEC("socket")
int guard(struct __sk_buff *skb)
{
	struct message message = {};
	struct taken_out *counters;
	struct guarded *socket;
	__u8 beginning[2];
	__u64 *before;
	__u64 now;
	__u32 last;
	int at;

	message.socket = bpf_get_socket_cookie(skb);
	socket = bpf_map_lookup_elem(&guarded_sockets, &message.socket);
	if (!socket)
		return HAND_ON;
	counters = bpf_map_lookup_elem(&taken_out, &socket->slot);
	if (!counters)
		return HAND_ON;

	at = read_header(skb, socket->kind, &message);
	if (at < 0 || bpf_skb_load_bytes(skb, at, beginning, sizeof(beginning)))
		return HAND_ON;
	if (socket->kind == KIND_AUTHENTICATED) {
		/* RFC 2402 2: the next header, the length in words but two. */
		if (beginning[0] != IPPROTO_VRRP ||
		    bpf_skb_load_bytes(skb, at + (beginning[1] + 2) * 4, beginning, sizeof(beginning)))
			return HAND_ON;
	}
	message.router = beginning[1];
	if (!(socket->known[message.router >> 3] & (1 << (message.router & 7)))) {
		__sync_fetch_and_add(&counters->unknown, 1);
		return TAKE_OUT;
	}

	if (!is_from_afar(&message, socket->kind)) {
		/* Linux 6.1 does not learn from a comparison with 0 that a size is not 0: it is counted from the last byte. */
		last = skb->len - at - 1;
		if (last >= KEPT)
			return HAND_ON;
		asm volatile("" : "+r"(last));
		if (bpf_skb_load_bytes(skb, at, message.payload, last + 1))
			return HAND_ON;
		message.size = last + 1;
	}
	now = bpf_ktime_get_ns();
	before = bpf_map_lookup_elem(&messages, &message);
	if (before && now - *before < GAP_NS) {
		__sync_fetch_and_add(&counters->repeated[message.router], 1);
		return TAKE_OUT;
	}
	bpf_map_update_elem(&messages, &message, &now, BPF_ANY);
	return HAND_ON;
}

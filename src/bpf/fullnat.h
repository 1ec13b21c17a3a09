/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * FULLNAT, as LVS-FULLNAT and DPVS have it: towards the server the client becomes one of the service's local addresses with
 * a port that no other connection to that server has, so that its answers come back here from wherever it is. Because
 * clients share these ports, the client's sequence numbers are replaced by ones that grow from connection to connection,
 * and its timestamps are taken out: a server that still knows the last connection takes the next. With TOA the server
 * is told the client's address in a TCP option, in the SYN and in the first packet with data.
 */
#pragma once
#include "connection.h"
#include "room.h"
#include "scratch.h"

#define TCP_HLEN 20
#define TCP_MAX_HLEN 60
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_SACK 5
#define OPTION_TIMESTAMP 8
#define OPTION_TOA 254
#define TOA_LENGTH (4 + sizeof(address_t))

/* Where nothing is known of the way. */
#define USUAL_MTU 1500

/* Combinations of local address and port that are tried; so many of them as long as nobody has them. */
#define LOCAL_TRIES 32
#define FREE_TRIES 24

/* Sees to it that replies to @flow will not be taken for those of another connection. False: they would be. */
static __noinline bool clear_reply(const struct flow *flow, const struct flow *reply, __u32 now)
{
	struct connection *entry;
	struct connection *other;
	struct scratch *scratch = own_scratch();
	struct flow *theirs;
	__u32 state;

	if (!flow || !reply || !scratch)
		return false;
	theirs = &scratch->theirs;
	entry = bpf_map_lookup_elem(&connections, reply);
	if (!entry)
		return true;
	if (!(entry->status & CONNECTION_REPLY))
		return false;
	find_client(theirs, reply, entry);
	other = bpf_map_lookup_elem(&connections, theirs);
	if (!other) {
		bpf_map_delete_elem(&connections, reply);
		return true;
	}
	state = other->status & STATE_MASK;
	if (!expired(other, now) && (flow->protocol != IPPROTO_TCP || (state != TW && state != CL)))
		return false;
	return retire(theirs, other);
}

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

/* A sequence number for the next connection between these ends: it grows by one in 64 ns, as the kernel's own do. */
static __always_inline __u32 next_sequence(const struct connection *connection, __u32 secret)
{
	__u32 hash = secret;

	hash = mix(hash, fold_address(connection->local));
	hash = mix(hash, fold_address(connection->address));
	hash = mix(hash, (__u32)connection->local_port << 16 | connection->port);
	return mix(hash, secret) + (__u32)(bpf_ktime_get_ns() >> 6);
}

struct local_walk {
	__u32 start; /* of all combinations, the first that is tried */
	__u32 all;   /* how many there are */
	__u32 ports; /* of each address */
	__u32 first; /* of the service's addresses in `locals` */
	__u32 low;   /* port */
	__u32 now;
	__u32 secret;
	bool numbered;
	long error;
};

/* Enters the way back of scratch->fresh, if it is half open. 1: the combination is taken, or nothing can be. */
static __noinline long take_local(struct scratch *scratch, struct local_walk *walk)
{
	struct connection *fresh;

	if (!scratch || !walk)
		return 1;
	fresh = &scratch->fresh;
	if (walk->numbered)
		fresh->delta = next_sequence(fresh, walk->secret) - scratch->sequence;
	scratch->back = reply_entry(&scratch->flow, fresh);
	walk->error = 0;
	if (fresh->status & CONNECTION_EMBRYO)
		walk->error = bpf_map_update_elem(&embryos, &scratch->reply, &scratch->back, BPF_NOEXIST);
	return walk->error != -17;
}

/* Tries one combination for scratch->fresh. 1: it is the one, and what is half open is entered. */
static long try_local(__u32 i, struct local_walk *walk)
{
	struct scratch *scratch = own_scratch();
	struct wide_address *local;
	struct connection *fresh;
	__u32 at;
	__u32 index;

	if (!scratch || !walk->ports || !walk->all)
		return 1;
	at = (walk->start + i) % walk->all;
	index = walk->first + at / walk->ports;
	local = bpf_map_lookup_elem(&locals, &index);
	if (!local)
		return 1;
	fresh = &scratch->fresh;
	fresh->local = narrow(local);
	fresh->local_port = bpf_htons(walk->low + at % walk->ports);
	scratch->reply = reply_flow(&scratch->flow, fresh);
	/* Connections that are over are disturbed only when nothing else was found. */
	if (i < FREE_TRIES && i < walk->all) {
		if (bpf_map_lookup_elem(&connections, &scratch->reply))
			return 0;
	} else if (!clear_reply(&scratch->flow, &scratch->reply, walk->now)) {
		return 0;
	}
	return take_local(scratch, walk);
}

/*
 * Gives scratch->fresh, which scratch->flow opens, a local address and port and enters the way back. 0, or the exit. @numbered:
 * scratch->sequence is that of its SYN.
 */
static __always_inline int enter_full(struct scratch *scratch, const struct service *service, const struct settings *held, __u32 now,
				      bool numbered)
{
	struct local_walk walk = {
		.ports = (__u32)held->local_high - held->local_low + 1,
		.first = service->locals_start,
		.low = held->local_low,
		.now = now,
		.secret = held->sequence_secret,
		.numbered = numbered,
		.error = -17,
	};

	walk.all = walk.ports * service->locals_count;
	if (!walk.all)
		return EXIT_NO_LOCAL_PORT;
	walk.start = bpf_get_prandom_u32() % walk.all;
	bpf_loop(LOCAL_TRIES, try_local, &walk, 0);
	if (walk.error)
		return walk.error == -17 ? EXIT_NO_LOCAL_PORT : EXIT_TABLE_FULL;
	if (scratch->fresh.status & CONNECTION_EMBRYO)
		return 0;
	switch (enter(&scratch->reply, &scratch->back, BPF_NOEXIST)) {
	case 0:
		return 0;
	case -17: /* another CPU was faster */
		return EXIT_COLLISION;
	default:
		return EXIT_TABLE_FULL;
	}
}

struct option_walk {
	__u32 at;
	__u32 end; /* of the TCP header */
};

static __always_inline __u32 get_be32(const __u8 *bytes, __u32 at)
{
	return (__u32)bytes[at & 63] << 24 | bytes[(at + 1) & 63] << 16 | bytes[(at + 2) & 63] << 8 | bytes[(at + 3) & 63];
}

static __always_inline void put_be32(__u8 *bytes, __u32 at, __u32 value)
{
	bytes[at & 63] = value >> 24;
	bytes[(at + 1) & 63] = value >> 16;
	bytes[(at + 2) & 63] = value >> 8;
	bytes[(at + 3) & 63] = value;
}

/* Changes one option of the header in scratch->after. */
static long change_option(__u32 i, struct option_walk *walk)
{
	struct scratch *scratch = own_scratch();
	struct ends *ends;
	__u8 *bytes;
	__u32 at = walk->at;
	__u32 length;
	__u32 value;
	__u8 kind;

	if (!scratch || at >= walk->end)
		return 1;
	ends = &scratch->ends;
	bytes = (__u8 *)scratch->after;
	kind = bytes[at & 63];
	if (kind == OPTION_END)
		return 1;
	if (kind == OPTION_NOP) {
		walk->at = at + 1;
		return 0;
	}
	length = bytes[(at + 1) & 63];
	if (length < 2 || at + length > walk->end)
		return 1;
	if (kind == OPTION_TIMESTAMP && length == 10 && ends->no_timestamps) {
		for (int j = 0; j < 10; j++)
			bytes[(at + j) & 63] = OPTION_NOP;
	} else if (kind == OPTION_MSS && length == 4 && ends->mss_less) {
		value = bytes[(at + 2) & 63] << 8 | bytes[(at + 3) & 63];
		if (value > ends->mss_less) {
			value -= ends->mss_less;
			bytes[(at + 2) & 63] = value >> 8;
			bytes[(at + 3) & 63] = value;
		}
	} else if (kind == OPTION_SACK && ends->less_ack) {
		for (int j = 2; j < 34; j += 4)
			if (j + 4 <= length)
				put_be32(bytes, at + j, get_be32(bytes, at + j) - ends->less_ack);
	}
	walk->at = at + length;
	return 0;
}

/* Reads the TCP header, changes what is in it. Its length, or 0. */
static __noinline __u32 change_tcp(struct __sk_buff *skb, __u32 at, struct scratch *scratch)
{
	struct ends *ends;
	struct option_walk walk = { .at = TCP_HLEN };
	__u8 *before;
	__u8 *after;
	__u32 options;

	if (!skb || !scratch)
		return 0;
	ends = &scratch->ends;
	before = (__u8 *)scratch->before;
	after = (__u8 *)scratch->after;
	if (bpf_skb_load_bytes(skb, at, before, TCP_HLEN))
		return 0;
	walk.end = (before[12] >> 4) << 2;
	if (walk.end < TCP_HLEN)
		return 0;
	options = walk.end - TCP_HLEN;
	if (options) {
		__builtin_memset(before + TCP_HLEN, 0, TCP_MAX_HLEN - TCP_HLEN);
		options -= 1;
		/* Else the compiler asks another variable, and the verifier learns nothing of this one. */
		barrier_var(options);
		if (options >= TCP_MAX_HLEN - TCP_HLEN || bpf_skb_load_bytes(skb, at + TCP_HLEN, before + TCP_HLEN, options + 1))
			return 0;
	}
	__builtin_memcpy(after, before, TCP_MAX_HLEN);
	scratch->after[0] = (__be32)ends->target_port << 16 | ends->source_port;
	put_be32(after, 4, get_be32(before, 4) + ends->more_sequence);
	if (before[13] & TCP_ACK)
		put_be32(after, 8, get_be32(before, 8) - ends->less_ack);
	if (walk.end > TCP_HLEN && (ends->no_timestamps || ends->mss_less || ends->less_ack))
		bpf_loop(TCP_MAX_HLEN - TCP_HLEN, change_option, &walk, 0);
	return walk.end;
}

struct shift_walk {
	struct __sk_buff *skb;
	__u32 at;
	__u32 left;
	__u32 by;
};

#define SHIFT_CHUNK 128

/* Moves the last chunk of what is left towards the end. */
static long shift_chunk(__u32 i, struct shift_walk *walk)
{
	struct scratch *scratch = own_scratch();
	__u32 length = walk->left;
	__u32 at;

	if (!scratch || !length)
		return 1;
	if (length >= SHIFT_CHUNK) {
		at = walk->at + length - SHIFT_CHUNK;
		if (bpf_skb_load_bytes(walk->skb, at, scratch->chunk, SHIFT_CHUNK) ||
		    bpf_skb_store_bytes(walk->skb, at + walk->by, scratch->chunk, SHIFT_CHUNK, 0))
			return 1;
		walk->left = length - SHIFT_CHUNK;
		return 0;
	}
	length = ((length - 1) & (SHIFT_CHUNK - 1)) + 1;
	if (bpf_skb_load_bytes(walk->skb, walk->at, scratch->chunk, length) ||
	    bpf_skb_store_bytes(walk->skb, walk->at + walk->by, scratch->chunk, length, 0))
		return 1;
	walk->left = 0;
	return 1;
}

/*
 * Makes room for the option behind the header at @at of @header bytes. It grows at its end, because a checksum that the device
 * is to complete starts where the header does. @length: of the packet.
 */
static __noinline int make_option_room(struct __sk_buff *skb, __u32 at, __u32 header, __u32 length)
{
	struct shift_walk walk = { .skb = skb, .at = at + header, .by = TOA_LENGTH };

	if (!skb)
		return -1;
	if (bpf_skb_change_tail(skb, ETH_HLEN + length + TOA_LENGTH, 0))
		return -1;
	walk.left = ETH_HLEN + length - walk.at;
	if (!walk.left)
		return 0;
	bpf_loop(0xffff / SHIFT_CHUNK, shift_chunk, &walk, 0);
	return walk.left ? -1 : 0;
}

/* Whether the option goes into this packet, of the @header and @length given; it is counted. */
static __always_inline bool takes_option(const struct __sk_buff *skb, const struct packet *packet, const struct ends *ends,
					 __u32 header, __u32 length)
{
	bool fits = header + TOA_LENGTH <= TCP_MAX_HLEN && !skb->gso_size && length + TOA_LENGTH <= ends->mtu;

	count_exit(fits ? NOTE_TOA_ADDED : NOTE_TOA_NO_ROOM);
	return fits;
}

/* Writes a TCP header, with the option after its fixed part if @grown. */
static __noinline int put_tcp(struct __sk_buff *skb, __u32 at, struct scratch *scratch, __u32 header, bool grown)
{
	struct {
		__u8 kind;
		__u8 length;
		__be16 port;
		address_t address;
	} option;
	__u32 options = header - TCP_HLEN;
	struct ends *ends;
	__u8 *after;
	int error;

	if (!skb || !scratch)
		return -1;
	ends = &scratch->ends;
	after = (__u8 *)scratch->after;
	if (grown)
		after[12] += (TOA_LENGTH / 4) << 4;
	error = bpf_skb_store_bytes(skb, at, after, TCP_HLEN, 0);
	at += TCP_HLEN;
	if (grown) {
		option.kind = OPTION_TOA;
		option.length = TOA_LENGTH;
		option.port = ends->client_port;
		option.address = ends->client;
		error |= bpf_skb_store_bytes(skb, at, &option, TOA_LENGTH, 0);
		ends->header = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&option, TOA_LENGTH, 0);
		at += TOA_LENGTH;
	}
	if (options) {
		options -= 1;
		barrier_var(options);
		if (options >= TCP_MAX_HLEN - TCP_HLEN)
			return -1;
		error |= bpf_skb_store_bytes(skb, at, after + TCP_HLEN, options + 1, 0);
	}
	return error;
}

/* What FULLNAT makes of a TCP packet. Sets ends->told when it has, or could have, told the server about the client. */
static __noinline int rewrite_tcp(struct __sk_buff *skb, const struct packet *packet, struct scratch *scratch)
{
	struct ends *ends;
	__u32 at;
	__u32 length;
	__u32 header;
	__u32 difference;
	bool grown = false;

	if (!skb || !packet || !scratch)
		return -1;
	ends = &scratch->ends;
	at = TRANSPORT(packet);
	header = change_tcp(skb, at, scratch);
	if (!header || trim(skb, packet, &length))
		return -1;
	if (ends->tell && (ends->tell == TELL_ALWAYS || ETH_HLEN + length > at + header)) {
		ends->told = true;
		grown = takes_option(skb, packet, ends, header, length);
		if (grown && make_option_room(skb, at, header, length))
			return -1;
	}
	ends->header = 0;
	if (put_tcp(skb, at, scratch, header, grown))
		return -1;
	difference = bpf_csum_diff(scratch->before, TCP_MAX_HLEN, scratch->after, TCP_MAX_HLEN, ends->header);
	if (put_ends(skb, packet, ends, length, grown ? TOA_LENGTH : 0))
		return -1;
	return renew_whole(skb, at + 16, difference, ends->pseudo);
}

/* The start of a TCP header. */
struct tcp_numbers {
	__be16 source;
	__be16 target;
	__be32 sequence;
	__be32 acknowledged;
};

/* Ports and numbers of a TCP packet whose options stay as they are: nearly all of them. */
static __noinline int renumber(struct __sk_buff *skb, const struct packet *packet, struct ends *ends)
{
	struct tcp_numbers *numbers;
#if FAMILY == 6
	struct tcp_numbers held;
#endif
	__u64 sum;
	__u32 at;

	if (!skb || !packet || !ends)
		return -1;
	at = TRANSPORT(packet);
#if FAMILY == 6
	/* It may be anywhere. */
	numbers = &held;
	if (bpf_skb_load_bytes(skb, at, &held, sizeof(held)))
		return -1;
#else
	numbers = writable_at(skb, at, sizeof(*numbers));
	if (!numbers)
		return -1;
#endif
	sum = (__u64)(__u32)~*(__u32 *)numbers + (__u32)~numbers->sequence + (__u32)~numbers->acknowledged;
	numbers->source = ends->source_port;
	numbers->target = ends->target_port;
	numbers->sequence = bpf_htonl(bpf_ntohl(numbers->sequence) + ends->more_sequence);
	if (packet->tcp_flags & TCP_ACK)
		numbers->acknowledged = bpf_htonl(bpf_ntohl(numbers->acknowledged) - ends->less_ack);
	sum += (__u64)*(__u32 *)numbers + numbers->sequence + numbers->acknowledged;
#if FAMILY == 6
	if (bpf_skb_store_bytes(skb, at, &held, sizeof(held), 0))
		return -1;
#endif
	if (put_ends(skb, packet, ends, packet->length, 0))
		return -1;
	sum = (sum & 0xffffffff) + (sum >> 32);
	return renew_whole(skb, at + 16, (__u32)sum + (__u32)(sum >> 32), ends->pseudo);
}

static __noinline int rewrite_udp(struct __sk_buff *skb, const struct packet *packet, struct ends *ends)
{
	__be32 before;
	__be32 after;
	__u32 at;

	if (!skb || !packet || !ends)
		return -1;
	at = TRANSPORT(packet);
	if (bpf_skb_load_bytes(skb, at, &before, 4))
		return -1;
	after = (__be32)ends->target_port << 16 | ends->source_port;
	if (bpf_skb_store_bytes(skb, at, &after, 4, 0) || put_ends(skb, packet, ends, packet->length, 0))
		return -1;
	/* Zero means no checksum and stays; a sum of zero is sent as 0xffff. */
	if (bpf_l4_csum_replace(skb, at + 6, before, after, BPF_F_MARK_MANGLED_0 | 4))
		return -1;
	return renew_pseudo(skb, at + 6, ends->pseudo, BPF_F_MARK_MANGLED_0);
}

/* Whether TCP options change with the packet, or one more is put in. */
static __always_inline bool changes_options(struct __sk_buff *skb, const struct packet *packet, const struct ends *ends)
{
	__u8 words;

	if (ends->tell || ends->no_timestamps || ends->mss_less)
		return true;
	/* SACK speaks of the client's numbers. */
	return ends->less_ack && (bpf_skb_load_bytes(skb, TRANSPORT(packet) + 12, &words, 1) || words >> 4 > TCP_HLEN / 4);
}

/* The packet as it is to be between the two new ends of the scratch; the TTL is one less. */
static __always_inline int rewrite_ends(struct __sk_buff *skb, const struct packet *packet, struct scratch *scratch)
{
	if (packet->flow.protocol != IPPROTO_TCP)
		return rewrite_udp(skb, packet, &scratch->ends);
	return changes_options(skb, packet, &scratch->ends) ? rewrite_tcp(skb, packet, scratch)
							    : renumber(skb, packet, &scratch->ends);
}

/* From a local address to the server: the ends of a client's packet, and of an error that the client's side sends. */
static __always_inline void ends_to_server(struct ends *ends, const struct connection *connection)
{
	*ends = (struct ends){};
	ends->source = connection->local;
	ends->source_port = connection->local_port;
	ends->target = connection->address;
	ends->target_port = connection->port;
}

/* Whether the reply entry of a half-open connection was evicted and its local port given to another one. */
static __noinline bool local_lost(const struct flow *flow, const struct connection *connection)
{
	struct scratch *scratch = own_scratch();
	struct connection *entry;
	__u32 both = CONNECTION_FULLNAT | CONNECTION_EMBRYO;

	if (!flow || !connection || !scratch || (connection->status & both) != both)
		return false;
	scratch->reply = reply_flow(flow, connection);
	entry = find(&scratch->reply);
	return entry && !answers(entry, flow);
}

/* Keeps the sequence number of a SYN for open_connection(). False: there is none. */
static __always_inline bool keep_sequence(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	__be32 sequence;

	if (!(packet->tcp_flags & TCP_SYN))
		return true;
	if (!scratch || bpf_skb_load_bytes(skb, TRANSPORT(packet) + 4, &sequence, 4))
		return false;
	scratch->sequence = bpf_ntohl(sequence);
	return true;
}

/* Keeps what is needed of @connection once its packet goes. */
static __always_inline void keep_full(const struct connection *connection)
{
	struct scratch *scratch = own_scratch();

	if (!scratch)
		return;
	scratch->full.local = connection->local;
	scratch->full.local_port = connection->local_port;
	scratch->full.status = connection->status;
	scratch->full.delta = connection->delta;
}

/*
 * FULLNAT: whom an error is for. About a client's packet: the client, as from the service. About a server's: the server, as from
 * the local address. @entry: the connection, or its reply entry.
 */
static __always_inline void ends_of_error(struct ends *ends, const struct connection *entry)
{
	*ends = (struct ends){};
	if (!(entry->status & CONNECTION_REPLY)) {
		ends_to_server(ends, entry);
		return;
	}
	ends->source = entry->address;
	ends->source_port = entry->port;
	ends->target = entry->local;
	ends->target_port = entry->local_port;
}

/* The quoted sequence number of a client's packet, at @at, as that client knows it. @flags: of bpf_skb_store_bytes() */
static __always_inline int quoted_sequence(struct __sk_buff *skb, __u32 at, __u32 delta, __be32 *before, __be32 *after, __u64 flags)
{
	*before = *after = 0;
	if (!delta)
		return 0;
	if (bpf_skb_load_bytes(skb, at, before, 4))
		return -1;
	*after = bpf_htonl(bpf_ntohl(*before) - delta);
	return bpf_skb_store_bytes(skb, at, after, 4, flags);
}

/* Notes that the server has been told, in a packet with data. */
static __always_inline void note_told(struct scratch *scratch, const struct packet *packet)
{
	struct connection *connection;

	scratch->flow = packet->flow;
	connection = find(&scratch->flow);
	if (connection)
		__sync_fetch_and_or(&connection->status, CONNECTION_TOLD);
}

/* A client's packet, to its server. */
__noinline int send_full(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *scratch = own_scratch();
	struct destination *destination;
	struct ends *ends;
	struct way way = {};
	__u32 index;
	__u32 status;
	int found;

	if (!skb || !packet || !scratch)
		return TC_DROP;
	index = packet->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	/* Its server was removed: silence, so that the flow can go on if the server comes back. */
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	if (destination->flags & DESTINATION_LOCAL)
		return leave(EXIT_LOCAL, TC_PASS);
	if (packet->ttl <= 1)
		return answer_icmp(skb, ANSWER_TIME_EXCEEDED, 0, EXIT_TTL);
	if (too_big(skb, packet, destination->mtu))
		return answer_icmp(skb, ANSWER_TOO_BIG, destination->mtu, EXIT_TOO_BIG);
	ends = &scratch->ends;
	*ends = (struct ends){};
	ends->source = scratch->full.local;
	ends->source_port = scratch->full.local_port;
	ends->target = packet->address;
	ends->target_port = packet->port;
	way.ifindex = destination->ifindex;
	way.next_hop = narrow(&destination->next_hop);
	way.mtu = destination->mtu;
	if (!way.ifindex) {
		found = route(skb, packet, ends->source, ends->target, &way);
		if (found == ROUTE_TOO_BIG)
			return answer_icmp(skb, ANSWER_TOO_BIG, way.mtu, EXIT_TOO_BIG);
		if (found == ROUTE_NONE)
			return leave(EXIT_NO_ROUTE, TC_DROP);
	}
	if (packet->flow.protocol == IPPROTO_TCP) {
		status = scratch->full.status;
		if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
			ends->no_timestamps = true;
			if (status & CONNECTION_TOA)
				ends->tell = TELL_ALWAYS;
		} else if ((status & (CONNECTION_TOA | CONNECTION_TOLD)) == CONNECTION_TOA &&
			   !(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))) {
			ends->tell = TELL_WITH_DATA;
		}
		/* A longer first fragment would reach into the second one. */
		if (in_fragments(packet))
			ends->tell = 0;
		ends->more_sequence = scratch->full.delta;
		ends->mtu = way.mtu ? way.mtu : USUAL_MTU;
		ends->client = packet->flow.source;
		ends->client_port = packet->flow.source_port;
	}
	if (rewrite_ends(skb, packet, scratch))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	if (ends->told && ends->tell == TELL_WITH_DATA)
		note_told(scratch, packet);
	count_exit(EXIT_FORWARDED);
	return send_to(&way);
}

/* A server's packet, to the client of @flow, whose packets come in by @way_in. */
__noinline int send_full_reply(struct __sk_buff *skb, const struct packet *packet, const struct flow *flow, __u32 way_in)
{
	struct scratch *scratch = own_scratch();
	struct ends *ends;
	struct way way = {};

	if (!skb || !packet || !flow || !scratch)
		return TC_DROP;
	ends = &scratch->ends;
	*ends = (struct ends){};
	ends->source = flow->target;
	ends->source_port = flow->target_port;
	ends->target = flow->source;
	ends->target_port = flow->source_port;
	ends->less_ack = scratch->full.delta;
	if (scratch->full.status & CONNECTION_TOA && packet->tcp_flags & TCP_SYN)
		ends->mss_less = TOA_LENGTH;
	if (route_back(skb, packet, ends->source, ends->target, way_in, &way) == ROUTE_TOO_BIG)
		return answer_icmp(skb, ANSWER_REPLY_TOO_BIG, way.mtu, EXIT_TOO_BIG);
	if (rewrite_ends(skb, packet, scratch))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_REPLIED);
	return send_to(&way);
}

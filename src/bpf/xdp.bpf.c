// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The fast lane: packets of established connections, IPv4, NAT and direct routing, between interfaces of `xdp_links`. It
 * forwards or it touches nothing: whatever is odd goes on to `director` at tc ingress, which decides in the same tables.
 * No packet here opens, closes or promotes a connection. For drivers whose frames have complete checksums.
 */
#define FAMILY 4
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "consts.h"
#include "structs.h"
#include "maps.h"
#include "checksum.h"
#include "count.h"
#include "state.h"
#include "connection.h"
#include "news.h"

char license_text[] SEC("license") = "Dual MIT/GPL";

#define IP_MORE_OR_OFFSET 0x3fff

/* An interface of the fast lane. */
struct xdp_link {
	__u8 mac[6];
	__u16 pad;
};

/* Those on which this program hangs, by index. */
MAP(xdp_links, BPF_MAP_TYPE_HASH, __u32, struct xdp_link, 256, 0);
/* The same, as targets. */
MAP(xdp_ports, BPF_MAP_TYPE_DEVMAP_HASH, __u32, __u32, 256, 0);

#define WAY_BITS 12

/* What a packet needs to be on its way: half of a routing table's answer, and who it came for. Good for the second it was asked in. */
struct xdp_way {
	__be32 source; /* that was asked with; 0: any */
	__be32 target;
	__u32 way_in;
	__u32 second;
	__u32 way_out;
	__u32 mtu;
	__u8 own_mac[6]; /* of the interface it came in by */
	__u8 next_mac[6];
	__u8 out_mac[6];
	__u8 tos;
	__u8 pad;
};
_Static_assert(sizeof(struct xdp_way) == 44, "xdp_way");

/* The latest ways, by the target's hash: asking the routing table costs more than all the rest. */
MAP(xdp_ways, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xdp_way, 1 << WAY_BITS, 0);

struct transport_ports {
	__be16 source;
	__be16 target;
};

/* A packet that the lane may take. Pointers are within the frame. */
struct frame {
	struct ethhdr *ethernet;
	struct iphdr *ip;
	struct transport_ports *ports;
	__be16 *check; /* of the transport header */
};

/* False: not one for the lane. */
static __always_inline bool parse_frame(struct xdp_md *context, struct frame *frame)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = data + ETH_HLEN;
	struct tcphdr *tcp = data + L4_OFFSET;
	struct udphdr *udp = data + L4_OFFSET;

	if (data + L4_OFFSET + sizeof(*udp) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return false;
	if (*(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_MORE_OR_OFFSET) || ip->ttl <= 1)
		return false;
	if (ETH_HLEN + bpf_ntohs(ip->tot_len) > context->data_end - context->data)
		return false;
	frame->ethernet = ethernet;
	frame->ip = ip;
	frame->ports = (void *)udp;
	if (ip->protocol == IPPROTO_UDP) {
		frame->check = &udp->check;
		return true;
	}
	if (ip->protocol != IPPROTO_TCP || (void *)(tcp + 1) > end)
		return false;
	frame->check = &tcp->check;
	/* Nothing that could change the state of an established connection. */
	return tcp->ack && !tcp->syn && !tcp->fin && !tcp->rst;
}

/* Whether a connection is one whose packets change nothing but its time. */
static __always_inline bool settled(const struct flow *flow, const struct connection *connection, __u32 now)
{
	if (connection->status & (CONNECTION_DEAD | CONNECTION_FULLNAT | CONNECTION_BYPASS | CONNECTION_SYNCED) || expired(connection, now))
		return false;
	/* A first answer assures the template. */
	if (flow->protocol == IPPROTO_UDP)
		return (connection->status & (CONNECTION_CONTROLLED | CONNECTION_ASSURED)) != CONNECTION_CONTROLLED;
	return (connection->status & STATE_MASK) == ES;
}

static __always_inline bool same_mac(const void *a, const void *b)
{
	const __u16 *one = a;
	const __u16 *other = b;

	return one[0] == other[0] && one[1] == other[1] && one[2] == other[2];
}

/* Asks the routing table. False: the frame is for another host, or its next hop not known. */
static __always_inline bool ask_way(struct xdp_md *context, const struct frame *frame, __be32 source, __be32 target,
				    struct xdp_way *way)
{
	__u32 way_in = context->ingress_ifindex;
	const struct xdp_link *link = bpf_map_lookup_elem(&xdp_links, &way_in);
	struct bpf_fib_lookup query = {
		.family = AF_INET,
		.ipv4_src = source,
		.ipv4_dst = target,
		.ifindex = way_in,
	};

	if (!link || !same_mac(frame->ethernet->h_dest, link->mac))
		return false;
	query.l4_protocol = frame->ip->protocol;
	query.tos = frame->ip->tos;
	query.tot_len = bpf_ntohs(frame->ip->tot_len);
	if (bpf_fib_lookup(context, &query, sizeof(query), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return false;
	way->way_out = query.ifindex;
	way->mtu = query.mtu_result;
	__builtin_memcpy(way->own_mac, link->mac, 6);
	__builtin_memcpy(way->next_mac, query.dmac, 6);
	__builtin_memcpy(way->out_mac, query.smac, 6);
	return true;
}

/*
 * The way of a frame that is for this host, to an interface of the lane; NULL: not one for the lane. The routing table is
 * asked once a second. @any_source: like at tc ingress, which knows a destination's way beforehand, the client does not count.
 */
static __always_inline struct xdp_way *find_way(struct xdp_md *context, const struct frame *frame, bool any_source,
						__be32 source, __be32 target, __u32 now)
{
	__u32 slot = (__u32)(target * 0x61c88647U) >> (32 - WAY_BITS);
	__be32 kept_source = any_source ? 0 : source;
	__u32 way_in = context->ingress_ifindex;
	struct xdp_way *way = bpf_map_lookup_elem(&xdp_ways, &slot);

	if (!way)
		return NULL;
	if (way->target != target || way->second != now || way->source != kept_source || way->way_in != way_in ||
	    way->tos != frame->ip->tos || !same_mac(way->own_mac, frame->ethernet->h_dest)) {
		way->second = 0;
		if (!ask_way(context, frame, source, target, way))
			return NULL;
		way->source = kept_source;
		way->target = target;
		way->way_in = way_in;
		way->tos = frame->ip->tos;
		way->second = now;
	}
	if (bpf_ntohs(frame->ip->tot_len) > way->mtu)
		return NULL;
	return bpf_redirect_map(&xdp_ports, way->way_out, XDP_PASS) == XDP_REDIRECT ? way : NULL;
}

/* TTL and checksums, and link-level addresses. @address, @port: what one side becomes; the other stays. */
static __always_inline void rewrite(struct frame *frame, const struct xdp_way *way, bool nat, bool target,
				    __be32 address, __be16 port)
{
	struct iphdr *ip = frame->ip;
	__be32 old_address = target ? ip->daddr : ip->saddr;
	__be16 old_port = target ? frame->ports->target : frame->ports->source;
	__be16 check = *frame->check;

	ip->check = check_ttl(ip->check);
	ip->ttl -= 1;
	if (nat) {
		ip->check = check_change32(ip->check, old_address, address);
		if (target) {
			ip->daddr = address;
			frame->ports->target = port;
		} else {
			ip->saddr = address;
			frame->ports->source = port;
		}
		/* UDP: zero means none and stays; a sum of zero is sent as 0xffff. */
		if (ip->protocol == IPPROTO_TCP || check) {
			check = check_change(check_change32(check, old_address, address), old_port, port);
			*frame->check = check || ip->protocol == IPPROTO_TCP ? check : 0xffff;
		}
	}
	__builtin_memcpy(frame->ethernet->h_dest, way->next_mac, 6);
	__builtin_memcpy(frame->ethernet->h_source, way->out_mac, 6);
}

/* A server's packet to the client of a NAT connection. */
static __always_inline int lane_output(struct xdp_md *context, struct frame *frame, const struct flow *reply,
				       const struct connection *entry, __u32 now)
{
	struct flow flow = client_flow(reply, entry);
	struct connection *connection = bpf_map_lookup_elem(&connections, &flow);
	struct destination *destination;
	struct xdp_way *way;
	struct settings *held = held_settings();
	__u32 index;

	if (!connection || !held || connection->status & CONNECTION_REPLY || !settled(&flow, connection, now))
		return XDP_PASS;
	if (held->flags & SETTINGS_NEWS && refresh_due(held, connection, connection->seen, now))
		return XDP_PASS;
	/* Its template is to hear of the first reply. */
	if ((connection->status & (CONNECTION_CONTROLLED | CONNECTION_ASSURED)) == CONNECTION_CONTROLLED)
		return XDP_PASS;
	index = connection->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return XDP_PASS;
	way = find_way(context, frame, false, flow.target, flow.source, now);
	if (!way)
		return XDP_PASS;
	count_out(index, bpf_ntohs(frame->ip->tot_len));
	touch(connection, flow.protocol == IPPROTO_UDP ? held->udp_timeout : held->tcp_timeouts[ES], now);
	rewrite(frame, way, true, false, flow.target, flow.target_port);
	count_exit(NOTE_FAST_LANE);
	count_exit(EXIT_REPLIED);
	return XDP_REDIRECT;
}

/* A client's packet. */
static __always_inline int lane_input(struct xdp_md *context, struct frame *frame, const struct flow *flow,
				      struct connection *connection, __u32 now)
{
	struct destination *destination;
	struct xdp_way *way;
	struct settings *held = held_settings();
	__u32 index = connection->destination;
	bool nat = connection->status & CONNECTION_NAT;

	if (!held || !settled(flow, connection, now))
		return XDP_PASS;
	/* `director` tells of it. */
	if (held->flags & SETTINGS_NEWS && news_due(held, connection, connection->packets + 1, connection->seen, now))
		return XDP_PASS;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || (destination->flags & (DESTINATION_AVAILABLE | DESTINATION_LOCAL)) != DESTINATION_AVAILABLE)
		return XDP_PASS;
	if (destination->method != METHOD_DR && destination->method != METHOD_NAT)
		return XDP_PASS;
	way = find_way(context, frame, true, flow->source, connection->address, now);
	if (!way)
		return XDP_PASS;
	count_in(index, bpf_ntohs(frame->ip->tot_len), 0);
	connection->packets += 1;
	touch(connection, flow->protocol == IPPROTO_UDP ? held->udp_timeout : held->tcp_timeouts[ES], now);
	rewrite(frame, way, nat, true, connection->address, connection->port);
	count_exit(NOTE_FAST_LANE);
	count_exit(EXIT_FORWARDED);
	return XDP_REDIRECT;
}

SEC("xdp")
int fast_lane(struct xdp_md *context)
{
	struct frame frame;
	struct flow flow = {};
	struct connection *connection;
	__u32 now;

	if (!parse_frame(context, &frame))
		return XDP_PASS;
	flow.source = frame.ip->saddr;
	flow.target = frame.ip->daddr;
	flow.source_port = frame.ports->source;
	flow.target_port = frame.ports->target;
	flow.protocol = frame.ip->protocol;
	connection = bpf_map_lookup_elem(&connections, &flow);
	if (!connection)
		return XDP_PASS;
	now = seconds();
	if (connection->status & CONNECTION_REPLY)
		return lane_output(context, &frame, &flow, connection, now);
	return lane_input(context, &frame, &flow, connection, now);
}

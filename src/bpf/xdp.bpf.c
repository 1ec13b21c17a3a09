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

static __always_inline bool to_this_host(const struct ethhdr *ethernet, __u32 ifindex)
{
	const struct xdp_link *link = bpf_map_lookup_elem(&xdp_links, &ifindex);

	if (!link)
		return false;
	for (int i = 0; i < 6; i++)
		if (ethernet->h_dest[i] != link->mac[i])
			return false;
	return true;
}

/* Whether a connection is one whose packets change nothing but its time. */
static __always_inline bool settled(const struct flow *flow, const struct connection *connection, __u32 now)
{
	if (connection->status & (CONNECTION_DEAD | CONNECTION_FULLNAT | CONNECTION_BYPASS) || expired(connection, now))
		return false;
	return flow->protocol == IPPROTO_UDP || (connection->status & STATE_MASK) == ES;
}

/* The next hop's addresses and interface, if all is known and the interface is one of the lane. */
static __always_inline bool find_way(struct xdp_md *context, const struct iphdr *ip, __be32 source, __be32 target,
				     struct bpf_fib_lookup *way)
{
	way->family = AF_INET;
	way->l4_protocol = ip->protocol;
	way->tos = ip->tos;
	way->tot_len = bpf_ntohs(ip->tot_len);
	way->ipv4_src = source;
	way->ipv4_dst = target;
	way->ifindex = context->ingress_ifindex;
	return bpf_fib_lookup(context, way, sizeof(*way), 0) == BPF_FIB_LKUP_RET_SUCCESS &&
	       bpf_map_lookup_elem(&xdp_ports, &way->ifindex);
}

/* TTL and checksums, and link-level addresses. @address, @port: what one side becomes; the other stays. */
static __always_inline void rewrite(struct frame *frame, const struct bpf_fib_lookup *way, bool nat, bool target,
				    __be32 address, __be16 port)
{
	struct iphdr *ip = frame->ip;
	__be32 old_address = target ? ip->daddr : ip->saddr;
	__be16 old_port = target ? frame->ports->target : frame->ports->source;
	__be16 check = *frame->check;

	ip->check = check_ttl(ip->check, ip->ttl, ip->protocol);
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
	__builtin_memcpy(frame->ethernet->h_dest, way->dmac, 6);
	__builtin_memcpy(frame->ethernet->h_source, way->smac, 6);
}

/* A server's packet to the client of a NAT connection. */
static __always_inline int lane_output(struct xdp_md *context, struct frame *frame, const struct flow *reply,
				       const struct connection *entry, __u32 now)
{
	struct flow flow = client_flow(reply, entry);
	struct connection *connection = bpf_map_lookup_elem(&connections, &flow);
	struct destination *destination;
	struct bpf_fib_lookup way = {};
	struct settings *held = held_settings();
	__u32 index;

	if (!connection || !held || connection->status & CONNECTION_REPLY || !settled(&flow, connection, now))
		return XDP_PASS;
	index = connection->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return XDP_PASS;
	if (!find_way(context, frame->ip, flow.target, flow.source, &way))
		return XDP_PASS;
	count_out(index, bpf_ntohs(frame->ip->tot_len));
	touch(connection, flow.protocol == IPPROTO_UDP ? held->udp_timeout : held->tcp_timeouts[ES], now);
	rewrite(frame, &way, true, false, flow.target, flow.target_port);
	count_exit(NOTE_FAST_LANE);
	count_exit(EXIT_REPLIED);
	return bpf_redirect_map(&xdp_ports, way.ifindex, 0);
}

/* A client's packet. */
static __always_inline int lane_input(struct xdp_md *context, struct frame *frame, const struct flow *flow,
				      struct connection *connection, __u32 now)
{
	struct destination *destination;
	struct bpf_fib_lookup way = {};
	struct settings *held = held_settings();
	__u32 index = connection->destination;
	bool nat = connection->status & CONNECTION_NAT;

	if (!held || !settled(flow, connection, now))
		return XDP_PASS;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || (destination->flags & (DESTINATION_AVAILABLE | DESTINATION_LOCAL)) != DESTINATION_AVAILABLE)
		return XDP_PASS;
	if (destination->method != METHOD_DR && destination->method != METHOD_NAT)
		return XDP_PASS;
	if (!find_way(context, frame->ip, flow->source, connection->address, &way))
		return XDP_PASS;
	count_in(index, bpf_ntohs(frame->ip->tot_len), 0);
	connection->packets += 1;
	touch(connection, flow->protocol == IPPROTO_UDP ? held->udp_timeout : held->tcp_timeouts[ES], now);
	rewrite(frame, &way, nat, true, connection->address, connection->port);
	count_exit(NOTE_FAST_LANE);
	count_exit(EXIT_FORWARDED);
	return bpf_redirect_map(&xdp_ports, way.ifindex, 0);
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
	if (!connection || !to_this_host(frame.ethernet, context->ingress_ifindex))
		return XDP_PASS;
	now = seconds();
	if (connection->status & CONNECTION_REPLY)
		return lane_output(context, &frame, &flow, connection, now);
	return lane_input(context, &frame, &flow, connection, now);
}

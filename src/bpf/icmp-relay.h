/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What happens to an ICMP error about a flow of ours, once for both families: after translate_error() and relay_full(). */
#pragma once

/* schedule_icmp: a connection for the flow that an error is about. False: there is none. */
int schedule_error(struct __sk_buff *skb, struct packet *about);

/* Sends an error on with its addresses changed, or to a server next to us as it is. */
static __noinline int relay_about(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
				  const struct connection *connection, const struct destination *destination)
{
	struct way way = {};
	address_t address;
	__be16 port;
	bool nat;

	if (!skb || !packet || !quoted || !connection || !destination)
		return TC_PASS;
	address = connection->address;
	port = connection->port;
	if (connection->status & CONNECTION_REPLY) {
		way.ifindex = connection->ifindex;
		if (translate_error(skb, packet, quoted, false, address, port))
			return leave(EXIT_REWRITE_FAILED, TC_DROP);
		count_exit(EXIT_ICMP_RELAYED);
		route(skb, packet, address, packet->flow.target, &way);
		return send_to(&way);
	}
	nat = connection->status & CONNECTION_NAT;
	way.ifindex = destination->ifindex;
	way.next_hop = narrow(&destination->next_hop);
	if (!way.ifindex && route(skb, packet, packet->flow.source, narrow(&destination->address), &way) != ROUTE_FOUND)
		return leave(EXIT_NO_ROUTE, TC_DROP);
	if (nat ? translate_error(skb, packet, quoted, true, address, port) : age(skb, packet))
		return leave(EXIT_REWRITE_FAILED, TC_DROP);
	count_exit(EXIT_ICMP_RELAYED);
	return send_to(&way);
}

/* An error about this connection: to whom, and counted. */
static __always_inline int relay_known(struct __sk_buff *skb, const struct packet *packet, const struct quoted *quoted,
				       const struct connection *connection)
{
	struct destination *destination;
	__u32 index;
	bool reply;

	reply = connection->status & CONNECTION_REPLY;
	if (!reply && expired(connection, seconds()))
		return leave(EXIT_ICMP_OTHER, TC_PASS);
	index = connection->destination;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination)
		return leave(EXIT_DESTINATION_REMOVED, TC_DROP);
	/* What is too old does not come out of the stack, where IPVS would see it. */
	if (reply && packet->ttl <= 1)
		return leave(EXIT_REPLY_TO_STACK, TC_PASS);
	/* About a removed one too: IPVS does not ask. */
	if (destination->flags & DESTINATION_AVAILABLE) {
		if (reply)
			count_out(index, packet->length);
		else
			count_in(index, packet->length, 0);
	}
	if (destination->flags & DESTINATION_LOCAL)
		return leave(EXIT_LOCAL, TC_PASS);
	/* Nobody is told that an error was too old. */
	if (packet->ttl <= 1)
		return leave(EXIT_TTL, TC_DROP);
	if (!reply && method_of(connection->status, destination) == METHOD_TUN)
		return encapsulate(skb, packet, destination, EXIT_ICMP_RELAYED);
	if (connection->status & CONNECTION_FULLNAT)
		return relay_full(skb, packet, quoted, connection, destination);
	return relay_about(skb, packet, quoted, connection, destination);
}

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Templates: which destination the clients of a network get, as in net/netfilter/ipvs/ip_vs_core.c. */
#pragma once
#include "room.h"
#include "schedulers.h"
#include "scratch.h"

/*
 * A template whose time is up while connections made through it live gets another 60 s, and from then on only 60 s
 * each time, as IPVS does it.
 */
static __always_inline bool template_holds(struct template *template, __u32 now)
{
	struct destination *destination;
	struct settings *held = held_settings();
	__u32 index = template->destination;

	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination || !(destination->flags & DESTINATION_AVAILABLE))
		return false;
	if (!destination->weight && held && held->flags & SETTINGS_EXPIRE_QUIESCENT_TEMPLATE)
		return false;
	if ((__s32)(now - template->seen) <= (__s32)template->timeout)
		return true;
	if (!holds_connections(template, now))
		return false;
	template->timeout = DEFERRED_TIMEOUT;
	return true;
}

/* The port of a service's templates: that of FTP is none, so that its data connections share them. */
static __always_inline __be16 template_port(const struct service *service)
{
	return service->port == bpf_htons(FTP_CONTROL) ? 0 : service->port;
}

/* The destination for a new connection of a persistent service. Its template then counts one connection more. */
__noinline __u32 schedule_persistent(const struct service *service, const struct flow *flow, __u32 now)
{
	struct scratch *scratch = own_scratch();
	struct template_key *key;
	struct template *fresh;
	struct template *template;
	long error;

	if (!service || !flow || !scratch)
		return NO_DESTINATION;
	key = &scratch->template_key;
	fresh = &scratch->template;
	__builtin_memset(key, 0, sizeof(*key));
	*fresh = (struct template){};
	find_network(&key->client, &flow->source, service->persistence_bits);
	if (service->mark) {
		key->target = mark_as_address(service->mark);
	} else {
		key->target = flow->target;
		key->target_port = template_port(service);
		key->protocol = flow->protocol;
	}
	template = bpf_map_lookup_elem(&templates, key);
	if (template && template_holds(template, now)) {
		template->seen = now;
		__sync_fetch_and_add(&template->controlled, 1);
		return template->destination;
	}
	/* IPVS lets go of one that does not hold before it knows whether there is another destination. */
	if (template) {
		fresh->destination = template->destination;
		if (!bpf_map_delete_elem(&templates, key))
			account_persistent(fresh->destination, -1);
	}
	fresh->destination = schedule(service, flow, now);
	if (fresh->destination == NO_DESTINATION)
		return NO_DESTINATION;
	fresh->seen = now;
	fresh->timeout = service->persistence_timeout;
	fresh->controlled = 1;
	error = bpf_map_update_elem(&templates, key, fresh, BPF_ANY);
	if (error == -7 && make_room())
		error = bpf_map_update_elem(&templates, key, fresh, BPF_ANY);
	if (!error)
		account_persistent(fresh->destination, 1);
	return fresh->destination;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* Every map. All are pinned; names are at most 15 characters. */
#pragma once
#include "map.h"
#include "structs.h"

/* What exists once a family; the program for IPv6 pins its own under other names. */
#if FAMILY == 6
#define connections connections6
#define embryos embryos6
#define templates templates6
#define services services6
#define reap_queue reap_queue6
#define swept swept6
#define nat_servers nat_servers6
#define arrivals arrivals6
#endif

/* Flows in both directions (NAT: two entries). Preallocated; never evicts: full is an error that is counted. */
MAP(connections, BPF_MAP_TYPE_HASH, struct flow, struct connection, MAX_CONNECTIONS, 0);
/* Half-open TCP flows until the client's ACK: a flood of SYN evicts only these. */
MAP(embryos, BPF_MAP_TYPE_LRU_HASH, struct flow, struct connection, MAX_EMBRYOS, 0);
/* Persistence. */
MAP(templates, BPF_MAP_TYPE_HASH, struct template_key, struct template, MAX_TEMPLATES, BPF_F_NO_PREALLOC);
/* Services by what clients talk to. */
MAP(services, BPF_MAP_TYPE_HASH, struct service_key, struct service, MAX_SERVICES, 0);
/* Two lists a service: user space fills the one not in force, then switches. */
MAP(lists, BPF_MAP_TYPE_ARRAY, __u32, struct destination_list, 2 * MAX_SERVICES, 0);
/* Entries of the lists; ranges are given out by user space. */
MAP(members, BPF_MAP_TYPE_ARRAY, __u32, struct list_entry, MAX_MEMBERS, 0);
/* Tables of sh, dh and mh: destinations by hash, NO_DESTINATION where there is none. */
MAP(buckets, BPF_MAP_TYPE_ARRAY, __u32, __u32, MAX_BUCKETS, 0);
/* FULLNAT: source addresses towards servers; ranges are given out by user space. */
MAP(locals, BPF_MAP_TYPE_ARRAY, __u32, struct wide_address, MAX_LOCALS, 0);
/* What lblc and lblcr remember, of both families and all services. */
MAP(lblc, BPF_MAP_TYPE_HASH, struct locality_key, struct locality, MAX_LOCALITIES, BPF_F_NO_PREALLOC);
MAP(lblcr, BPF_MAP_TYPE_HASH, struct locality_key, struct replicas, MAX_LOCALITIES, BPF_F_NO_PREALLOC);
/* Destinations, those of removed ones too until nothing refers to them. */
MAP(destinations, BPF_MAP_TYPE_ARRAY, __u32, struct destination, MAX_DESTINATIONS, 0);
/* Their connections. */
MAP(loads, BPF_MAP_TYPE_ARRAY, __u32, struct load, MAX_DESTINATIONS, 0);
/* What destinations carried that a service no longer knows; only user space uses it. */
MAP(retired, BPF_MAP_TYPE_ARRAY, __u32, struct traffic, MAX_SERVICES, 0);
/* Totals by destination. */
MAP(dest_traffic, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct traffic, MAX_DESTINATIONS, 0);
/* What routers said of the ways to the ends of tunnels, by outer address; user space makes and removes the entries. */
MAP(path_mtus, BPF_MAP_TYPE_HASH, struct wide_address, struct path_mtu, MAX_DESTINATIONS, BPF_F_NO_PREALLOC);
/* Why packets left the program. */
MAP(exits, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, EXIT_COUNT, 0);
/* One record that holds for everything. */
MAP(settings, BPF_MAP_TYPE_ARRAY, __u32, struct settings, 1, 0);
/* How many packets would have opened a connection, for drop_packet. */
MAP(openings, BPF_MAP_TYPE_ARRAY, __u32, struct candidates, 1, 0);
/* User space's: what counters were when they were last set to zero, by destination. */
MAP(baselines, BPF_MAP_TYPE_ARRAY, __u32, struct traffic, MAX_DESTINATIONS, 0);
/* Destinations of the method NAT, found by address, port and protocol (0: any), for nat_icmp_send. */
MAP(nat_servers, BPF_MAP_TYPE_HASH, struct service_key, __u32, MAX_DESTINATIONS, BPF_F_NO_PREALLOC);
/* When the tables were last swept. */
MAP(swept, BPF_MAP_TYPE_ARRAY, __u32, struct sweeps, 1, 0);
/* How many ICMP errors this CPU has sent of late. */
MAP(icmp_budget, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct budget, 1, 0);
/* Keys that user space thinks have expired, for `reap`; a template's key takes the first 12 bytes (IPv6: 36). */
MAP(reap_queue, BPF_MAP_TYPE_ARRAY, __u32, struct flow, MAX_QUEUE, 0);
/* The other programs, by stage. */
MAP(stages, BPF_MAP_TYPE_PROG_ARRAY, __u32, __u32, MAX_STAGES, 0);
/* What other directors told, for `take_in`. */
MAP(arrivals, BPF_MAP_TYPE_ARRAY, __u32, struct connection_news, MAX_ARRIVALS, 0);
/* What other directors are to be told, of both families. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NEWS_SIZE);
} news SEC(".maps");

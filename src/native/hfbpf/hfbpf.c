// SPDX-License-Identifier: MIT
/*
 * bpf(2) for Node, through libbpf: descriptors in, bytes or a negative errno out. No policy; every decision is made in
 * TypeScript (src/sys/bpf). Descriptors are plain numbers that the caller closes. Every function that can fail returns
 * a number: >= 0 on success, -errno otherwise; only wrong arguments throw. The exceptions are load() and
 * loadLater(), which give an object that holds either the descriptors or the errno with libbpf's log.
 */
#include <bpf/libbpf.h>
#include "hfbpf.h"

static const struct {
	const char *name;
	napi_callback function;
} functions[] = {
	{ "load", load },
	{ "loadLater", load_later },
	{ "close", close_fd },
	{ "pin", pin },
	{ "get", get },
	{ "mountBpffs", mount_bpffs },
	{ "mapCreate", map_create },
	{ "mapInfo", map_info },
	{ "mapLookup", map_lookup },
	{ "mapUpdate", map_update },
	{ "mapDelete", map_delete },
	{ "mapNextKey", map_next_key },
	{ "mapLookupBatch", map_lookup_batch },
	{ "mapUpdateBatch", map_update_batch },
	{ "mapDeleteBatch", map_delete_batch },
	{ "programId", program_id },
	{ "tcxAttach", tcx_attach },
	{ "tcxQuery", tcx_query },
	{ "xdpAttach", xdp_attach },
	{ "xdpQuery", xdp_query },
	{ "linkUpdate", link_update },
	{ "linkDetach", link_detach },
	{ "tcAttach", tc_attach },
	{ "tcDetach", tc_detach },
	{ "tcQuery", tc_query },
	{ "testRun", test_run },
	{ "possibleCpus", possible_cpus },
	{ "ringOpen", ring_open },
	{ "ringClose", ring_close },
};

NAPI_MODULE_INIT()
{
	size_t i;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	capture_log();
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		napi_value function;

		napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function);
		napi_set_named_property(env, exports, functions[i].name, function);
	}
	return exports;
}

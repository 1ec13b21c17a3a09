// SPDX-License-Identifier: MIT
/* Programs, and where they hang at tc ingress. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include "hfbpf.h"

/* BPF_TCX_INGRESS of linux/bpf.h from 6.6 on; Debian 12 has older headers. */
#define ATTACH_TCX_INGRESS 46

/* programId(fd) -> id or -errno */
napi_value program_id(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	struct bpf_prog_info about = {};
	__u32 size = sizeof(about);
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd))
		return throw_type(env, "programId(fd)");
	if (bpf_obj_get_info_by_fd((int)fd, &about, &size))
		return number(env, -errno);
	return number(env, about.id);
}

/* tcxAttach(programFd, ifindex) -> link fd or -errno (-EINVAL on kernels before 6.6) */
napi_value tcx_attach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t program;
	int64_t ifindex;
	int fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &program) || !as_int(env, argv[1], &ifindex))
		return throw_type(env, "tcxAttach(programFd, ifindex)");
	fd = bpf_link_create((int)program, (int)ifindex, (enum bpf_attach_type)ATTACH_TCX_INGRESS, NULL);
	return number(env, fd < 0 ? -errno : fd);
}

/* xdpAttach(programFd, ifindex, flags) -> link fd or -errno; flags: XDP_FLAGS_* of linux/if_link.h */
napi_value xdp_attach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t program;
	int64_t ifindex;
	int64_t flags;
	int fd;
	LIBBPF_OPTS(bpf_link_create_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &program) || !as_int(env, argv[1], &ifindex) || !as_int(env, argv[2], &flags))
		return throw_type(env, "xdpAttach(programFd, ifindex, flags)");
	options.flags = (__u32)flags;
	fd = bpf_link_create((int)program, (int)ifindex, BPF_XDP, &options);
	return number(env, fd < 0 ? -errno : fd);
}

/* xdpQuery(ifindex) -> id of the program in the driver, 0 for none, or -errno */
napi_value xdp_query(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t ifindex;
	__u32 id = 0;
	int error;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &ifindex))
		return throw_type(env, "xdpQuery(ifindex)");
	error = bpf_xdp_query_id((int)ifindex, 4 /* XDP_FLAGS_DRV_MODE */, &id);
	return number(env, error ? error : (int64_t)id);
}

/* linkUpdate(linkFd, programFd): replaces the program without a gap; -ENOLINK when the interface is gone */
napi_value link_update(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t link;
	int64_t program;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &link) || !as_int(env, argv[1], &program))
		return throw_type(env, "linkUpdate(linkFd, programFd)");
	return number(env, bpf_link_update((int)link, (int)program, NULL) ? -errno : 0);
}

/* linkDetach(linkFd) */
napi_value link_detach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t link;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &link))
		return throw_type(env, "linkDetach(linkFd)");
	return number(env, bpf_link_detach((int)link) ? -errno : 0);
}

/* tcxQuery(ifindex) -> [program id] or -errno */
napi_value tcx_query(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	napi_value out;
	__u32 ids[64];
	__u32 count = 64;
	__u32 i;
	int64_t ifindex;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &ifindex))
		return throw_type(env, "tcxQuery(ifindex)");
	if (bpf_prog_query((int)ifindex, (enum bpf_attach_type)ATTACH_TCX_INGRESS, 0, NULL, ids, &count))
		return number(env, -errno);
	napi_create_array(env, &out);
	for (i = 0; i < count && i < 64; i++)
		napi_set_element(env, out, i, number(env, ids[i]));
	return out;
}

/* tcAttach(programFd, ifindex, priority, handle): clsact ingress; replaces what has this priority and handle */
napi_value tc_attach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t program;
	int64_t ifindex;
	int64_t priority;
	int64_t handle;
	int error;
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .flags = BPF_TC_F_REPLACE);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &program) || !as_int(env, argv[1], &ifindex) || !as_int(env, argv[2], &priority) ||
	    !as_int(env, argv[3], &handle))
		return throw_type(env, "tcAttach(programFd, ifindex, priority, handle)");
	hook.ifindex = (int)ifindex;
	error = bpf_tc_hook_create(&hook);
	if (error && error != -EEXIST)
		return number(env, error);
	options.prog_fd = (int)program;
	options.priority = (__u32)priority;
	options.handle = (__u32)handle;
	return number(env, bpf_tc_attach(&hook, &options));
}

/* tcDetach(ifindex, priority, handle); the clsact qdisc stays, for it may serve others */
napi_value tc_detach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t ifindex;
	int64_t priority;
	int64_t handle;
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &ifindex) || !as_int(env, argv[1], &priority) || !as_int(env, argv[2], &handle))
		return throw_type(env, "tcDetach(ifindex, priority, handle)");
	hook.ifindex = (int)ifindex;
	options.priority = (__u32)priority;
	options.handle = (__u32)handle;
	return number(env, bpf_tc_detach(&hook, &options));
}

/* tcQuery(ifindex, priority, handle) -> program id or -errno (-ENOENT: none) */
napi_value tc_query(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t ifindex;
	int64_t priority;
	int64_t handle;
	int error;
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &ifindex) || !as_int(env, argv[1], &priority) || !as_int(env, argv[2], &handle))
		return throw_type(env, "tcQuery(ifindex, priority, handle)");
	hook.ifindex = (int)ifindex;
	options.priority = (__u32)priority;
	options.handle = (__u32)handle;
	error = bpf_tc_query(&hook, &options);
	return number(env, error ? error : (int64_t)options.prog_id);
}

/*
 * testRun(programFd, dataIn, dataOut, ctxIn, ctxOut, repeat, flags)
 * -> { error, verdict, nanoseconds a run, dataSize, ctxSize }. Any buffer may be undefined.
 * The way to call a program of type syscall, too: it takes ctxIn alone.
 */
napi_value test_run(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	napi_value out;
	int64_t fd;
	int64_t repeat;
	int64_t flags;
	void *data_in;
	void *data_out;
	void *ctx_in;
	void *ctx_out;
	size_t data_in_size;
	size_t data_out_size;
	size_t ctx_in_size;
	size_t ctx_out_size;
	int error;
	LIBBPF_OPTS(bpf_test_run_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_optional_bytes(env, argv[1], &data_in, &data_in_size) ||
	    !as_optional_bytes(env, argv[2], &data_out, &data_out_size) ||
	    !as_optional_bytes(env, argv[3], &ctx_in, &ctx_in_size) ||
	    !as_optional_bytes(env, argv[4], &ctx_out, &ctx_out_size) || !as_int(env, argv[5], &repeat) ||
	    !as_int(env, argv[6], &flags))
		return throw_type(env, "testRun(programFd, dataIn, dataOut, ctxIn, ctxOut, repeat, flags)");
	options.data_in = data_in;
	options.data_size_in = (__u32)data_in_size;
	options.data_out = data_out;
	options.data_size_out = (__u32)data_out_size;
	options.ctx_in = ctx_in;
	options.ctx_size_in = (__u32)ctx_in_size;
	options.ctx_out = ctx_out;
	options.ctx_size_out = (__u32)ctx_out_size;
	options.repeat = (int)repeat;
	options.flags = (__u32)flags;
	error = bpf_prog_test_run_opts((int)fd, &options) ? -errno : 0;
	napi_create_object(env, &out);
	set_number(env, out, "error", error);
	set_number(env, out, "verdict", (int32_t)options.retval);
	set_number(env, out, "nanoseconds", options.duration);
	set_number(env, out, "dataSize", options.data_size_out);
	set_number(env, out, "ctxSize", options.ctx_size_out);
	return out;
}

/* possibleCpus(): how many values a per-CPU lookup fills */
napi_value possible_cpus(napi_env env, napi_callback_info info)
{
	(void)info;
	return number(env, libbpf_num_possible_cpus());
}

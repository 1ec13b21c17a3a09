// SPDX-License-Identifier: MIT
/* Descriptors and the BPF file system. */
#include <bpf/bpf.h>
#include <errno.h>
#include <sys/mount.h>
#include <unistd.h>
#include "hfbpf.h"

napi_value close_fd(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd))
		return throw_type(env, "close(fd)");
	return number(env, close((int)fd) ? -errno : 0);
}

/* pin(fd, path) */
napi_value pin(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	char path[4096];
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_text(env, argv[1], path, sizeof(path)))
		return throw_type(env, "pin(fd, path)");
	return number(env, bpf_obj_pin((int)fd, path) ? -errno : 0);
}

/* get(path) -> fd of a pinned map, program or link */
napi_value get(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	char path[4096];
	int fd;

	arguments(env, info, argv);
	if (!as_text(env, argv[0], path, sizeof(path)))
		return throw_type(env, "get(path)");
	fd = bpf_obj_get(path);
	return number(env, fd < 0 ? -errno : fd);
}

/* mountBpffs(path) */
napi_value mount_bpffs(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	char path[4096];

	arguments(env, info, argv);
	if (!as_text(env, argv[0], path, sizeof(path)))
		return throw_type(env, "mountBpffs(path)");
	return number(env, mount("bpf", path, "bpf", 0, "mode=0700") ? -errno : 0);
}

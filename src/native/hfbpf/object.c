// SPDX-License-Identifier: MIT
/* Loading an object, with what libbpf and the verifier say when they refuse it. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hfbpf.h"

#define LOG_SIZE (64 * 1024)

/* One object on its way into the kernel. */
struct loading {
	struct bpf_object *object;
	int error;
	/* Of loadLater. */
	napi_async_work work;
	napi_deferred deferred;
	/* What libbpf and the verifier said. */
	size_t log_length;
	char log_text[LOG_SIZE];
};

/* Whose warnings they are that this thread's calls of libbpf make. */
static __thread struct loading *spoken_of;

/* What came last is kept: the verifier ends with the reason. */
static int capture(enum libbpf_print_level level, const char *format, va_list args)
{
	struct loading *loading = spoken_of;
	char *text;
	size_t skip;
	size_t held;
	int written;

	if (level == LIBBPF_DEBUG || !loading)
		return 0;
	written = vasprintf(&text, format, args);
	if (written < 0)
		return 0;
	skip = (size_t)written > LOG_SIZE ? (size_t)written - LOG_SIZE : 0;
	written -= (int)skip;
	held = loading->log_length + (size_t)written > LOG_SIZE ? LOG_SIZE - (size_t)written : loading->log_length;
	memmove(loading->log_text, loading->log_text + loading->log_length - held, held);
	memcpy(loading->log_text + held, text + skip, (size_t)written);
	loading->log_length = held + (size_t)written;
	free(text);
	return written;
}

void capture_log(void)
{
	libbpf_set_print(capture);
}

/*
 * For each own property of @table (name -> integer) whose name is a map of @object: @apply. Returns the first error.
 */
static int each_map(napi_env env, napi_value table, struct bpf_object *object, int (*apply)(struct bpf_map *, int64_t))
{
	napi_valuetype type;
	napi_value names;
	uint32_t count;
	uint32_t i;

	napi_typeof(env, table, &type);
	if (type != napi_object)
		return 0;
	napi_get_property_names(env, table, &names);
	napi_get_array_length(env, names, &count);
	for (i = 0; i < count; i++) {
		char name[NAME_SIZE];
		napi_value key;
		napi_value value;
		struct bpf_map *map;
		int64_t given;
		int error;

		napi_get_element(env, names, i, &key);
		napi_get_property(env, table, key, &value);
		if (!as_text(env, key, name, sizeof(name)) || !as_int(env, value, &given))
			return -EINVAL;
		map = bpf_object__find_map_by_name(object, name);
		if (!map)
			return -ENOENT;
		error = apply(map, given);
		if (error)
			return error;
	}
	return 0;
}

static int apply_entries(struct bpf_map *map, int64_t entries)
{
	return bpf_map__set_max_entries(map, (__u32)entries);
}

static int apply_reuse(struct bpf_map *map, int64_t fd)
{
	return bpf_map__reuse_fd(map, (int)fd);
}

/* Opens what the arguments say; an error is in the result. NULL: the arguments are wrong, or there is no memory. */
static struct loading *begin(napi_env env, napi_value argv[MAX_ARGS])
{
	char path[4096];
	struct loading *loading;
	struct bpf_map *map;
	void *rodata;
	size_t size;

	if (!as_text(env, argv[0], path, sizeof(path)) || !as_optional_bytes(env, argv[3], &rodata, &size))
		return NULL;
	loading = calloc(1, sizeof(*loading));
	if (!loading)
		return NULL;
	spoken_of = loading;
	loading->object = bpf_object__open_file(path, NULL);
	loading->error = loading->object ? 0 : -errno;
	if (!loading->error)
		loading->error = each_map(env, argv[1], loading->object, apply_entries);
	if (!loading->error)
		loading->error = each_map(env, argv[2], loading->object, apply_reuse);
	if (!loading->error && rodata) {
		map = bpf_object__find_map_by_name(loading->object, ".rodata");
		loading->error = map ? bpf_map__set_initial_value(map, rodata, size) : -ENOENT;
	}
	spoken_of = NULL;
	return loading;
}

/* In any thread. The verifier gives up with EAGAIN when a signal is pending, so there are to be none. */
static void into_kernel(struct loading *loading)
{
	sigset_t all;
	sigset_t before;

	if (loading->error)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	spoken_of = loading;
	loading->error = bpf_object__load(loading->object);
	spoken_of = NULL;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static napi_value descriptors(napi_env env, struct bpf_object *object)
{
	struct bpf_program *program;
	struct bpf_map *map;
	napi_value out;
	napi_value maps;
	napi_value programs;

	napi_create_object(env, &out);
	napi_create_object(env, &maps);
	napi_create_object(env, &programs);
	bpf_object__for_each_map(map, object)
		set_number(env, maps, bpf_map__name(map), fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3));
	bpf_object__for_each_program(program, object)
		set_number(env, programs, bpf_program__name(program), fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));
	napi_set_named_property(env, out, "maps", maps);
	napi_set_named_property(env, out, "programs", programs);
	return out;
}

/* What JavaScript gets; nothing of it is held any more. */
static napi_value end(napi_env env, struct loading *loading)
{
	napi_value out;
	napi_value text;

	if (loading->error) {
		napi_create_object(env, &out);
		set_number(env, out, "error", loading->error);
		napi_create_string_utf8(env, loading->log_text, loading->log_length, &text);
		napi_set_named_property(env, out, "log", text);
	} else {
		out = descriptors(env, loading->object);
	}
	bpf_object__close(loading->object);
	free(loading);
	return out;
}

/*
 * load(path, { name: entries }, { name: fd to reuse }, rodata or undefined)
 * -> { maps: { name: fd }, programs: { name: fd } } or { error: -errno, log }
 * rodata replaces the object's .rodata, whose size it must have.
 */
napi_value load(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	struct loading *loading;

	arguments(env, info, argv);
	loading = begin(env, argv);
	if (!loading)
		return throw_type(env, "load(path, maxEntries, reuse, rodata?)");
	into_kernel(loading);
	return end(env, loading);
}

static void work(napi_env env, void *pointer)
{
	(void)env;
	into_kernel(pointer);
}

static void worked(napi_env env, napi_status status, void *pointer)
{
	struct loading *loading = pointer;
	napi_deferred deferred = loading->deferred;

	/* Nobody calls it off but the end of the environment. */
	if (status == napi_cancelled)
		loading->error = -ECANCELED;
	napi_delete_async_work(env, loading->work);
	napi_resolve_deferred(env, deferred, end(env, loading));
}

/* loadLater(as load) -> a promise of what load gives; a thread waits for the kernel. */
napi_value load_later(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	struct loading *loading;
	napi_value name;
	napi_value promise;

	arguments(env, info, argv);
	loading = begin(env, argv);
	if (!loading)
		return throw_type(env, "loadLater(path, maxEntries, reuse, rodata?)");
	napi_create_string_utf8(env, "hfbpf:load", NAPI_AUTO_LENGTH, &name);
	napi_create_promise(env, &loading->deferred, &promise);
	napi_create_async_work(env, NULL, name, work, worked, loading, &loading->work);
	napi_queue_async_work(env, loading->work);
	return promise;
}

// SPDX-License-Identifier: MIT
/* Loading an object, with what libbpf and the verifier say when they refuse it. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hfbpf.h"

#define LOG_SIZE (64 * 1024)

static char log_text[LOG_SIZE];
static size_t log_length;

/* What came last is kept: the verifier ends with the reason. */
static int capture(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text;
	size_t skip;
	size_t held;
	int written;

	if (level == LIBBPF_DEBUG)
		return 0;
	written = vasprintf(&text, format, args);
	if (written < 0)
		return 0;
	skip = (size_t)written > LOG_SIZE ? (size_t)written - LOG_SIZE : 0;
	written -= (int)skip;
	held = log_length + (size_t)written > LOG_SIZE ? LOG_SIZE - (size_t)written : log_length;
	memmove(log_text, log_text + log_length - held, held);
	memcpy(log_text + held, text + skip, (size_t)written);
	log_length = held + (size_t)written;
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

static napi_value load_failed(napi_env env, int error)
{
	napi_value out;
	napi_value text;

	napi_create_object(env, &out);
	set_number(env, out, "error", error);
	napi_create_string_utf8(env, log_text, log_length, &text);
	napi_set_named_property(env, out, "log", text);
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
	char path[4096];
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_map *map;
	napi_value out;
	napi_value maps;
	napi_value programs;
	void *rodata;
	size_t size;
	int error;

	arguments(env, info, argv);
	if (!as_text(env, argv[0], path, sizeof(path)) || !as_optional_bytes(env, argv[3], &rodata, &size))
		return throw_type(env, "load(path, maxEntries, reuse, rodata?)");
	log_length = 0;
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return load_failed(env, -errno);
	error = each_map(env, argv[1], object, apply_entries);
	if (!error)
		error = each_map(env, argv[2], object, apply_reuse);
	if (!error && rodata) {
		map = bpf_object__find_map_by_name(object, ".rodata");
		error = map ? bpf_map__set_initial_value(map, rodata, size) : -ENOENT;
	}
	if (!error)
		error = bpf_object__load(object);
	if (error) {
		bpf_object__close(object);
		return load_failed(env, error);
	}
	napi_create_object(env, &out);
	napi_create_object(env, &maps);
	napi_create_object(env, &programs);
	bpf_object__for_each_map(map, object)
		set_number(env, maps, bpf_map__name(map), fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3));
	bpf_object__for_each_program(program, object)
		set_number(env, programs, bpf_program__name(program), fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));
	bpf_object__close(object);
	napi_set_named_property(env, out, "maps", maps);
	napi_set_named_property(env, out, "programs", programs);
	return out;
}

// SPDX-License-Identifier: MIT
/* Maps, single entries and batches. */
#include <bpf/bpf.h>
#include <errno.h>
#include "hfbpf.h"

/* mapCreate(type, name, keySize, valueSize, entries, flags) -> fd */
napi_value map_create(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	char name[NAME_SIZE];
	int64_t n[6];
	int fd;
	LIBBPF_OPTS(bpf_map_create_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &n[0]) || !as_text(env, argv[1], name, sizeof(name)) || !as_int(env, argv[2], &n[2]) ||
	    !as_int(env, argv[3], &n[3]) || !as_int(env, argv[4], &n[4]) || !as_int(env, argv[5], &n[5]))
		return throw_type(env, "mapCreate(type, name, keySize, valueSize, entries, flags)");
	options.map_flags = (__u32)n[5];
	fd = bpf_map_create((enum bpf_map_type)n[0], name, (__u32)n[2], (__u32)n[3], (__u32)n[4], &options);
	return number(env, fd < 0 ? -errno : fd);
}

/* mapInfo(fd) -> { type, id, keySize, valueSize, entries, flags, name } or -errno */
napi_value map_info(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	struct bpf_map_info about = {};
	__u32 size = sizeof(about);
	napi_value out;
	napi_value name;
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd))
		return throw_type(env, "mapInfo(fd)");
	if (bpf_obj_get_info_by_fd((int)fd, &about, &size))
		return number(env, -errno);
	napi_create_object(env, &out);
	set_number(env, out, "type", about.type);
	set_number(env, out, "id", about.id);
	set_number(env, out, "keySize", about.key_size);
	set_number(env, out, "valueSize", about.value_size);
	set_number(env, out, "entries", about.max_entries);
	set_number(env, out, "flags", about.map_flags);
	napi_create_string_utf8(env, about.name, NAPI_AUTO_LENGTH, &name);
	napi_set_named_property(env, out, "name", name);
	return out;
}

/* mapLookup(fd, key, valueOut) -> 0 or -errno. The caller knows the sizes: per-CPU values are 8-aligned, one a possible CPU. */
napi_value map_lookup(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *key;
	void *value;
	size_t size;
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_bytes(env, argv[1], &key, &size) || !as_bytes(env, argv[2], &value, &size))
		return throw_type(env, "mapLookup(fd, key, valueOut)");
	return number(env, bpf_map_lookup_elem((int)fd, key, value) ? -errno : 0);
}

/* mapUpdate(fd, key, value, flags) */
napi_value map_update(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *key;
	void *value;
	size_t size;
	int64_t fd;
	int64_t flags;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_bytes(env, argv[1], &key, &size) || !as_bytes(env, argv[2], &value, &size) ||
	    !as_int(env, argv[3], &flags))
		return throw_type(env, "mapUpdate(fd, key, value, flags)");
	return number(env, bpf_map_update_elem((int)fd, key, value, (__u64)flags) ? -errno : 0);
}

/* mapDelete(fd, key) */
napi_value map_delete(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *key;
	size_t size;
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_bytes(env, argv[1], &key, &size))
		return throw_type(env, "mapDelete(fd, key)");
	return number(env, bpf_map_delete_elem((int)fd, key) ? -errno : 0);
}

/* mapNextKey(fd, key or undefined, keyOut) -> 0, or -ENOENT after the last */
napi_value map_next_key(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *key;
	void *next;
	size_t size;
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_optional_bytes(env, argv[1], &key, &size) ||
	    !as_bytes(env, argv[2], &next, &size))
		return throw_type(env, "mapNextKey(fd, key, keyOut)");
	return number(env, bpf_map_get_next_key((int)fd, key, next) ? -errno : 0);
}

/*
 * mapLookupBatch(fd, cursorIn or undefined, cursorOut, keysOut, valuesOut, count)
 * -> { error: 0 or -errno, count }; -ENOENT with a count means that these were the last.
 */
napi_value map_lookup_batch(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	napi_value out;
	void *in;
	void *cursor;
	void *keys;
	void *values;
	size_t size;
	int64_t fd;
	int64_t wanted;
	__u32 count;
	int error;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_optional_bytes(env, argv[1], &in, &size) ||
	    !as_bytes(env, argv[2], &cursor, &size) || !as_bytes(env, argv[3], &keys, &size) ||
	    !as_bytes(env, argv[4], &values, &size) || !as_int(env, argv[5], &wanted))
		return throw_type(env, "mapLookupBatch(fd, cursorIn, cursorOut, keysOut, valuesOut, count)");
	count = (__u32)wanted;
	error = bpf_map_lookup_batch((int)fd, in, cursor, keys, values, &count, NULL) ? -errno : 0;
	napi_create_object(env, &out);
	set_number(env, out, "error", error);
	set_number(env, out, "count", error && error != -ENOENT ? 0 : count);
	return out;
}

/* mapUpdateBatch(fd, keys, values, count, flags) -> entries written or -errno */
napi_value map_update_batch(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *keys;
	void *values;
	size_t size;
	int64_t fd;
	int64_t wanted;
	int64_t flags;
	__u32 count;
	LIBBPF_OPTS(bpf_map_batch_opts, options);

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_bytes(env, argv[1], &keys, &size) || !as_bytes(env, argv[2], &values, &size) ||
	    !as_int(env, argv[3], &wanted) || !as_int(env, argv[4], &flags))
		return throw_type(env, "mapUpdateBatch(fd, keys, values, count, flags)");
	count = (__u32)wanted;
	options.elem_flags = (__u64)flags;
	return number(env, bpf_map_update_batch((int)fd, keys, values, &count, &options) ? -errno : (int64_t)count);
}

/* mapDeleteBatch(fd, keys, count) -> entries deleted or -errno */
napi_value map_delete_batch(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *keys;
	size_t size;
	int64_t fd;
	int64_t wanted;
	__u32 count;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd) || !as_bytes(env, argv[1], &keys, &size) || !as_int(env, argv[2], &wanted))
		return throw_type(env, "mapDeleteBatch(fd, keys, count)");
	count = (__u32)wanted;
	return number(env, bpf_map_delete_batch((int)fd, keys, &count, NULL) ? -errno : (int64_t)count);
}

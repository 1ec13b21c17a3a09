// SPDX-License-Identifier: MIT
/*
 * bpf(2) for Node, through libbpf: descriptors in, bytes or a negative errno out. No policy; every decision is made in
 * TypeScript (src/sys/bpf). Descriptors are plain numbers that the caller closes. Every function that can fail returns
 * a number: >= 0 on success, -errno otherwise; only wrong arguments throw. The one exception is load(), which returns
 * an object that holds either the descriptors or the errno with libbpf's log.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <node_api.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include <uv.h>

#define MAX_ARGS 10
#define LOG_SIZE (64 * 1024)
#define NAME_SIZE 64

/* Values of headers newer than Debian 12's (linux/bpf.h of 6.6). */
#define ATTACH_TCX_INGRESS 46

/* -- arguments and results ------------------------------------------------------------------------------------ */

static napi_value throw_type(napi_env env, const char *what)
{
	napi_throw_type_error(env, NULL, what);
	return NULL;
}

static size_t arguments(napi_env env, napi_callback_info info, napi_value argv[MAX_ARGS])
{
	size_t argc = MAX_ARGS;
	size_t i;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc > MAX_ARGS)
		argc = MAX_ARGS;
	for (i = argc; i < MAX_ARGS; i++)
		napi_get_undefined(env, &argv[i]);
	return argc;
}

static bool as_int(napi_env env, napi_value value, int64_t *out)
{
	return napi_get_value_int64(env, value, out) == napi_ok;
}

static bool as_bytes(napi_env env, napi_value value, void **data, size_t *size)
{
	bool is;

	if (napi_is_typedarray(env, value, &is) != napi_ok || !is)
		return false;
	napi_typedarray_type type;
	size_t length;

	napi_get_typedarray_info(env, value, &type, &length, data, NULL, NULL);
	if (type != napi_uint8_array)
		return false;
	*size = length;
	return true;
}

/* Bytes, or NULL for undefined and null. */
static bool as_optional_bytes(napi_env env, napi_value value, void **data, size_t *size)
{
	napi_valuetype type;

	*data = NULL;
	*size = 0;
	napi_typeof(env, value, &type);
	if (type == napi_undefined || type == napi_null)
		return true;
	return as_bytes(env, value, data, size);
}

static bool as_text(napi_env env, napi_value value, char *out, size_t size)
{
	size_t length;

	return napi_get_value_string_utf8(env, value, out, size, &length) == napi_ok && length + 1 < size;
}

static napi_value number(napi_env env, int64_t value)
{
	napi_value out;

	napi_create_int64(env, value, &out);
	return out;
}

static void set_number(napi_env env, napi_value object, const char *name, int64_t value)
{
	napi_set_named_property(env, object, name, number(env, value));
}

/* -- libbpf's log --------------------------------------------------------------------------------------------- */

static char log_text[LOG_SIZE];
static size_t log_length;

static int capture(enum libbpf_print_level level, const char *format, va_list args)
{
	int written;

	if (level == LIBBPF_DEBUG || log_length + 1 >= LOG_SIZE)
		return 0;
	written = vsnprintf(log_text + log_length, LOG_SIZE - log_length, format, args);
	if (written > 0)
		log_length += (size_t)written < LOG_SIZE - log_length ? (size_t)written : LOG_SIZE - log_length - 1;
	return 0;
}

/* -- objects -------------------------------------------------------------------------------------------------- */

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
static napi_value load(napi_env env, napi_callback_info info)
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

static napi_value close_fd(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t fd;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &fd))
		return throw_type(env, "close(fd)");
	return number(env, close((int)fd) ? -errno : 0);
}

/* pin(fd, path) */
static napi_value pin(napi_env env, napi_callback_info info)
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
static napi_value get(napi_env env, napi_callback_info info)
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
static napi_value mount_bpffs(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	char path[4096];

	arguments(env, info, argv);
	if (!as_text(env, argv[0], path, sizeof(path)))
		return throw_type(env, "mountBpffs(path)");
	return number(env, mount("bpf", path, "bpf", 0, "mode=0700") ? -errno : 0);
}

/* -- maps ----------------------------------------------------------------------------------------------------- */

/* mapCreate(type, name, keySize, valueSize, entries, flags) -> fd */
static napi_value map_create(napi_env env, napi_callback_info info)
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
static napi_value map_info(napi_env env, napi_callback_info info)
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
static napi_value map_lookup(napi_env env, napi_callback_info info)
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
static napi_value map_update(napi_env env, napi_callback_info info)
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
static napi_value map_delete(napi_env env, napi_callback_info info)
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
static napi_value map_next_key(napi_env env, napi_callback_info info)
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
static napi_value map_lookup_batch(napi_env env, napi_callback_info info)
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
static napi_value map_update_batch(napi_env env, napi_callback_info info)
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
static napi_value map_delete_batch(napi_env env, napi_callback_info info)
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

/* -- programs and links --------------------------------------------------------------------------------------- */

/* programId(fd) -> id or -errno */
static napi_value program_id(napi_env env, napi_callback_info info)
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
static napi_value tcx_attach(napi_env env, napi_callback_info info)
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

/* linkUpdate(linkFd, programFd): replaces the program without a gap; -ENOLINK when the interface is gone */
static napi_value link_update(napi_env env, napi_callback_info info)
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
static napi_value link_detach(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	int64_t link;

	arguments(env, info, argv);
	if (!as_int(env, argv[0], &link))
		return throw_type(env, "linkDetach(linkFd)");
	return number(env, bpf_link_detach((int)link) ? -errno : 0);
}

/* tcxQuery(ifindex) -> [program id] or -errno */
static napi_value tcx_query(napi_env env, napi_callback_info info)
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
static napi_value tc_attach(napi_env env, napi_callback_info info)
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
static napi_value tc_detach(napi_env env, napi_callback_info info)
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
static napi_value tc_query(napi_env env, napi_callback_info info)
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
 * testRun(programFd, dataIn, dataOut, ctxIn, ctxOut, repeat)
 * -> { error, verdict, nanoseconds a run, dataSize, ctxSize }. Any buffer may be undefined.
 * The way to call a program of type syscall, too: it takes ctxIn alone.
 */
static napi_value test_run(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	napi_value out;
	int64_t fd;
	int64_t repeat;
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
	    !as_optional_bytes(env, argv[4], &ctx_out, &ctx_out_size) || !as_int(env, argv[5], &repeat))
		return throw_type(env, "testRun(programFd, dataIn, dataOut, ctxIn, ctxOut, repeat)");
	options.data_in = data_in;
	options.data_size_in = (__u32)data_in_size;
	options.data_out = data_out;
	options.data_size_out = (__u32)data_out_size;
	options.ctx_in = ctx_in;
	options.ctx_size_in = (__u32)ctx_in_size;
	options.ctx_out = ctx_out;
	options.ctx_size_out = (__u32)ctx_out_size;
	options.repeat = (int)repeat;
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
static napi_value possible_cpus(napi_env env, napi_callback_info info)
{
	(void)info;
	return number(env, libbpf_num_possible_cpus());
}

/* -- the ring buffer ------------------------------------------------------------------------------------------ */

struct ring {
	napi_env env;
	napi_ref on_record;
	napi_async_context context;
	napi_async_cleanup_hook_handle cleanup;
	struct ring_buffer *buffer;
	uv_poll_t poll;
	bool closed;
};

static int on_record(void *pointer, void *data, size_t size)
{
	struct ring *ring = pointer;
	napi_value callback;
	napi_value global;
	napi_value record;
	void *copy;

	/* The handler may have closed the ring on an earlier record of this batch. */
	if (ring->closed)
		return -ECANCELED;
	napi_get_reference_value(ring->env, ring->on_record, &callback);
	napi_get_global(ring->env, &global);
	if (napi_create_buffer_copy(ring->env, size, data, &copy, &record) != napi_ok)
		return -ENOMEM;
	napi_make_callback(ring->env, ring->context, global, callback, 1, &record, NULL);
	return 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct ring *ring = poll->data;
	napi_handle_scope scope;

	(void)events;
	if (status < 0 || ring->closed)
		return;
	napi_open_handle_scope(ring->env, &scope);
	ring_buffer__consume(ring->buffer);
	napi_close_handle_scope(ring->env, scope);
}

static void on_closed(uv_handle_t *handle)
{
	struct ring *ring = handle->data;
	napi_async_cleanup_hook_handle cleanup = ring->cleanup;

	ring_buffer__free(ring->buffer);
	napi_delete_reference(ring->env, ring->on_record);
	napi_async_destroy(ring->env, ring->context);
	free(ring);
	/* Last: it lets the environment go on with its teardown. */
	if (cleanup)
		napi_remove_async_cleanup_hook(cleanup);
}

static void ring_stop(struct ring *ring)
{
	if (ring->closed)
		return;
	ring->closed = true;
	uv_poll_stop(&ring->poll);
	uv_close((uv_handle_t *)&ring->poll, on_closed);
}

static void on_teardown(napi_async_cleanup_hook_handle handle, void *pointer)
{
	(void)handle;
	ring_stop(pointer);
}

/* ringOpen(mapFd, onRecord) -> external handle for ringClose, or -errno */
static napi_value ring_open(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	napi_valuetype type;
	napi_value name;
	napi_value out;
	struct ring *ring;
	uv_loop_t *loop;
	int64_t fd;
	int error;

	arguments(env, info, argv);
	napi_typeof(env, argv[1], &type);
	if (!as_int(env, argv[0], &fd) || type != napi_function)
		return throw_type(env, "ringOpen(mapFd, onRecord)");
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return number(env, -ENOMEM);
	ring->env = env;
	ring->buffer = ring_buffer__new((int)fd, on_record, ring, NULL);
	if (!ring->buffer) {
		error = -errno;
		free(ring);
		return number(env, error);
	}
	napi_get_uv_event_loop(env, &loop);
	error = uv_poll_init(loop, &ring->poll, ring_buffer__epoll_fd(ring->buffer));
	if (error) {
		ring_buffer__free(ring->buffer);
		free(ring);
		return number(env, error);
	}
	ring->poll.data = ring;
	napi_create_reference(env, argv[1], 1, &ring->on_record);
	napi_create_string_utf8(env, "hfbpf:ring", NAPI_AUTO_LENGTH, &name);
	napi_async_init(env, NULL, name, &ring->context);
	napi_add_async_cleanup_hook(env, on_teardown, ring, &ring->cleanup);
	uv_poll_start(&ring->poll, UV_READABLE, on_readable);
	napi_create_external(env, ring, NULL, NULL, &out);
	return out;
}

/* ringClose(handle), exactly once */
static napi_value ring_close(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *ring;

	arguments(env, info, argv);
	if (napi_get_value_external(env, argv[0], &ring) != napi_ok)
		return throw_type(env, "ringClose(handle)");
	ring_stop(ring);
	return NULL;
}

/* -- the module ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	napi_callback function;
} functions[] = {
	{ "load", load },
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
	libbpf_set_print(capture);
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		napi_value function;

		napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function);
		napi_set_named_property(env, exports, functions[i].name, function);
	}
	return exports;
}

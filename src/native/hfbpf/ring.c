// SPDX-License-Identifier: MIT
/* A ring buffer, read by the event loop. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <uv.h>
#include "hfbpf.h"

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
napi_value ring_open(napi_env env, napi_callback_info info)
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
napi_value ring_close(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	void *ring;

	arguments(env, info, argv);
	if (napi_get_value_external(env, argv[0], &ring) != napi_ok)
		return throw_type(env, "ringClose(handle)");
	ring_stop(ring);
	return NULL;
}

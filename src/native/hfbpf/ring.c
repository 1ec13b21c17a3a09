// SPDX-License-Identifier: MIT
/* A ring buffer, read by the event loop in batches. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include "hfbpf.h"

/* Records are taken so many milliseconds after the first of them, all at once: a wake-up a record would cost more than the record. */
#define GATHERING 10

struct ring {
	napi_env env;
	napi_ref on_records;
	napi_async_context context;
	napi_async_cleanup_hook_handle cleanup;
	struct ring_buffer *buffer;
	uv_poll_t poll;
	uv_timer_t timer;
	int open_handles;
	bool closed;
	/* What has been gathered: each record's length in four bytes, and the record. */
	uint8_t *batch;
	size_t length;
	size_t room;
};

static int on_record(void *pointer, void *data, size_t size)
{
	struct ring *ring = pointer;
	size_t needed = ring->length + 4 + size;
	uint32_t length = size;
	uint8_t *larger;

	if (needed > ring->room) {
		larger = realloc(ring->batch, 2 * needed);
		if (!larger)
			return -ENOMEM;
		ring->batch = larger;
		ring->room = 2 * needed;
	}
	memcpy(ring->batch + ring->length, &length, 4);
	memcpy(ring->batch + ring->length + 4, data, size);
	ring->length = needed;
	return 0;
}

static void hand_over(struct ring *ring)
{
	napi_handle_scope scope;
	napi_value callback;
	napi_value global;
	napi_value batch;
	void *copy;

	napi_open_handle_scope(ring->env, &scope);
	napi_get_reference_value(ring->env, ring->on_records, &callback);
	napi_get_global(ring->env, &global);
	if (napi_create_buffer_copy(ring->env, ring->length, ring->batch, &copy, &batch) == napi_ok)
		napi_make_callback(ring->env, ring->context, global, callback, 1, &batch, NULL);
	napi_close_handle_scope(ring->env, scope);
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_gathered(uv_timer_t *timer)
{
	struct ring *ring = timer->data;

	if (ring->closed)
		return;
	ring->length = 0;
	ring_buffer__consume(ring->buffer);
	if (ring->length)
		hand_over(ring);
	/* The handler may have closed the ring. */
	if (!ring->closed)
		uv_poll_start(&ring->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct ring *ring = poll->data;

	(void)events;
	if (status < 0 || ring->closed)
		return;
	uv_poll_stop(poll);
	uv_timer_start(&ring->timer, on_gathered, GATHERING, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct ring *ring = handle->data;
	napi_async_cleanup_hook_handle cleanup = ring->cleanup;

	if (--ring->open_handles)
		return;
	ring_buffer__free(ring->buffer);
	napi_delete_reference(ring->env, ring->on_records);
	napi_async_destroy(ring->env, ring->context);
	free(ring->batch);
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
	uv_timer_stop(&ring->timer);
	uv_close((uv_handle_t *)&ring->poll, on_closed);
	uv_close((uv_handle_t *)&ring->timer, on_closed);
}

static void on_teardown(napi_async_cleanup_hook_handle handle, void *pointer)
{
	(void)handle;
	ring_stop(pointer);
}

/* ringOpen(mapFd, onRecords) -> external handle for ringClose, or -errno */
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
		return throw_type(env, "ringOpen(mapFd, onRecords)");
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
	uv_timer_init(loop, &ring->timer);
	ring->open_handles = 2;
	ring->poll.data = ring;
	ring->timer.data = ring;
	napi_create_reference(env, argv[1], 1, &ring->on_records);
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

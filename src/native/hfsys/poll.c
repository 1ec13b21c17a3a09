// SPDX-License-Identifier: MIT
/*
 * Readiness of any descriptor on the environment's own event loop.
 *
 * Ends in three ways that may come in any order: unwatch() (also from inside its own callback), the collection of its
 * JavaScript handle, and the end of the environment. The memory of a watch is freed when libuv has let go of it and the
 * handle is gone. References into JavaScript are dropped when a watch starts to close, because the closing callbacks of
 * an environment that ends run after its napi_env is gone.
 */
#include <stdlib.h>
#include <uv.h>

#include "hfsys.h"

struct watch;

/* What belongs to one environment; freed when it has ended and its last watch is closed. */
struct environment {
	napi_async_cleanup_hook_handle hook;
	napi_async_context context;
	struct watch *first;
	size_t open;
	bool ending;
};

struct watch {
	uv_poll_t poll;
	napi_env env;
	napi_ref callback;
	struct environment *environment;
	struct watch *next;
	struct watch **link;
	int events;
	/* libuv and the JavaScript handle. */
	int holders;
	bool closed;
};

static void release(struct watch *watch)
{
	if (--watch->holders == 0)
		free(watch);
}

static void end_if_empty(struct environment *environment)
{
	if (!environment->ending || environment->open > 0)
		return;
	napi_remove_async_cleanup_hook(environment->hook);
	free(environment);
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;
	struct environment *environment = watch->environment;

	release(watch);
	environment->open--;
	end_if_empty(environment);
}

static void start_closing(struct watch *watch)
{
	if (watch->closed)
		return;
	watch->closed = true;
	*watch->link = watch->next;
	if (watch->next)
		watch->next->link = watch->link;
	napi_delete_reference(watch->env, watch->callback);
	/* Takes the descriptor out of epoll at once: the caller may close it when this returns. */
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void call(struct watch *watch, int value)
{
	napi_value callback, receiver, argument, exception;
	napi_handle_scope scope;
	napi_env env = watch->env;
	bool pending = false;

	if (napi_open_handle_scope(env, &scope) != napi_ok)
		return;
	if (napi_get_reference_value(env, watch->callback, &callback) == napi_ok &&
	    napi_get_global(env, &receiver) == napi_ok && napi_create_int32(env, value, &argument) == napi_ok)
		napi_make_callback(env, watch->environment->context, receiver, callback, 1, &argument, NULL);
	/* Nobody above could catch it: it goes the way of every uncaught exception. */
	if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
	    napi_get_and_clear_last_exception(env, &exception) == napi_ok)
		napi_fatal_exception(env, exception);
	napi_close_handle_scope(env, scope);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;

	/* The callback may close the watch and drop the last handle to it. */
	watch->holders++;
	call(watch, status < 0 ? status : events);
	/* On POLLERR libuv stops the poll; the error may be one that reading clears (ENOBUFS on netlink). */
	if (status < 0 && !watch->closed)
		uv_poll_start(poll, watch->events, on_ready);
	release(watch);
}

static void on_collected(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	release(data);
}

/*
 * watch(fd, events, callback) → handle, or -errno. @events: 1 readable, 2 writable. The callback gets the events, or a
 * negative number for an error on the descriptor, and is called again as long as it does not clear the cause. A watch
 * keeps the event loop alive until unwatch(), or as keepAlive() says, whether its handle is kept or not.
 */
static napi_value call_watch(napi_env env, napi_callback_info info)
{
	struct environment *environment = NULL;
	struct watch *watch;
	napi_value callback, result = NULL;
	int32_t fd, events;
	uv_loop_t *loop;
	int status;

	if (!arguments(env, info, "iif", &fd, &events, &callback))
		return NULL;
	if (napi_get_instance_data(env, (void **)&environment) != napi_ok || environment->ending ||
	    napi_get_uv_event_loop(env, &loop) != napi_ok)
		return integer(env, UV_EINVAL);
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return integer(env, UV_ENOMEM);
	status = uv_poll_init(loop, &watch->poll, fd);
	if (status < 0) {
		free(watch);
		return integer(env, status);
	}
	watch->poll.data = watch;
	watch->env = env;
	watch->environment = environment;
	watch->events = events;
	watch->holders = 1;
	watch->link = &environment->first;
	watch->next = environment->first;
	if (watch->next)
		watch->next->link = &watch->next;
	environment->first = watch;
	environment->open++;
	napi_create_reference(env, callback, 1, &watch->callback);

	if (napi_create_external(env, watch, on_collected, NULL, &result) != napi_ok) {
		start_closing(watch);
		return integer(env, UV_ENOMEM);
	}
	watch->holders++;
	status = uv_poll_start(&watch->poll, events, on_ready);
	if (status < 0) {
		start_closing(watch);
		return integer(env, status);
	}
	return result;
}

/* unwatch(handle); once closed, again does nothing */
static napi_value call_unwatch(napi_env env, napi_callback_info info)
{
	void *watch;

	if (arguments(env, info, "x", &watch))
		start_closing(watch);
	return NULL;
}

/* keepAlive(handle, whether) */
static napi_value call_keep_alive(napi_env env, napi_callback_info info)
{
	struct watch *watch;
	int32_t whether;

	if (!arguments(env, info, "xi", &watch, &whether) || watch->closed)
		return NULL;
	if (whether)
		uv_ref((uv_handle_t *)&watch->poll);
	else
		uv_unref((uv_handle_t *)&watch->poll);
	return NULL;
}

static void on_environment_ends(napi_async_cleanup_hook_handle hook, void *data)
{
	struct environment *environment = data;
	(void)hook;

	environment->ending = true;
	while (environment->first)
		start_closing(environment->first);
	end_if_empty(environment);
}

bool poll_init(napi_env env)
{
	struct environment *environment = calloc(1, sizeof(*environment));
	napi_value name;

	if (!environment)
		return false;
	return napi_create_string_utf8(env, "hfsys", NAPI_AUTO_LENGTH, &name) == napi_ok &&
	       napi_async_init(env, NULL, name, &environment->context) == napi_ok &&
	       napi_set_instance_data(env, environment, NULL, NULL) == napi_ok &&
	       napi_add_async_cleanup_hook(env, on_environment_ends, environment, &environment->hook) == napi_ok;
}

const struct function poll_functions[] = {
	{ "watch", call_watch },
	{ "unwatch", call_unwatch },
	{ "keepAlive", call_keep_alive },
	{ NULL, NULL },
};

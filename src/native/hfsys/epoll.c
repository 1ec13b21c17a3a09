// SPDX-License-Identifier: MIT
/*
 * Readiness of many descriptors at one wake-up: epoll(7). An epoll descriptor is itself readable while one of its own is
 * ready, so watch() brings it to the event loop.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "hfsys.h"

/* At one call; what is left is told at the next. */
#define MOST_READY 256

/* epollCreate() → descriptor */
static napi_value call_epoll_create(napi_env env, napi_callback_info info)
{
	(void)info;
	return outcome(env, epoll_create1(EPOLL_CLOEXEC));
}

/* epollControl(epoll, operation, fd, events, id) → 0; @id comes back with what @fd is ready for */
static napi_value call_epoll_control(napi_env env, napi_callback_info info)
{
	int32_t epoll, operation, fd, events, id;
	struct epoll_event event = { 0 };

	if (!arguments(env, info, "iiiii", &epoll, &operation, &fd, &events, &id))
		return NULL;
	event.events = (uint32_t)events;
	event.data.u64 = (uint32_t)id;
	return outcome(env, epoll_ctl(epoll, operation, fd, &event));
}

/* epollWait(epoll, into) → descriptors that are ready, an id and its events each in @into, as many as fit; waits for none */
static napi_value call_epoll_wait(napi_env env, napi_callback_info info)
{
	struct epoll_event ready[MOST_READY];
	struct bytes into;
	int32_t epoll, *word;
	size_t room;
	int count, i;

	if (!arguments(env, info, "ib", &epoll, &into))
		return NULL;
	room = into.size / (2 * sizeof(*word));
	count = epoll_wait(epoll, ready, room < MOST_READY ? (int)room : MOST_READY, 0);
	word = into.data;
	for (i = 0; i < count; i++) {
		*word++ = (int32_t)ready[i].data.u32;
		*word++ = (int32_t)ready[i].events;
	}
	return outcome(env, count);
}

const struct function epoll_functions[] = {
	{ "epollCreate", call_epoll_create },
	{ "epollControl", call_epoll_control },
	{ "epollWait", call_epoll_wait },
	{ NULL, NULL },
};

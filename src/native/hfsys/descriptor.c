// SPDX-License-Identifier: MIT
/* Descriptors of any kind, the monotonic clock and its timers, and file systems. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "hfsys.h"

/* read(fd, into) → bytes read */
static napi_value call_read(napi_env env, napi_callback_info info)
{
	struct bytes into;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &into))
		return NULL;
	return outcome(env, read(fd, into.data, into.size));
}

/* write(fd, data) → bytes written */
static napi_value call_write(napi_env env, napi_callback_info info)
{
	struct bytes data;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &data))
		return NULL;
	return outcome(env, write(fd, data.data, data.size));
}

/* close(fd) → 0; a watched descriptor must be unwatched first */
static napi_value call_close(napi_env env, napi_callback_info info)
{
	int32_t fd;

	if (!arguments(env, info, "i", &fd))
		return NULL;
	return outcome(env, close(fd));
}

/* ioctl(fd, request, number or bytes) → what the request returns; a request is an unsigned number */
static napi_value call_ioctl(napi_env env, napi_callback_info info)
{
	struct number_or_bytes value;
	double request;
	int32_t fd;

	if (!arguments(env, info, "idv", &fd, &request, &value))
		return NULL;
	if (value.is_number)
		return outcome(env, ioctl(fd, (unsigned long)request, (long)value.number));
	return outcome(env, ioctl(fd, (unsigned long)request, value.bytes.data));
}

/* flock(fd, operation) → 0 */
static napi_value call_flock(napi_env env, napi_callback_info info)
{
	int32_t fd, operation;

	if (!arguments(env, info, "ii", &fd, &operation))
		return NULL;
	return outcome(env, flock(fd, operation));
}

static double microseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)(now.tv_nsec / 1000);
}

/* clock() → CLOCK_MONOTONIC in whole microseconds, rounded down */
static napi_value call_clock(napi_env env, napi_callback_info info)
{
	napi_value result = NULL;

	(void)info;
	napi_create_double(env, microseconds(CLOCK_MONOTONIC), &result);
	return result;
}

/* linger(until), in microseconds of clock(): keeps the processor until then */
static napi_value call_linger(napi_env env, napi_callback_info info)
{
	double until;

	if (!arguments(env, info, "d", &until))
		return NULL;
	while (microseconds(CLOCK_MONOTONIC) < until)
		;
	return NULL;
}

/* wallClock() → CLOCK_REALTIME in whole microseconds since 1970, rounded down */
static napi_value call_wall_clock(napi_env env, napi_callback_info info)
{
	napi_value result = NULL;

	(void)info;
	napi_create_double(env, microseconds(CLOCK_REALTIME), &result);
	return result;
}

/* timerfdCreate() → descriptor on CLOCK_MONOTONIC, not blocking */
static napi_value call_timerfd_create(napi_env env, napi_callback_info info)
{
	(void)info;
	return outcome(env, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

/* timerfdSet(fd, at) → 0; @at in microseconds of clock(), negative disarms, the past fires at once */
static napi_value call_timerfd_set(napi_env env, napi_callback_info info)
{
	struct itimerspec when = {};
	int32_t fd;
	double at;

	if (!arguments(env, info, "id", &fd, &at))
		return NULL;
	if (at >= 0) {
		when.it_value.tv_sec = (time_t)floor(at / 1e6);
		when.it_value.tv_nsec = (long)((at - (double)when.it_value.tv_sec * 1e6) * 1000);
		/* All zero would disarm. */
		if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0)
			when.it_value.tv_nsec = 1;
	}
	return outcome(env, timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL));
}

/* mount(source, target, type, flags, data) → 0 */
static napi_value call_mount(napi_env env, napi_callback_info info)
{
	struct text source, target, type, data;
	int32_t flags;

	if (!arguments(env, info, "sssis", &source, &target, &type, &flags, &data))
		return NULL;
	return outcome(env, mount(source.data, target.data, type.data, (unsigned long)flags, data.data));
}

/* umount(target, flags) → 0 */
static napi_value call_umount(napi_env env, napi_callback_info info)
{
	struct text target;
	int32_t flags;

	if (!arguments(env, info, "si", &target, &flags))
		return NULL;
	return outcome(env, umount2(target.data, flags));
}

/* statfsType(path) → the file system's magic number */
static napi_value call_statfs_type(napi_env env, napi_callback_info info)
{
	struct statfs status;
	struct text path;

	if (!arguments(env, info, "s", &path))
		return NULL;
	return outcome(env, statfs(path.data, &status) < 0 ? -1 : (long)status.f_type);
}

/* mkfifo(path, mode) */
static napi_value call_mkfifo(napi_env env, napi_callback_info info)
{
	struct text path;
	int32_t mode;

	if (!arguments(env, info, "si", &path, &mode))
		return NULL;
	return outcome(env, mkfifo(path.data, mode));
}

const struct function descriptor_functions[] = {
	{ "read", call_read },
	{ "write", call_write },
	{ "close", call_close },
	{ "ioctl", call_ioctl },
	{ "flock", call_flock },
	{ "clock", call_clock },
	{ "linger", call_linger },
	{ "wallClock", call_wall_clock },
	{ "timerfdCreate", call_timerfd_create },
	{ "timerfdSet", call_timerfd_set },
	{ "mount", call_mount },
	{ "umount", call_umount },
	{ "statfsType", call_statfs_type },
	{ "mkfifo", call_mkfifo },
	{ NULL, NULL },
};

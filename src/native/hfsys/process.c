// SPDX-License-Identifier: MIT
/* What a process may do and how it is run. All but mlock2, limits and the pidfd calls concern the calling thread only. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hfsys.h"

/* setScheduler(policy, priority) → 0 */
static napi_value call_set_scheduler(napi_env env, napi_callback_info info)
{
	struct sched_param parameter = {};
	int32_t policy;

	if (!arguments(env, info, "ii", &policy, &parameter.sched_priority))
		return NULL;
	return outcome(env, sched_setscheduler(0, policy, &parameter));
}

/* getScheduler() → policy, with SCHED_RESET_ON_FORK where set */
static napi_value call_get_scheduler(napi_env env, napi_callback_info info)
{
	(void)info;
	return outcome(env, sched_getscheduler(0));
}

/* setAffinity(mask) → 0; bit n of byte n / 8 is processor n */
static napi_value call_set_affinity(napi_env env, napi_callback_info info)
{
	struct bytes mask;

	if (!arguments(env, info, "b", &mask))
		return NULL;
	return outcome(env, syscall(SYS_sched_setaffinity, 0, mask.size, mask.data));
}

/* setns(fd, type) → 0 */
static napi_value call_setns(napi_env env, napi_callback_info info)
{
	int32_t fd, type;

	if (!arguments(env, info, "ii", &fd, &type))
		return NULL;
	return outcome(env, setns(fd, type));
}

/* prctl(option, argument) → what the option returns; the remaining arguments are 0 */
static napi_value call_prctl(napi_env env, napi_callback_info info)
{
	int32_t option, argument;

	if (!arguments(env, info, "ii", &option, &argument))
		return NULL;
	return outcome(env, prctl(option, (unsigned long)argument, 0UL, 0UL, 0UL));
}

/* mlock2(address, length, flags) → 0; of the whole process, both in bytes */
static napi_value call_mlock2(napi_env env, napi_callback_info info)
{
	double address, length;
	int32_t flags;

	if (!arguments(env, info, "ddi", &address, &length, &flags))
		return NULL;
	return outcome(env, syscall(SYS_mlock2, (uintptr_t)address, (size_t)length, flags));
}

/* setThreadName(name) → 0; the kernel keeps 15 bytes */
static napi_value call_set_thread_name(napi_env env, napi_callback_info info)
{
	struct text name;

	if (!arguments(env, info, "s", &name))
		return NULL;
	return outcome(env, prctl(PR_SET_NAME, name.data, 0UL, 0UL, 0UL));
}

/* Both sets have two words each: capabilities 0-31, then 32-63. */
_Static_assert(sizeof(struct __user_cap_data_struct) == 12, "capability sets are three words");

/* capget(into) → 0; six words: effective, permitted, inheritable of 0-31, then of 32-63 */
static napi_value call_capget(napi_env env, napi_callback_info info)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = {};
	struct bytes into;
	long result;

	if (!arguments(env, info, "b", &into))
		return NULL;
	if (into.size != sizeof(sets)) {
		napi_throw_type_error(env, NULL, "hfsys: capget wants a Uint32Array(6)");
		return NULL;
	}
	result = syscall(SYS_capget, &header, sets);
	if (result == 0)
		memcpy(into.data, sets, sizeof(sets));
	return outcome(env, result);
}

/* capset(from) → 0; six words as capget gives them */
static napi_value call_capset(napi_env env, napi_callback_info info)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct bytes from;

	if (!arguments(env, info, "b", &from))
		return NULL;
	if (from.size != 2 * sizeof(struct __user_cap_data_struct)) {
		napi_throw_type_error(env, NULL, "hfsys: capset wants a Uint32Array(6)");
		return NULL;
	}
	return outcome(env, syscall(SYS_capset, &header, from.data));
}

/* setResourceLimit(resource, soft, hard) → 0; of the whole process */
static napi_value call_set_resource_limit(napi_env env, napi_callback_info info)
{
	struct rlimit limit;
	double soft, hard;
	int32_t resource;

	if (!arguments(env, info, "idd", &resource, &soft, &hard))
		return NULL;
	limit.rlim_cur = (rlim_t)soft;
	limit.rlim_max = (rlim_t)hard;
	return outcome(env, setrlimit(resource, &limit));
}

/* pidfdOpen(pid) → descriptor */
static napi_value call_pidfd_open(napi_env env, napi_callback_info info)
{
	int32_t pid;

	if (!arguments(env, info, "i", &pid))
		return NULL;
	return outcome(env, syscall(SYS_pidfd_open, pid, 0));
}

/* pidfdSendSignal(fd, signal) → 0 */
static napi_value call_pidfd_send_signal(napi_env env, napi_callback_info info)
{
	int32_t fd, signal;

	if (!arguments(env, info, "ii", &fd, &signal))
		return NULL;
	return outcome(env, syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0));
}

/* errorName(errno) → 'ENOENT', undefined for a number that is none */
static napi_value call_error_name(napi_env env, napi_callback_info info)
{
	napi_value result = NULL;
	const char *name;
	int32_t number;

	if (!arguments(env, info, "i", &number))
		return NULL;
	name = strerrorname_np(number);
	if (name)
		napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
	return result;
}

/* errorText(errno) → 'No such file or directory' */
static napi_value call_error_text(napi_env env, napi_callback_info info)
{
	napi_value result = NULL;
	char buffer[128];
	int32_t number;

	if (!arguments(env, info, "i", &number))
		return NULL;
	napi_create_string_utf8(env, strerror_r(number, buffer, sizeof(buffer)), NAPI_AUTO_LENGTH, &result);
	return result;
}

const struct function process_functions[] = {
	{ "setScheduler", call_set_scheduler },
	{ "getScheduler", call_get_scheduler },
	{ "setAffinity", call_set_affinity },
	{ "setns", call_setns },
	{ "prctl", call_prctl },
	{ "mlock2", call_mlock2 },
	{ "setThreadName", call_set_thread_name },
	{ "capget", call_capget },
	{ "capset", call_capset },
	{ "setResourceLimit", call_set_resource_limit },
	{ "pidfdOpen", call_pidfd_open },
	{ "pidfdSendSignal", call_pidfd_send_signal },
	{ "errorName", call_error_name },
	{ "errorText", call_error_text },
	{ NULL, NULL },
};

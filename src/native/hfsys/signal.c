// SPDX-License-Identifier: MIT
/* Signals that Node has no name for. Dispositions and the pipe belong to the process: its main thread alone sets them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hfsys.h"

/* The writing end; a byte a signal, its number. */
static volatile sig_atomic_t signal_pipe = -1;

static void on_signal(int number)
{
	unsigned char byte = (unsigned char)number;
	int error = errno;

	/* A pipe that is full has this signal in it many times already. */
	if (write(signal_pipe, &byte, 1) < 0)
		errno = 0;
	errno = error;
}

/* signalPipe() → descriptor to read caught signals from, a byte each with the number; once a process */
static napi_value call_signal_pipe(napi_env env, napi_callback_info info)
{
	int ends[2];

	(void)info;
	if (signal_pipe >= 0)
		return integer(env, -EBUSY);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return outcome(env, -1);
	signal_pipe = ends[1];
	return integer(env, ends[0]);
}

/* catchSignal(number) → 0; from now on it goes to the pipe */
static napi_value call_catch_signal(napi_env env, napi_callback_info info)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int32_t number;

	if (!arguments(env, info, "i", &number))
		return NULL;
	if (signal_pipe < 0)
		return integer(env, -EBADF);
	sigfillset(&action.sa_mask);
	return outcome(env, sigaction(number, &action, NULL));
}

/* ignoreSignal(number) → 0; programs that are run from here ignore it too */
static napi_value call_ignore_signal(napi_env env, napi_callback_info info)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	int32_t number;

	if (!arguments(env, info, "i", &number))
		return NULL;
	return outcome(env, sigaction(number, &action, NULL));
}

/* Who is told of relayed signals before this process is, by its pidfd; -1: nobody. */
static volatile sig_atomic_t relay_process = -1;
static volatile sig_atomic_t relay_as;
/* What they did before they were relayed, and still do. */
static void (*before_relay[NSIG])(int);

static void on_relayed(int number)
{
	int error = errno;

	if (relay_process >= 0)
		syscall(SYS_pidfd_send_signal, relay_process, relay_as, NULL, 0);
	errno = error;
	before_relay[number](number);
}

/*
 * relaySignal(number) → 0; -EINVAL where nothing handles it yet. From now on it goes to the process of relayTo first, in
 * the handler itself: the event loop may be busy.
 */
static napi_value call_relay_signal(napi_env env, napi_callback_info info)
{
	struct sigaction action;
	int32_t number;

	if (!arguments(env, info, "i", &number))
		return NULL;
	if (sigaction(number, NULL, &action) < 0)
		return outcome(env, -1);
	if (action.sa_handler == on_relayed)
		return integer(env, 0);
	if ((action.sa_flags & SA_SIGINFO) || action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
		return integer(env, -EINVAL);
	before_relay[number] = action.sa_handler;
	action.sa_handler = on_relayed;
	return outcome(env, sigaction(number, &action, NULL));
}

/* relayTo(pidfd, number): to whom, and as which signal; a negative pidfd: to nobody */
static napi_value call_relay_to(napi_env env, napi_callback_info info)
{
	int32_t process, number;

	if (!arguments(env, info, "ii", &process, &number))
		return NULL;
	relay_process = -1;
	relay_as = number;
	relay_process = process;
	return NULL;
}

const struct function signal_functions[] = {
	{ "signalPipe", call_signal_pipe },
	{ "catchSignal", call_catch_signal },
	{ "ignoreSignal", call_ignore_signal },
	{ "relaySignal", call_relay_signal },
	{ "relayTo", call_relay_to },
	{ NULL, NULL },
};

// SPDX-License-Identifier: MIT
/* Signals that Node has no name for. Dispositions and the pipe belong to the process: its main thread alone sets them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

const struct function signal_functions[] = {
	{ "signalPipe", call_signal_pipe },
	{ "catchSignal", call_catch_signal },
	{ "ignoreSignal", call_ignore_signal },
	{ NULL, NULL },
};

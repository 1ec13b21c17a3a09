// SPDX-License-Identifier: MIT
/*
 * hfsys: the system calls that Node does not offer, for one JavaScript environment (main thread or worker) each.
 *
 * Every function makes one system call and decides nothing. What the world refuses comes back as -errno, never as an
 * exception (so -EAGAIN is a value like any other); only an argument of the wrong type throws a TypeError, for that is
 * a bug of the caller. Buffers belong to the caller and are not kept after the call.
 */
#ifndef HFSYS_H
#define HFSYS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The memory of a typed array; data is NULL and size 0 where an optional one was left out. */
struct bytes {
	void *data;
	size_t size;
};

/* A string argument, zero-terminated; longer ones throw. Paths are the longest there are. */
struct text {
	char data[4096];
};

/* A number or a typed array, as in setsockopt and ioctl. */
struct number_or_bytes {
	bool is_number;
	int number;
	struct bytes bytes;
};

/*
 * Unpacks the arguments as @format says, a character each:
 *   i  int32_t *                 d  double *
 *   b  struct bytes *            B  the same, undefined allowed
 *   s  struct text *             v  struct number_or_bytes *
 *   f  napi_value *, a function  x  void **, an external
 * False with a TypeError pending when one is of another type.
 */
bool arguments(napi_env env, napi_callback_info info, const char *format, ...);

/* @result of a system call as JavaScript sees it: itself, or -errno where it is negative. */
napi_value outcome(napi_env env, long result);

napi_value integer(napi_env env, int64_t value);

struct function {
	const char *name;
	napi_callback call;
};

/* Ended by a NULL name. */
extern const struct function socket_functions[];
extern const struct function descriptor_functions[];
extern const struct function process_functions[];
extern const struct function poll_functions[];
extern const struct function epoll_functions[];
extern const struct function signal_functions[];

/* Prepares poll for this environment; false when out of memory. */
bool poll_init(napi_env env);

#endif

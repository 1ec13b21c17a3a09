/* SPDX-License-Identifier: MIT */
/*
 * keepalived's checkers on a kernel without ip_vs, to be preloaded: its orders to the table by socket options are taken and
 * go nowhere. It starts no checker otherwise. What the table would cost is missing from its figures.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* linux/ip_vs.h: IP_VS_BASE_CTL and the options above it. */
#define FIRST_OPTION 1088
#define LAST_OPTION 1215

static int is_ipvs(int level, int name)
{
	return level == IPPROTO_IP && name >= FIRST_OPTION && name <= LAST_OPTION;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	static int (*next)(int, int, int, const void *, socklen_t);

	if (is_ipvs(level, name))
		return 0;
	if (!next)
		next = dlsym(RTLD_NEXT, "setsockopt");
	return next(fd, level, name, value, length);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	static int (*next)(int, int, int, void *, socklen_t *);

	if (is_ipvs(level, name)) {
		memset(value, 0, *length);
		return 0;
	}
	if (!next)
		next = dlsym(RTLD_NEXT, "getsockopt");
	return next(fd, level, name, value, length);
}

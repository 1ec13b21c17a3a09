/* SPDX-License-Identifier: MIT */
/*
 * Asks an IPv4 address for an echo every so many microseconds, whether it answers or not: ping waits 10 ms for an answer that
 * does not come, which is longer than some of the silences to be measured.
 *
 * usage: echo ADDRESS EVERY
 *
 * For each line with a moment (µs since 1970) on the standard input it prints how many answers came since then, the longest
 * time, in µs, between two answers the second of which came since then, and when that came: `N LONGEST UNTIL`. It ends with its
 * input. It runs before all that is measured, real-time priority included: its own lateness would look like a silence.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST (1 << 20)
#define ICMP_FILTER 1 /* linux/icmp.h, which does not go with netinet/ip_icmp.h */

/* When answers came, µs since 1970 by the kernel's clock. */
static int64_t answers[MOST];
static size_t count;

static int64_t micros(struct timespec t)
{
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return micros(t);
}

static void ask(int fd, uint16_t id)
{
	struct icmphdr request = { .type = ICMP_ECHO };
	uint32_t sum = htons(ICMP_ECHO << 8) + id;

	request.un.echo.id = id;
	request.checksum = ~((sum & 0xffff) + (sum >> 16));
	/* Where it has no way to go there is no answer either. */
	if (send(fd, &request, sizeof(request), MSG_DONTWAIT) < 0)
		return;
}

static void take(int fd, uint16_t id)
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
	} answer;
	char control[128];
	struct iovec piece = { &answer, sizeof(answer) };

	for (;;) {
		struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
		struct cmsghdr *first;

		if (size < 0)
			return;
		first = CMSG_FIRSTHDR(&message);
		if (size < (ssize_t)sizeof(answer) || answer.icmp.un.echo.id != id || !first || first->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		if (count < MOST)
			answers[count++] = micros(*(struct timespec *)CMSG_DATA(first));
	}
}

static void report(int64_t since)
{
	int64_t longest = 0, until = 0;
	size_t number = 0;

	for (size_t i = count; i-- > 1 && answers[i] >= since; number++)
		if (answers[i] - answers[i - 1] > longest) {
			longest = answers[i] - answers[i - 1];
			until = answers[i];
		}
	printf("%zu %lld %lld\n", number, (long long)longest, (long long)until);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint16_t id = htons(getpid() & 0xffff);
	uint32_t others = ~(1U << ICMP_ECHOREPLY);
	int on = 1, fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	struct pollfd ready[] = { { fd, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
	struct sched_param first = { .sched_priority = 50 };
	int64_t every, next = now();

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || (every = atoll(argv[2])) <= 0) {
		fprintf(stderr, "usage: echo ADDRESS EVERY\n");
		return 2;
	}
	if (fd < 0 || setsockopt(fd, SOL_RAW, ICMP_FILTER, &others, sizeof(others)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || sched_setscheduler(0, SCHED_RR, &first) < 0) {
		perror("echo");
		return 1;
	}
	for (;;) {
		int64_t left = next - now();
		struct timespec wait = { 0, left > 0 ? left * 1000 : 0 };

		if (left <= 0) {
			ask(fd, id);
			/* On its grid: what was missed is not made up for. */
			next += every * (1 - left / every);
		}
		if (ppoll(ready, 2, &wait, NULL) <= 0)
			continue;
		if (ready[0].revents)
			take(fd, id);
		if (ready[1].revents) {
			char line[64];
			ssize_t size = read(STDIN_FILENO, line, sizeof(line) - 1);

			if (size <= 0)
				return 0;
			line[size] = '\0';
			report(atoll(line));
		}
	}
}

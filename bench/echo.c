/* SPDX-License-Identifier: MIT */
/*
 * Asks an IPv4 address for an echo every so many microseconds, whether it answers or not: ping waits 10 ms for an answer that
 * does not come, which is longer than some of the silences to be measured.
 *
 * usage: echo ADDRESS EVERY
 *
 * For each line with a moment (µs since 1970) on the standard input it prints how many questions of since then were answered,
 * how long, in µs, the longest silence among them was, and when the answer that ended it came: `N LONGEST UNTIL`. A silence is
 * questions in a row without an answer within 50 ms, EVERY for each. The time between two answers would not do: where the whole
 * machine stands still for a millisecond or two nobody asks, and that is no silence of the address. It ends with its input. It
 * runs before all that is measured, real-time priority included.
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

/* An answer that comes later than that, µs, is none: it waited for who has the address. */
#define PATIENCE 50000

/* The questions in order: when each was asked, and answered or 0; µs since 1970 by the kernel's clock. */
static struct {
	int64_t asked, answered;
} questions[MOST];
static uint32_t count;

struct echo {
	struct icmphdr icmp;
	uint32_t question;
};

static int64_t micros(struct timespec t)
{
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return micros(t);
}

static uint16_t sum_of(const struct echo *request)
{
	const uint16_t *word = (const uint16_t *)request;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*request) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void ask(int fd, uint16_t id)
{
	struct echo request = { .icmp = { .type = ICMP_ECHO }, .question = count };

	if (count == MOST)
		return;
	request.icmp.un.echo.id = id;
	request.icmp.checksum = sum_of(&request);
	questions[count++].asked = now(CLOCK_REALTIME);
	/* Where it has no way to go there is no answer either. */
	if (send(fd, &request, sizeof(request), MSG_DONTWAIT) < 0)
		return;
}

static void take(int fd, uint16_t id)
{
	struct {
		struct iphdr ip;
		struct echo echo;
	} answer;
	char control[128];
	struct iovec piece = { &answer, sizeof(answer) };

	for (;;) {
		struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
		struct cmsghdr *first;
		uint32_t question;

		if (size < 0)
			return;
		first = CMSG_FIRSTHDR(&message);
		if (size < (ssize_t)sizeof(answer) || answer.echo.icmp.un.echo.id != id || !first || first->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		question = answer.echo.question;
		if (question < count && !questions[question].answered)
			questions[question].answered = micros(*(struct timespec *)CMSG_DATA(first));
	}
}

static void report(int64_t since, int64_t every)
{
	int64_t longest = 0, until = since;
	size_t number = 0, silent = 0;
	uint32_t i = count;

	while (i > 0 && questions[i - 1].asked >= since)
		i--;
	for (; i < count; i++) {
		if (!questions[i].answered || questions[i].answered - questions[i].asked > PATIENCE) {
			silent++;
			continue;
		}
		if ((int64_t)silent * every > longest) {
			longest = (int64_t)silent * every;
			until = questions[i].answered;
		}
		silent = 0;
		number++;
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
	int64_t every, next = now(CLOCK_MONOTONIC);

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
		int64_t left = next - now(CLOCK_MONOTONIC);
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
			report(atoll(line), every);
		}
	}
}

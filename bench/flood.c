/* SPDX-License-Identifier: MIT */
/*
 * Sends small UDP packets to one address as fast as the kernel takes them, over 64 flows in turn, for some seconds, and
 * prints how many went out.
 *
 * usage: flood ADDRESS PORT SECONDS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FLOWS 64
#define BATCH 32
#define PAYLOAD 18 /* with headers the smallest Ethernet frame, 60 bytes */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct mmsghdr messages[BATCH] = { 0 };
	char payload[PAYLOAD] = { 0 };
	struct iovec piece = { payload, sizeof(payload) };
	int sockets[FLOWS];
	unsigned long sent = 0;
	double end;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: flood ADDRESS PORT SECONDS\n");
		return 2;
	}
	to.sin_port = htons(atoi(argv[2]));
	for (int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &piece;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (int i = 0; i < FLOWS; i++) {
		sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&to, sizeof(to)) < 0) {
			perror("flood");
			return 1;
		}
	}
	end = now() + atof(argv[3]);
	while (now() < end)
		for (int i = 0; i < FLOWS; i++) {
			int n = sendmmsg(sockets[i], messages, BATCH, 0);

			if (n > 0)
				sent += n;
		}
	printf("%lu\n", sent);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Sends one frame many times from an interface and prints nanoseconds a frame. The kernel works off all that follows from a
 * frame on veth within the system call, so under `qemu -icount` with one processor the figure is the instructions of the
 * whole path. With `new` each frame has another source address and port, and the checksums that go with it.
 *
 * usage: blast INTERFACE COUNT same|new < FRAME      (IPv4, TCP or UDP, no options)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCE 26
#define PORT 34

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* Puts a word into the frame and corrects the checksums at @ip and @transport (0: none). */
static void change(uint8_t *frame, int at, uint16_t value, int ip, int transport)
{
	int sums[2] = { ip, transport };

	for (int i = 0; i < 2; i++) {
		uint32_t sum;

		if (!sums[i])
			continue;
		sum = (uint16_t)~get16(frame + sums[i]) + (uint16_t)~get16(frame + at) + value;
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		put16(frame + sums[i], (uint16_t)~sum);
	}
	put16(frame + at, value);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	uint8_t frame[2048];
	ssize_t size;
	long count;
	int fresh;
	int transport;
	int fd;
	double began;

	if (argc != 4 || (count = atol(argv[2])) <= 0) {
		fprintf(stderr, "usage: blast INTERFACE COUNT same|new < FRAME\n");
		return 2;
	}
	fresh = !strcmp(argv[3], "new");
	size = read(0, frame, sizeof(frame));
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	to.sll_ifindex = if_nametoindex(argv[1]);
	if (size < 42 || fd < 0 || !to.sll_ifindex) {
		perror("blast");
		return 1;
	}
	transport = frame[23] == IPPROTO_TCP ? 50 : 40;
	began = now();
	for (long i = 0; i < count; i++) {
		if (fresh) {
			change(frame, SOURCE + 2, 0x6400 + (i >> 14), 24, transport);
			change(frame, PORT, 1024 + (i & 0x3fff), 0, transport);
		}
		/* A full queue takes nothing: the frame is sent again. */
		while (sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)) != size) {
			if (errno == ENOBUFS)
				continue;
			perror("blast");
			return 1;
		}
	}
	printf("%.0f\n", (now() - began) / count);
	return 0;
}

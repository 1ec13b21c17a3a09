/* SPDX-License-Identifier: MIT */
/*
 * Puts the same frames on the wires of two directors, one after the other, and says what came back from each.
 *
 * usage: replay ADDRESS FIRST SECOND FIRST SECOND
 *
 * The four interfaces are the far ends of the two interfaces of each director; ADDRESS is one of both directors, on their
 * first interface. Reads on standard input a count (32 bits, native order as all that follows) and so many frames: on
 * which of the two interfaces (8 bits), length (16 bits), bytes. Writes for each frame, first for the one director, then
 * for the other, how many frames came (16 bits), and these as above. Again and again, to the end of the input.
 *
 * A director works a frame off while it is sent or soon after, always in order. So each is followed by an ARP probe with
 * a number of its own: what came before its answer belongs to the frame. ARP and the chatter of IPv6 neighbours are
 * left out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIRECTORS 2
#define PORTS 2
#define LONGEST 9216
#define PATIENCE_MS 20000

struct probe {
	uint8_t target[6], source[6];
	uint8_t fixed[10];
	uint8_t sender[6], sender_address[4], wanted[6], address[4];
	uint8_t padding[18];
} __attribute__((packed));

static int wire[DIRECTORS][PORTS];
static int link_socket;
static uint32_t probes;
static uint8_t wanted[4];

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* False: the end of the input. */
static int take(void *bytes, size_t length)
{
	if (fread(bytes, 1, length, stdin) == length)
		return 1;
	return 0;
}

static void give(const void *bytes, size_t length)
{
	if (fwrite(bytes, 1, length, stdout) != length)
		die("writing");
}

static void send_frame(int interface, const void *frame, size_t length)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = interface, .sll_halen = 6 };

	memcpy(&to.sll_protocol, (const uint8_t *)frame + 12, 2);
	/* What is too long for the wire is lost on it. */
	if (sendto(link_socket, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != ENOBUFS)
		die("sending a frame");
}

/* "Who has ADDRESS?", from nobody (RFC 5227), so that the director learns nothing. */
static void send_probe(int interface, uint32_t number)
{
	struct probe probe = { .fixed = { 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1 } };

	memset(probe.target, 0xff, 6);
	probe.source[0] = 0x02;
	probe.source[1] = 0xfe;
	memcpy(probe.source + 2, &number, 4);
	memcpy(probe.sender, probe.source, 6);
	memcpy(probe.address, wanted, 4);
	send_frame(interface, &probe, sizeof(probe));
}

static int is_answer(const uint8_t *frame, ssize_t length, uint32_t number)
{
	return length >= 42 && frame[0] == 0x02 && frame[1] == 0xfe && !memcmp(frame + 2, &number, 4) && frame[12] == 0x08 && frame[13] == 0x06;
}

static int is_chatter(const uint8_t *frame, ssize_t length)
{
	if (length < 14 || (frame[12] == 0x08 && frame[13] == 0x06))
		return 1;
	if (frame[12] != 0x86 || frame[13] != 0xdd || length < 62)
		return 0;
	/* Router and neighbour discovery, and MLD behind its hop-by-hop header. */
	if (frame[20] == 58)
		return frame[54] >= 133 && frame[54] <= 137;
	return frame[20] == 0 && frame[54] == 58 && frame[62] == 143;
}

/* Sends a frame to one director and writes what came back. */
static void exchange(int director, int port, const uint8_t *frame, uint16_t length)
{
	static uint8_t answers[64][LONGEST];
	static uint8_t ports[64];
	static uint16_t lengths[64];
	uint16_t count = 0;
	uint32_t number = ++probes;

	send_frame(wire[director][port], frame, length);
	send_probe(wire[director][0], number);
	for (;;) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		uint8_t *answer = answers[count];
		ssize_t got = recvfrom(link_socket, answer, LONGEST, MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		if (got < 0) {
			struct pollfd wait = { .fd = link_socket, .events = POLLIN };

			if (errno != EAGAIN && errno != EINTR)
				die("receiving");
			if (poll(&wait, 1, PATIENCE_MS) == 0) {
				errno = ETIMEDOUT;
				die(director ? "the second director is silent" : "the first director is silent");
			}
			continue;
		}
		if (is_answer(answer, got, number))
			break;
		if (is_chatter(answer, got))
			continue;
		for (int i = 0; i < PORTS; i++)
			if (from.sll_ifindex == wire[director][i]) {
				if (count == 63) {
					errno = ENOBUFS;
					die("more answers to one frame than can be");
				}
				ports[count] = i;
				lengths[count] = got;
				count++;
				break;
			}
	}
	give(&count, 2);
	for (int i = 0; i < count; i++) {
		give(&ports[i], 1);
		give(&lengths[i], 2);
		give(answers[i], lengths[i]);
	}
}

int main(int argc, char **argv)
{
	struct batch {
		uint8_t port;
		uint16_t length;
		uint8_t *frame;
	} *batch = NULL;
	int one = 1;
	int room = 64 << 20;
	uint32_t count;
	cpu_set_t first;

	if (argc != 2 + DIRECTORS * PORTS || inet_pton(AF_INET, argv[1], wanted) != 1) {
		fprintf(stderr, "usage: replay ADDRESS FIRST SECOND FIRST SECOND\n");
		return 2;
	}
	/* One processor, one queue: answers come in the order of what they answer. */
	CPU_ZERO(&first);
	CPU_SET(sched_getcpu(), &first);
	if (sched_setaffinity(0, sizeof(first), &first) < 0)
		die("sched_setaffinity");
	link_socket = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (link_socket < 0)
		die("socket");
	if (setsockopt(link_socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
		die("PACKET_IGNORE_OUTGOING");
	if (setsockopt(link_socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		die("SO_RCVBUFFORCE");
	for (int i = 0; i < DIRECTORS * PORTS; i++) {
		wire[i / PORTS][i % PORTS] = if_nametoindex(argv[2 + i]);
		if (!wire[i / PORTS][i % PORTS])
			die(argv[2 + i]);
	}
	while (take(&count, 4)) {
		batch = calloc(count ? count : 1, sizeof(*batch));
		if (!batch)
			die("calloc");
		/* All is read before anything is written, so that neither side waits for the other. */
		for (uint32_t i = 0; i < count; i++) {
			if (!take(&batch[i].port, 1) || !take(&batch[i].length, 2) || batch[i].port >= PORTS || batch[i].length < 14 ||
			    batch[i].length > LONGEST || !(batch[i].frame = malloc(batch[i].length)) ||
			    !take(batch[i].frame, batch[i].length)) {
				errno = EINVAL;
				die("reading frames");
			}
		}
		for (uint32_t i = 0; i < count; i++) {
			for (int director = 0; director < DIRECTORS; director++)
				exchange(director, batch[i].port, batch[i].frame, batch[i].length);
			free(batch[i].frame);
		}
		free(batch);
		if (fflush(stdout))
			die("writing");
	}
	return 0;
}

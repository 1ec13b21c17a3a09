/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* The TCP states of IPVS (net/netfilter/ipvs/ip_vs_proto_tcp.c, default table). */
#pragma once
#include "structs.h"

enum tcp_state { NO, ES, SS, SR, FW, TW, CL, CW, LA, LI, SA, STATES = 16 };

/* Rows of the table; the first that fits a packet counts. */
enum tcp_event { EVENT_SYN, EVENT_FIN, EVENT_ACK, EVENT_RST, EVENT_NONE };

/* DIRECTION_INPUT_ONLY: the replies do not come this way (direct routing). */
enum direction { DIRECTION_INPUT, DIRECTION_OUTPUT, DIRECTION_INPUT_ONLY };

static const __u8 tcp_next[3][4][STATES] = {
	/*         NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
	{
		{ SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		{ CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW },
		{ ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		{ CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR },
	},
	{
		{ SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR },
		{ TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
		{ ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
		{ CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
	},
	{
		{ SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
		{ CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
		{ ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
		{ CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	},
};

static __always_inline enum tcp_event tcp_event_of(__u8 flags)
{
	if (flags & 0x04)
		return EVENT_RST;
	if (flags & 0x02)
		return EVENT_SYN;
	if (flags & 0x01)
		return EVENT_FIN;
	if (flags & 0x10)
		return EVENT_ACK;
	return EVENT_NONE;
}

static __always_inline __u32 tcp_step(enum direction direction, enum tcp_event event, __u32 state)
{
	if (event > EVENT_RST)
		return CL;
	return tcp_next[direction][event][state & (STATES - 1)];
}

/* Whether IPVS counts a connection in this state as active. */
static __always_inline __u32 tcp_active(__u32 state)
{
	return state == ES || state == SS || state == SR || state == SA ? CONNECTION_ACTIVE : 0;
}

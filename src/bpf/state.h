/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* The states of TCP and SCTP connections of IPVS (net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_sctp.c). */
#pragma once
#include "structs.h"

/* The protocols whose connections are balanced. */
static __always_inline bool has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

enum tcp_state { NO, ES, SS, SR, FW, TW, CL, CW, LA, LI, SA, STATES = 16 };

/* Rows of the table; the first that fits a packet counts. */
enum tcp_event { EVENT_SYN, EVENT_FIN, EVENT_ACK, EVENT_RST, EVENT_NONE };

/* DIRECTION_INPUT_ONLY: the replies do not come this way (direct routing). */
enum direction { DIRECTION_INPUT, DIRECTION_OUTPUT, DIRECTION_INPUT_ONLY };

/* By secure_tcp, direction and event. */
static const __u8 tcp_next[2][3][4][STATES] = {
	/*                 NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
	{
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
	},
	{
		{
			{ SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA },
			{ CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA },
			{ ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA },
			{ CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
		},
		{
			{ SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA },
			{ TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
			{ ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
			{ CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
		},
		{
			{ SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA },
			{ CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
			{ ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
			{ CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
		},
	},
};

/* None, INIT1, INIT, COOKIE_SENT, COOKIE_REPLIED, COOKIE_WAIT, COOKIE, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, ... */
enum sctp_state { S_NO, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL };

enum sctp_event {
	CHUNK_DATA, /* and all that has no other row */
	CHUNK_INIT,
	CHUNK_INIT_ACK,
	CHUNK_COOKIE_ECHO,
	CHUNK_COOKIE_ACK,
	CHUNK_SHUTDOWN,
	CHUNK_SHUTDOWN_ACK,
	CHUNK_SHUTDOWN_COMPLETE,
	CHUNK_ERROR,
	CHUNK_ABORT,
	CHUNK_NONE, /* no chunk could be read: the state stays */
};

/* By direction and event. */
static const __u8 sctp_next[3][CHUNK_NONE][STATES] = {
	{
		{ S_ES, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_I1, S_IN, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_IN, S_IN },
		{ S_CW, S_CW, S_CW, S_CS, S_CR, S_CO, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CR, S_IN, S_IN, S_CR, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_ES, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_ES, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_SR, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_SR, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_IN, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_CL, S_SR, S_CL, S_RJ, S_CL },
		{ S_CL, S_CL, S_CL, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_CL, S_RJ, S_CL },
		{ S_CL, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CL, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_CL, S_CL, S_CL, S_CL, S_RJ, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL },
	},
	{
		{ S_ES, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CW, S_CW, S_CW, S_CW, S_CW, S_CW, S_CW, S_CW, S_ES, S_CW, S_CW, S_CW, S_CW, S_CW },
		{ S_CS, S_CS, S_CS, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CE, S_CE, S_CE, S_CE, S_CE, S_CE, S_CE, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_ES, S_ES, S_ES, S_ES, S_ES, S_ES, S_ES, S_ES, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_SS, S_SS, S_SS, S_SS, S_SS, S_SS, S_SS, S_SS, S_SS, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_SA, S_SA, S_SA, S_SA, S_SA, S_CW, S_CO, S_CE, S_ES, S_SA, S_SA, S_SA, S_RJ, S_CL },
		{ S_CL, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_CL, S_CL, S_CL, S_CL, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_RJ, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL },
	},
	{
		{ S_ES, S_I1, S_IN, S_CS, S_CR, S_ES, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_I1, S_IN, S_IN, S_IN, S_IN, S_IN, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_IN, S_IN },
		{ S_CE, S_CE, S_CE, S_CE, S_CE, S_CE, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_ES, S_ES, S_ES, S_ES, S_ES, S_ES, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_ES, S_I1, S_IN, S_ES, S_ES, S_CW, S_ES, S_ES, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_SR, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_SR, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_IN, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_CL, S_CL, S_SR, S_CL, S_RJ, S_CL },
		{ S_CL, S_CL, S_CL, S_CL, S_CL, S_CW, S_CO, S_CE, S_ES, S_SS, S_CL, S_CL, S_RJ, S_CL },
		{ S_CL, S_I1, S_IN, S_CS, S_CR, S_CW, S_CO, S_CE, S_ES, S_SS, S_SR, S_SA, S_RJ, S_CL },
		{ S_CL, S_CL, S_CL, S_CL, S_CL, S_RJ, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL, S_CL },
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

/* By a chunk's type (RFC 9260, section 3.2). */
static __always_inline enum sctp_event sctp_event_of(__u8 type)
{
	switch (type) {
	case 1:
		return CHUNK_INIT;
	case 2:
		return CHUNK_INIT_ACK;
	case 6:
		return CHUNK_ABORT;
	case 7:
		return CHUNK_SHUTDOWN;
	case 8:
		return CHUNK_SHUTDOWN_ACK;
	case 9:
		return CHUNK_ERROR;
	case 10:
		return CHUNK_COOKIE_ECHO;
	case 11:
		return CHUNK_COOKIE_ACK;
	case 14:
		return CHUNK_SHUTDOWN_COMPLETE;
	}
	return CHUNK_DATA;
}

static __always_inline __u32 tcp_step(bool secure, enum direction direction, enum tcp_event event, __u32 state)
{
	if (event > EVENT_RST)
		return CL;
	return tcp_next[secure][direction][event][state & (STATES - 1)];
}

static __always_inline __u32 sctp_step(enum direction direction, __u32 event, __u32 state)
{
	if (event >= CHUNK_NONE)
		return state;
	return sctp_next[direction][event][state & (STATES - 1)];
}

/* Whether IPVS counts a connection in this state as active. */
static __always_inline __u32 tcp_active(__u32 state)
{
	return state == ES || state == SS || state == SR || state == SA ? CONNECTION_ACTIVE : 0;
}

static __always_inline __u32 sctp_active(__u32 state)
{
	return state == S_ES ? CONNECTION_ACTIVE : 0;
}

// SPDX-License-Identifier: MIT
/* Sockets: addresses, options and control messages pass as the bytes that the kernel defines. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "hfsys.h"

/* socket(domain, type, protocol) → descriptor */
static napi_value call_socket(napi_env env, napi_callback_info info)
{
	int32_t domain, type, protocol;

	if (!arguments(env, info, "iii", &domain, &type, &protocol))
		return NULL;
	return outcome(env, socket(domain, type, protocol));
}

/* bind(fd, address) → 0 */
static napi_value call_bind(napi_env env, napi_callback_info info)
{
	struct bytes address;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &address))
		return NULL;
	return outcome(env, bind(fd, address.data, address.size));
}

/* connect(fd, address) → 0 */
static napi_value call_connect(napi_env env, napi_callback_info info)
{
	struct bytes address;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &address))
		return NULL;
	return outcome(env, connect(fd, address.data, address.size));
}

/* getsockname(fd, into) → length */
static napi_value call_getsockname(napi_env env, napi_callback_info info)
{
	struct bytes address;
	socklen_t length;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &address))
		return NULL;
	length = address.size;
	return outcome(env, getsockname(fd, address.data, &length) < 0 ? -1 : (long)length);
}

/* setsockopt(fd, level, option, number or bytes) → 0 */
static napi_value call_setsockopt(napi_env env, napi_callback_info info)
{
	struct number_or_bytes value;
	int32_t fd, level, option;

	if (!arguments(env, info, "iiiv", &fd, &level, &option, &value))
		return NULL;
	if (value.is_number)
		return outcome(env, setsockopt(fd, level, option, &value.number, sizeof(value.number)));
	return outcome(env, setsockopt(fd, level, option, value.bytes.data, value.bytes.size));
}

/* getsockopt(fd, level, option, into) → length */
static napi_value call_getsockopt(napi_env env, napi_callback_info info)
{
	int32_t fd, level, option;
	struct bytes value;
	socklen_t length;

	if (!arguments(env, info, "iiib", &fd, &level, &option, &value))
		return NULL;
	length = value.size;
	return outcome(env, getsockopt(fd, level, option, value.data, &length) < 0 ? -1 : (long)length);
}

/* sendmsg(fd, data, address or undefined, control or undefined, flags) → bytes sent; never raises SIGPIPE */
static napi_value call_sendmsg(napi_env env, napi_callback_info info)
{
	struct bytes data, name, control;
	struct msghdr message = {};
	struct iovec vector;
	int32_t fd, flags;

	if (!arguments(env, info, "ibBBi", &fd, &data, &name, &control, &flags))
		return NULL;
	vector = (struct iovec){ .iov_base = data.data, .iov_len = data.size };
	message.msg_name = name.data;
	message.msg_namelen = name.size;
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = control.data;
	message.msg_controllen = control.size;
	return outcome(env, sendmsg(fd, &message, flags | MSG_NOSIGNAL));
}

/*
 * recvmsg(fd, data, address or undefined, control or undefined, flags, lengths) → bytes received.
 * @lengths is an Int32Array(3): length of the address, length of the control messages, MSG_* flags.
 */
static napi_value call_recvmsg(napi_env env, napi_callback_info info)
{
	struct bytes data, name, control, lengths;
	struct msghdr message = {};
	struct iovec vector;
	int32_t fd, flags;
	int32_t *out;
	ssize_t size;

	if (!arguments(env, info, "ibBBib", &fd, &data, &name, &control, &flags, &lengths))
		return NULL;
	if (lengths.size < 3 * sizeof(*out)) {
		napi_throw_type_error(env, NULL, "hfsys: recvmsg wants an Int32Array(3) for the lengths");
		return NULL;
	}
	vector = (struct iovec){ .iov_base = data.data, .iov_len = data.size };
	message.msg_name = name.data;
	message.msg_namelen = name.size;
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = control.data;
	message.msg_controllen = control.size;
	size = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
	if (size >= 0) {
		out = lengths.data;
		out[0] = message.msg_namelen;
		out[1] = message.msg_controllen;
		out[2] = message.msg_flags;
	}
	return outcome(env, size);
}

/* attachFilter(fd, program) → 0; the program is an array of struct sock_filter */
static napi_value call_attach_filter(napi_env env, napi_callback_info info)
{
	struct sock_fprog program;
	struct bytes code;
	int32_t fd;

	if (!arguments(env, info, "ib", &fd, &code))
		return NULL;
	program.len = code.size / sizeof(struct sock_filter);
	program.filter = code.data;
	return outcome(env, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

/* ifIndex(name) → index, -ENODEV where there is none */
static napi_value call_if_index(napi_env env, napi_callback_info info)
{
	unsigned int index;
	struct text name;

	if (!arguments(env, info, "s", &name))
		return NULL;
	index = if_nametoindex(name.data);
	return outcome(env, index == 0 ? -1 : (long)index);
}

/* ifName(index) → name, undefined where there is none */
static napi_value call_if_name(napi_env env, napi_callback_info info)
{
	napi_value result = NULL;
	char name[IF_NAMESIZE];
	int32_t index;

	if (!arguments(env, info, "i", &index))
		return NULL;
	if (if_indextoname(index, name))
		napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
	return result;
}

const struct function socket_functions[] = {
	{ "socket", call_socket },
	{ "bind", call_bind },
	{ "connect", call_connect },
	{ "getsockname", call_getsockname },
	{ "setsockopt", call_setsockopt },
	{ "getsockopt", call_getsockopt },
	{ "sendmsg", call_sendmsg },
	{ "recvmsg", call_recvmsg },
	{ "attachFilter", call_attach_filter },
	{ "ifIndex", call_if_index },
	{ "ifName", call_if_name },
	{ NULL, NULL },
};

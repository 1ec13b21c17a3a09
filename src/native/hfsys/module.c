// SPDX-License-Identifier: MIT
/* Registration, and the way of arguments and results between JavaScript and the calls. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hfsys.h"

#define MAX_ARGUMENTS 8

static size_t element_size(napi_typedarray_type type)
{
	switch (type) {
	case napi_int16_array:
	case napi_uint16_array:
		return 2;
	case napi_int32_array:
	case napi_uint32_array:
	case napi_float32_array:
		return 4;
	case napi_float64_array:
	case napi_bigint64_array:
	case napi_biguint64_array:
		return 8;
	default:
		return 1;
	}
}

static bool get_bytes(napi_env env, napi_value value, struct bytes *out)
{
	napi_typedarray_type type;
	size_t length;
	bool is_array = false;

	if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array)
		return false;
	if (napi_get_typedarray_info(env, value, &type, &length, &out->data, NULL, NULL) != napi_ok)
		return false;
	out->size = length * element_size(type);
	return true;
}

static bool get_text(napi_env env, napi_value value, struct text *out)
{
	size_t length, copied;

	if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length >= sizeof(out->data))
		return false;
	if (napi_get_value_string_utf8(env, value, out->data, sizeof(out->data), &copied) != napi_ok)
		return false;
	/* A zero inside would name another file than the one that was asked for. */
	return strlen(out->data) == length;
}

static bool get_number_or_bytes(napi_env env, napi_value value, struct number_or_bytes *out)
{
	memset(out, 0, sizeof(*out));
	out->is_number = napi_get_value_int32(env, value, &out->number) == napi_ok;
	return out->is_number || get_bytes(env, value, &out->bytes);
}

static bool get_one(napi_env env, char kind, napi_value value, void *out)
{
	napi_valuetype type;

	if (napi_typeof(env, value, &type) != napi_ok)
		return false;
	switch (kind) {
	case 'i':
		return napi_get_value_int32(env, value, out) == napi_ok;
	case 'd':
		return napi_get_value_double(env, value, out) == napi_ok;
	case 'B':
		memset(out, 0, sizeof(struct bytes));
		if (type == napi_undefined)
			return true;
		return get_bytes(env, value, out);
	case 'b':
		return get_bytes(env, value, out);
	case 's':
		return get_text(env, value, out);
	case 'v':
		return get_number_or_bytes(env, value, out);
	case 'f':
		*(napi_value *)out = value;
		return type == napi_function;
	case 'x':
		return napi_get_value_external(env, value, out) == napi_ok;
	default:
		return false;
	}
}

bool arguments(napi_env env, napi_callback_info info, const char *format, ...)
{
	napi_value values[MAX_ARGUMENTS];
	size_t count = MAX_ARGUMENTS;
	char message[64];
	va_list out;
	size_t i;

	/* Arguments left out are filled with undefined. */
	if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok)
		return false;
	va_start(out, format);
	for (i = 0; format[i] != '\0' && i < MAX_ARGUMENTS; i++) {
		if (get_one(env, format[i], values[i], va_arg(out, void *)))
			continue;
		va_end(out);
		snprintf(message, sizeof(message), "hfsys: argument %zu is of the wrong type", i + 1);
		napi_throw_type_error(env, NULL, message);
		return false;
	}
	va_end(out);
	return true;
}

napi_value integer(napi_env env, int64_t value)
{
	napi_value result = NULL;

	napi_create_int64(env, value, &result);
	return result;
}

napi_value outcome(napi_env env, long result)
{
	return integer(env, result < 0 ? -(int64_t)errno : result);
}

static bool define(napi_env env, napi_value exports, const struct function *functions)
{
	napi_value value;

	for (; functions->name; functions++) {
		if (napi_create_function(env, functions->name, NAPI_AUTO_LENGTH, functions->call, NULL, &value) != napi_ok)
			return false;
		if (napi_set_named_property(env, exports, functions->name, value) != napi_ok)
			return false;
	}
	return true;
}

NAPI_MODULE_INIT()
{
	if (!poll_init(env) || !define(env, exports, socket_functions) || !define(env, exports, descriptor_functions) ||
	    !define(env, exports, process_functions) || !define(env, exports, poll_functions) ||
	    !define(env, exports, epoll_functions) || !define(env, exports, signal_functions))
		napi_throw_error(env, NULL, "hfsys could not be initialised");
	/* Control messages and timevals are made of words of this size. */
	napi_set_named_property(env, exports, "wordSize", integer(env, sizeof(long)));
	return exports;
}

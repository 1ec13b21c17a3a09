// SPDX-License-Identifier: MIT
/* Arguments out of JavaScript, results into it. */
#include "hfbpf.h"

napi_value throw_type(napi_env env, const char *what)
{
	napi_throw_type_error(env, NULL, what);
	return NULL;
}

size_t arguments(napi_env env, napi_callback_info info, napi_value argv[MAX_ARGS])
{
	size_t argc = MAX_ARGS;
	size_t i;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc > MAX_ARGS)
		argc = MAX_ARGS;
	for (i = argc; i < MAX_ARGS; i++)
		napi_get_undefined(env, &argv[i]);
	return argc;
}

bool as_int(napi_env env, napi_value value, int64_t *out)
{
	return napi_get_value_int64(env, value, out) == napi_ok;
}

bool as_bytes(napi_env env, napi_value value, void **data, size_t *size)
{
	bool is;

	if (napi_is_typedarray(env, value, &is) != napi_ok || !is)
		return false;
	napi_typedarray_type type;
	size_t length;

	napi_get_typedarray_info(env, value, &type, &length, data, NULL, NULL);
	if (type != napi_uint8_array)
		return false;
	*size = length;
	return true;
}

/* Bytes, or NULL for undefined and null. */
bool as_optional_bytes(napi_env env, napi_value value, void **data, size_t *size)
{
	napi_valuetype type;

	*data = NULL;
	*size = 0;
	napi_typeof(env, value, &type);
	if (type == napi_undefined || type == napi_null)
		return true;
	return as_bytes(env, value, data, size);
}

bool as_text(napi_env env, napi_value value, char *out, size_t size)
{
	size_t length;

	return napi_get_value_string_utf8(env, value, out, size, &length) == napi_ok && length + 1 < size;
}

napi_value number(napi_env env, int64_t value)
{
	napi_value out;

	napi_create_int64(env, value, &out);
	return out;
}

void set_number(napi_env env, napi_value object, const char *name, int64_t value)
{
	napi_set_named_property(env, object, name, number(env, value));
}

// SPDX-License-Identifier: MIT
/*
 * PCRE2 for Node: a pattern compiled once and tried against bytes, within bounds. No policy; what is tried, and how far, is
 * decided in TypeScript (src/sys/pattern). Only wrong arguments throw.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <node_api.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGS 6

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

/* The names that keepalived.conf(5) gives to compile options. */
static const struct {
	const char *name;
	uint32_t option;
} options[] = {
	{ "allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS },
	{ "alt_bsux", PCRE2_ALT_BSUX },
	{ "alt_circumflex", PCRE2_ALT_CIRCUMFLEX },
	{ "alt_verbnames", PCRE2_ALT_VERBNAMES },
	{ "auto_callout", PCRE2_AUTO_CALLOUT },
	{ "caseless", PCRE2_CASELESS },
	{ "dollar_endonly", PCRE2_DOLLAR_ENDONLY },
	{ "dotall", PCRE2_DOTALL },
	{ "dupnames", PCRE2_DUPNAMES },
	{ "extended", PCRE2_EXTENDED },
	{ "firstline", PCRE2_FIRSTLINE },
	{ "match_unset_backref", PCRE2_MATCH_UNSET_BACKREF },
	{ "multiline", PCRE2_MULTILINE },
	{ "never_backslash_c", PCRE2_NEVER_BACKSLASH_C },
	{ "never_ucp", PCRE2_NEVER_UCP },
	{ "never_utf", PCRE2_NEVER_UTF },
	{ "no_auto_capture", PCRE2_NO_AUTO_CAPTURE },
	{ "no_auto_possess", PCRE2_NO_AUTO_POSSESS },
	{ "no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR },
	{ "no_start_optimize", PCRE2_NO_START_OPTIMIZE },
	{ "ucp", PCRE2_UCP },
	{ "ungreedy", PCRE2_UNGREEDY },
	{ "use_offset_limit", PCRE2_USE_OFFSET_LIMIT },
	{ "utf", PCRE2_UTF },
};

static napi_value throw_type(napi_env env, const char *what)
{
	napi_throw_type_error(env, NULL, what);
	return NULL;
}

static bool as_bytes(napi_env env, napi_value value, napi_typedarray_type want, void **data, size_t *length)
{
	napi_typedarray_type type;
	bool is;

	if (napi_is_typedarray(env, value, &is) != napi_ok || !is)
		return false;
	napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL);
	return type == want;
}

static bool as_int(napi_env env, napi_value value, int64_t *out)
{
	return napi_get_value_int64(env, value, out) == napi_ok;
}

static void arguments(napi_env env, napi_callback_info info, napi_value argv[MAX_ARGS])
{
	size_t argc = MAX_ARGS;

	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	for (; argc < MAX_ARGS; argc++)
		napi_get_undefined(env, &argv[argc]);
}

/* Of a word in a list parted by blanks; 0 for one that is no option. */
static uint32_t option_of(const char *word, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strlen(options[i].name) == length && !memcmp(options[i].name, word, length))
			return options[i].option;
	return 0;
}

static uint32_t options_of(const char *words, size_t length)
{
	uint32_t all = 0;
	size_t at = 0;

	while (at < length) {
		size_t end = at;

		while (end < length && words[end] != ' ')
			end++;
		all |= option_of(words + at, end - at);
		at = end + 1;
	}
	/* A body need not be valid UTF-8: where it is not, nothing matches across. */
	return all & PCRE2_UTF ? all | PCRE2_MATCH_INVALID_UTF : all;
}

static void pattern_free(napi_env env, void *data, void *hint)
{
	struct pattern *pattern = data;

	(void)env;
	(void)hint;
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->data);
	pcre2_code_free(pattern->code);
	free(pattern);
}

static void set(napi_env env, napi_value object, const char *name, napi_value value)
{
	napi_set_named_property(env, object, name, value);
}

static napi_value number(napi_env env, int64_t value)
{
	napi_value out;

	napi_create_int64(env, value, &out);
	return out;
}

static napi_value refusal(napi_env env, int code, size_t offset)
{
	napi_value out, text;
	PCRE2_UCHAR message[256];

	if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
		message[0] = 0;
	napi_create_object(env, &out);
	napi_create_string_latin1(env, (const char *)message, NAPI_AUTO_LENGTH, &text);
	set(env, out, "error", text);
	set(env, out, "offset", number(env, (int64_t)offset));
	return out;
}

/*
 * compile(source, options, matchLimit, heapKibibytes) -> { pattern, lookbehind } or { error, offset }; both texts as bytes,
 * the options' names parted by blanks. The lookbehind is in characters.
 */
static napi_value compile(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS], out, handle;
	struct pattern *pattern;
	void *source, *words;
	size_t source_length, words_length, offset;
	int64_t match_limit, heap_limit;
	uint32_t lookbehind = 0;
	pcre2_code *code;
	int error;

	arguments(env, info, argv);
	if (!as_bytes(env, argv[0], napi_uint8_array, &source, &source_length) ||
	    !as_bytes(env, argv[1], napi_uint8_array, &words, &words_length) ||
	    !as_int(env, argv[2], &match_limit) || !as_int(env, argv[3], &heap_limit))
		return throw_type(env, "compile(source, options, matchLimit, heapKibibytes)");
	code = pcre2_compile(source, source_length, options_of(words, words_length), &error, &offset, NULL);
	if (!code)
		return refusal(env, error, offset);
	pattern = calloc(1, sizeof(*pattern));
	if (!pattern) {
		pcre2_code_free(code);
		return throw_type(env, "out of memory");
	}
	pattern->code = code;
	pattern->data = pcre2_match_data_create(1, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(pattern->context, (uint32_t)match_limit);
	pcre2_set_depth_limit(pattern->context, (uint32_t)match_limit);
	pcre2_set_heap_limit(pattern->context, (uint32_t)heap_limit);
	pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
	napi_create_object(env, &out);
	napi_create_external(env, pattern, pattern_free, NULL, &handle);
	set(env, out, "pattern", handle);
	set(env, out, "lookbehind", number(env, lookbehind));
	return out;
}

/*
 * match(pattern, subject, start, limit, more, result) -> 1 it matches, 2 it may match with more bytes, 0 it does not, -1 it
 * took too many steps or too much memory. `limit`: the last offset a match may begin at, for patterns with use_offset_limit;
 * -1: none. `more`: what follows the subject is not known yet. result[0], a Uint32Array, is where a match of 1 or 2 begins.
 */
static napi_value match(napi_env env, napi_callback_info info)
{
	napi_value argv[MAX_ARGS];
	struct pattern *pattern;
	void *subject, *result, *external;
	size_t length, results;
	int64_t start, limit;
	bool more;
	int found;

	arguments(env, info, argv);
	if (napi_get_value_external(env, argv[0], &external) != napi_ok ||
	    !as_bytes(env, argv[1], napi_uint8_array, &subject, &length) || !as_int(env, argv[2], &start) ||
	    !as_int(env, argv[3], &limit) || napi_get_value_bool(env, argv[4], &more) != napi_ok ||
	    !as_bytes(env, argv[5], napi_uint32_array, &result, &results) || results < 1 || start < 0 ||
	    (size_t)start > length)
		return throw_type(env, "match(pattern, subject, start, limit, more, result)");
	pattern = external;
	pcre2_set_offset_limit(pattern->context, limit < 0 ? PCRE2_UNSET : (PCRE2_SIZE)limit);
	found = pcre2_match(pattern->code, length ? subject : (void *)"", length, (PCRE2_SIZE)start,
			    more ? PCRE2_PARTIAL_HARD : 0, pattern->data, pattern->context);
	if (found >= 0 || found == PCRE2_ERROR_PARTIAL) {
		*(uint32_t *)result = (uint32_t)pcre2_get_ovector_pointer(pattern->data)[0];
		return number(env, found >= 0 ? 1 : 2);
	}
	return number(env, found == PCRE2_ERROR_NOMATCH ? 0 : -1);
}

NAPI_MODULE_INIT()
{
	napi_value function;

	napi_create_function(env, "compile", NAPI_AUTO_LENGTH, compile, NULL, &function);
	set(env, exports, "compile", function);
	napi_create_function(env, "match", NAPI_AUTO_LENGTH, match, NULL, &function);
	set(env, exports, "match", function);
	return exports;
}

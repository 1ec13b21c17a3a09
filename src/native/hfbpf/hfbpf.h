/* SPDX-License-Identifier: MIT */
/* What the files of the addon share: arguments and results, and one function for each that JavaScript sees. */
#pragma once
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_ARGS 10
#define NAME_SIZE 64

/* Throws a TypeError with the call's signature; returns NULL for the caller to return. */
napi_value throw_type(napi_env env, const char *what);
/* All arguments; those not given are undefined. */
size_t arguments(napi_env env, napi_callback_info info, napi_value argv[MAX_ARGS]);
bool as_int(napi_env env, napi_value value, int64_t *out);
/* A Uint8Array's own memory, good until the call returns. */
bool as_bytes(napi_env env, napi_value value, void **data, size_t *size);
/* The same, or NULL for undefined and null. */
bool as_optional_bytes(napi_env env, napi_value value, void **data, size_t *size);
/* False also when it does not fit. */
bool as_text(napi_env env, napi_value value, char *out, size_t size);
napi_value number(napi_env env, int64_t value);
void set_number(napi_env env, napi_value object, const char *name, int64_t value);

/* Collects libbpf's warnings for load() and loadLater(). */
void capture_log(void);

/* object.c */
napi_value load(napi_env env, napi_callback_info info);
napi_value load_later(napi_env env, napi_callback_info info);

/* descriptor.c */
napi_value close_fd(napi_env env, napi_callback_info info);
napi_value pin(napi_env env, napi_callback_info info);
napi_value get(napi_env env, napi_callback_info info);
napi_value mount_bpffs(napi_env env, napi_callback_info info);

/* map.c */
napi_value map_create(napi_env env, napi_callback_info info);
napi_value map_info(napi_env env, napi_callback_info info);
napi_value map_lookup(napi_env env, napi_callback_info info);
napi_value map_update(napi_env env, napi_callback_info info);
napi_value map_delete(napi_env env, napi_callback_info info);
napi_value map_next_key(napi_env env, napi_callback_info info);
napi_value map_lookup_batch(napi_env env, napi_callback_info info);
napi_value map_update_batch(napi_env env, napi_callback_info info);
napi_value map_delete_batch(napi_env env, napi_callback_info info);

/* program.c */
napi_value program_id(napi_env env, napi_callback_info info);
napi_value tcx_attach(napi_env env, napi_callback_info info);
napi_value xdp_attach(napi_env env, napi_callback_info info);
napi_value xdp_query(napi_env env, napi_callback_info info);
napi_value link_update(napi_env env, napi_callback_info info);
napi_value link_detach(napi_env env, napi_callback_info info);
napi_value tcx_query(napi_env env, napi_callback_info info);
napi_value tc_attach(napi_env env, napi_callback_info info);
napi_value tc_detach(napi_env env, napi_callback_info info);
napi_value tc_query(napi_env env, napi_callback_info info);
napi_value test_run(napi_env env, napi_callback_info info);
napi_value possible_cpus(napi_env env, napi_callback_info info);

/* ring.c */
napi_value ring_open(napi_env env, napi_callback_info info);
napi_value ring_close(napi_env env, napi_callback_info info);

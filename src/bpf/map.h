/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* How a map is defined. */
#pragma once

#define MAP(name, map_type, key_type, value_type, entries, flags) \
	struct {                                                  \
		__uint(type, map_type);                           \
		__type(key, key_type);                            \
		__type(value, value_type);                        \
		__uint(max_entries, entries);                     \
		__uint(map_flags, flags);                         \
	} name SEC(".maps")

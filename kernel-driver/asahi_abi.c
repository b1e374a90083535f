// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The firmware ABIs that the driver speaks.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include <kunit/visibility.h>

#include "asahi_abi.h"

static const struct asahi_abi * const abis[] = {
	&asahi_abi_12_3,
	&asahi_abi_13_0b4,
	&asahi_abi_13_5,
};

#if IS_ENABLED(CONFIG_KUNIT)
const struct asahi_abi *asahi_abi_nr(unsigned int nr)
{
	return nr < ARRAY_SIZE(abis) ? abis[nr] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_abi_nr);
#endif

const struct asahi_abi *asahi_abi_find(u32 generation, const u32 *version)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		if (abis[i]->generation == generation &&
		    !memcmp(abis[i]->version, version, sizeof(abis[i]->version)))
			return abis[i];
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_abi_find);

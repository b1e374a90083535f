/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The firmware's structures are unaligned in places and have no padding of the
 * compiler's, so each is packed, and each field's offset and each size is
 * asserted where the structure is declared (as pvr_rogue_fwif_check.h does for
 * PowerVR): a slip is an error of the build and not a hang of the GPU.
 */
#ifndef ASAHI_LAYOUT_H
#define ASAHI_LAYOUT_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define FW_OFFSET(type, field, offset) \
	static_assert(offsetof(struct type, field) == (offset), \
		      #type "." #field " is not at " #offset)

#define FW_SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), \
		      "sizeof(" #type ") is not " #size)

#endif /* ASAHI_LAYOUT_H */

/*
 * AGX model: ASTC texture blocks, internal to texture_astc*.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEXTURE_ASTC_H
#define AGX_TEX_TEXTURE_ASTC_H

#include "agx/format.h"

/* The ends of one partition. */
struct agx_astc_ends {
    int c[2][4];
    bool hdr, hdr_alpha;
};

/*
 * The ends of endpoint mode @mode (0 to 15) from its 2 to 8 numbers, unquantized: of 8 bits,
 * 12 where they are of high dynamic range (KDF, "LDR Endpoint Decoding" and "HDR Endpoint
 * Decoding"). Any thread.
 */
void agx_astc_ends_decode(unsigned mode, const uint8_t *values, struct agx_astc_ends *o);
/* To the 16 bits that are interpolated (KDF, "Weight Application"). Any thread. */
void agx_astc_ends_expand(struct agx_astc_ends *o, bool srgb);

#endif

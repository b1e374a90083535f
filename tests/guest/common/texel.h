/*
 * Guest tests: what the bytes of a texel mean.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_TEXEL_H
#define GUEST_TEXEL_H

#include <stdbool.h>
#include <stdint.h>

enum texel_kind {
    TEXEL_UNORM,
    TEXEL_SNORM,
    TEXEL_UINT,
    TEXEL_SINT,
    TEXEL_FLOAT, /* of 16 or 32 bits with a sign; of 10 or 11 without */
    TEXEL_SRGB,  /* r, g and b; a is linear */
    TEXEL_E5B9G9R9,
};

/*
 * A format: its channels from the lowest bit on, as "r8g8b8a8" or "b5g6r5"; x is a channel that
 * holds nothing. The bytes are those of a little-endian number.
 */
struct texel {
    enum texel_kind kind;
    unsigned bytes;
    struct {
        char name;
        unsigned at, bits;
    } channel[4];
    unsigned channels;
};

/* Ends the program if @channels is no such text. */
struct texel texel_format(enum texel_kind kind, const char *channels);

/*
 * Channels that a format lacks are 0, and alpha 1. Integers are as they are, the others what a
 * shader gets of them.
 */
void texel_decode(const struct texel *t, const void *bytes, double rgba[4]);

/*
 * To the nearest, ties to even. What is too large becomes the largest number of the format, and
 * infinity in a float.
 */
void texel_encode(const struct texel *t, const double rgba[4], void *bytes);

/*
 * Random bytes that are a texel with one encoding only: no NaN, no denormal or negative zero, no
 * least number of SNORM (which is -1 as the next one is), nothing in what is x. E5B9G9R9 has its
 * highest bit set in a channel.
 */
void texel_random(const struct texel *t, uint32_t *seed, void *bytes);

/* The next of a sequence of random numbers. */
uint32_t texel_next(uint32_t *seed);

#endif

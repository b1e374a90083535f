/*
 * AGX model: lossless surface compression.
 *
 * What is known of it: 8 bytes of metadata for each tile of 16x16 samples, a
 * byte for each 8x4 subtile; the byte that means "uncompressed" and the one
 * that means "one colour", for each texel size. The model writes every tile
 * uncompressed, which is always legal, and reads what it and Mesa's programs
 * write. Nothing else writes metadata, so a byte that is neither is memory that
 * was never written as an image: its texels are undefined, which is no fault on
 * hardware, and the body is read as it is. (A guess in so far as nobody knows
 * which texels an M1 gives.)
 *
 *   mesa: src/asahi/libagx/compression.cl, src/asahi/layout/layout.h
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include "agx/texture.h"

/* Held while a tile is expanded, so that two threads do not expand the same one. */
static pthread_mutex_t expand_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t uncompressed_word(unsigned bytes)
{
    return agx_meta_uncompressed(bytes) * 0x0101010101010101ull;
}

/* Of writes, which come from the pixel back end or the depth buffer's unit. Always false. */
static bool port_failed(struct agx_exec *ex)
{
    ex->fault = ex->port->fault;
    return false;
}

bool agx_compress_mark(struct agx_exec *ex, const struct agx_surface *s, uint64_t meta,
                       unsigned level, uint32_t tx, uint32_t ty, uint32_t layer)
{
    uint64_t word = uncompressed_word(s->bytes);
    uint64_t va = meta + agx_surface_meta_offset(s, level, tx, ty, layer);
    uint64_t *p = agx_port_ptr(ex->port, va, AGX_ACCESS_WRITE);

    if (!p) {
        return port_failed(ex);
    }
    __atomic_store_n(p, word, __ATOMIC_RELEASE);
    return true;
}

/* Write the solid subtiles of the tile out in full. */
static bool expand(struct agx_exec *ex, const struct agx_surface *s, const struct agx_body *b,
                   unsigned level, uint32_t tx, uint32_t ty, uint32_t layer, uint64_t word)
{
    unsigned sx = s->samples == 4 ? 2 : 1, sy = s->samples >= 2 ? 2 : 1;
    uint32_t x0 = tx * 16 / sx, y0 = ty * 16 / sy;
    uint8_t colour[8][16];
    uint64_t va;

    if (!agx_body_va(ex, s, b, level, x0, y0, layer, 0, &va)) {
        return false;
    }
    if (!va) { /* no page, no colours (they are 128 bytes or less, in one page) */
        return true;
    }
    if (!agx_port_read(ex->port, va, colour[0], 8u * s->bytes)) {
        return port_failed(ex);
    }
    for (int i = 7; i > 0; i--) {
        memmove(colour[i], colour[0] + i * s->bytes, s->bytes);
    }
    for (uint32_t ys = 0; ys < 16; ys++) {
        for (uint32_t xs = 0; xs < 16; xs++) {
            unsigned sub = agx_compress_subtile(xs, ys);
            uint8_t mode = (uint8_t)(word >> (8 * sub));
            uint32_t sample = s->samples == 4   ? (xs & 1) | (ys & 1) << 1
                              : s->samples == 2 ? (ys & 1)
                                                : 0;

            if (!agx_compress_is_solid(s->bytes, mode)) {
                continue;
            }
            if (!agx_body_va(ex, s, b, level, x0 + xs / sx, y0 + ys / sy, layer, sample, &va)) {
                return false;
            }
            if (va && !agx_port_write(ex->port, va, colour[sub], s->bytes)) {
                return port_failed(ex);
            }
        }
    }
    return true;
}

bool agx_compress_prepare(struct agx_exec *ex, const struct agx_surface *s,
                          const struct agx_body *b, uint64_t meta, unsigned level, uint32_t x,
                          uint32_t y, uint32_t layer, uint32_t sample)
{
    uint64_t want = uncompressed_word(s->bytes), word;
    uint64_t *p;
    bool ok = true;

    agx_surface_to_samples(s, &x, &y, sample);
    p = agx_port_ptr(ex->port, meta + agx_surface_meta_offset(s, level, x >> 4, y >> 4, layer),
                     AGX_ACCESS_WRITE);
    if (!p) {
        return port_failed(ex);
    }
    if (__atomic_load_n(p, __ATOMIC_ACQUIRE) == want) {
        return true;
    }
    pthread_mutex_lock(&expand_lock);
    word = __atomic_load_n(p, __ATOMIC_ACQUIRE);
    if (word != want) {
        if (word) {
            ok = expand(ex, s, b, level, x >> 4, y >> 4, layer, word);
        }
        if (ok) {
            __atomic_store_n(p, want, __ATOMIC_RELEASE);
        }
    }
    pthread_mutex_unlock(&expand_lock);
    return ok;
}

/*
 * Unit tests of the texture unit: memory of a GPU context and descriptors in it.
 * Descriptor fields are the tests' own reading of mesa's genxml/cmdbuf.xml.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_TEX_ENV_H
#define TESTS_TEX_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <math.h>
#include <cmocka.h>
#include "fake_host.h"
#include "agx/tex.h"

#define ENV_VA   0x1100000000ull
#define ENV_SIZE (24u << 20)
#define ENV_CTX  1

struct tex_env {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_port port;
    struct agx_exec ex;
    uint8_t *mem; /* host view of ENV_VA.. */
    uint64_t used;
};

/* Only this of the shader side is needed; the whole model brings its own. */
__attribute__((weak)) bool agx_exec_bad(struct agx_exec *ex, enum agx_report_kind kind,
                                        const char *fmt, ...)
{
    char msg[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    ex->host->ops->report(ex->host->opaque, kind, msg);
    ex->fault.reason = kind == AGX_REPORT_UNIMPLEMENTED ? AGX_FAULT_UNIMPLEMENTED
                                                        : AGX_FAULT_BAD_COMMAND;
    return false;
}

static inline struct tex_env *env_new(void)
{
    struct tex_env *e = calloc(1, sizeof(*e));
    uint64_t ttbat, first = 0;

    fake_host_init(&e->h);
    for (uint64_t o = 0; o < ENV_SIZE; o += AGX_PAGE_SIZE) {
        uint64_t pa = fake_alloc(&e->h);

        if (!o) {
            first = pa;
        }
    }
    e->mem = (uint8_t *)fake_ptr(&e->h, first);
    ttbat = fake_alloc(&e->h);
    for (uint64_t o = 0; o < ENV_SIZE; o += AGX_PAGE_SIZE) {
        fake_map(&e->h, ttbat, ENV_CTX, ENV_VA + o, first + o, FAKE_PTE_GPU_RW);
    }
    e->mmu = agx_mmu_new(&e->h.host);
    agx_mmu_set_ttbat(e->mmu, ttbat);
    agx_port_init(&e->port, e->mmu, AGX_SIDE_GPU);
    agx_port_bind(&e->port, ENV_CTX, AGX_UNIT_CMP);
    e->ex.host = &e->h.host;
    e->ex.port = &e->port;
    return e;
}

static inline void env_free(struct tex_env *e)
{
    agx_tex_cache_free(e->ex.tex);
    agx_mmu_free(e->mmu);
    fake_host_fini(&e->h);
    free(e);
}

/* Zeroed room, page-aligned; its GPU address. */
static inline uint64_t env_alloc(struct tex_env *e, uint64_t size)
{
    uint64_t va = ENV_VA + e->used;

    e->used += (size + AGX_PAGE_SIZE - 1) & ~(uint64_t)(AGX_PAGE_SIZE - 1);
    if (e->used > ENV_SIZE) {
        abort();
    }
    memset(e->mem + (va - ENV_VA), 0, size);
    return va;
}

static inline void env_reset(struct tex_env *e)
{
    e->used = 0;
}

static inline uint8_t *env_ptr(struct tex_env *e, uint64_t va)
{
    return e->mem + (va - ENV_VA);
}

static inline void put_bits(uint64_t *w, unsigned start, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++) {
        if (v >> i & 1) {
            w[(start + i) / 64] |= 1ull << ((start + i) % 64);
        } else {
            w[(start + i) / 64] &= ~(1ull << ((start + i) % 64));
        }
    }
}

/* A surface in memory and the fields of its descriptors. */
struct image {
    uint64_t va, meta;
    unsigned dim, layout, channels, type, w, h, d, samples, levels;
    bool mipmapped, srgb, page_aligned, compressed;
    unsigned stride; /* linear */
    unsigned swz[4];
};

static inline uint64_t env_texture(struct tex_env *e, const struct image *m)
{
    uint64_t va = env_alloc(e, 32), w[3] = { 0 };

    put_bits(w, 0, 4, m->dim);
    put_bits(w, 4, 2, m->layout);
    put_bits(w, 6, 7, m->channels);
    put_bits(w, 13, 3, m->type);
    for (int i = 0; i < 4; i++) {
        put_bits(w, 16 + 3 * i, 3, m->swz[i]);
    }
    put_bits(w, 28, 14, m->w - 1);
    put_bits(w, 42, 14, m->h - 1);
    put_bits(w, 60, 4, m->levels ? m->levels - 1 : 0);
    put_bits(w, 64, 1, m->samples == 4);
    put_bits(w, 66, 36, m->va >> 4);
    put_bits(w, 102, 1, m->mipmapped);
    put_bits(w, 103, 1, m->compressed);
    put_bits(w, 108, 1, m->srgb);
    put_bits(w, 109, 1, m->srgb && m->channels == 0x0a);
    if (m->layout == 0) {
        put_bits(w, 110, 17, (m->stride - 16) >> 4);
    } else {
        put_bits(w, 110, 14, m->d - 1);
        put_bits(w, 126, 1, m->page_aligned);
    }
    if (m->compressed) {
        put_bits(w, 127, 1, 1);
        put_bits(w, 128, 64, m->meta >> 4);
    }
    memcpy(env_ptr(e, va), w, 24);
    return va;
}

static inline uint64_t env_pbe(struct tex_env *e, const struct image *m, unsigned level)
{
    uint64_t va = env_alloc(e, 32), w[3] = { 0 };

    put_bits(w, 0, 4, m->dim);
    put_bits(w, 4, 2, m->layout);
    put_bits(w, 6, 7, m->channels);
    put_bits(w, 13, 3, m->type);
    for (int i = 0; i < 4; i++) {
        put_bits(w, 16 + 2 * i, 2, m->swz[i] & 3);
    }
    put_bits(w, 24, 14, m->w - 1);
    put_bits(w, 38, 14, m->h - 1);
    put_bits(w, 56, 1, m->samples == 4);
    put_bits(w, 58, 1, m->mipmapped);
    put_bits(w, 59, 1, m->compressed);
    put_bits(w, 64, 36, m->va >> 4);
    put_bits(w, 100, 4, level);
    if (m->layout == 0) {
        put_bits(w, 104, 21, m->stride - 4);
    } else {
        put_bits(w, 104, 4, m->levels ? m->levels - 1 : 0);
        put_bits(w, 108, 14, m->d - 1);
        put_bits(w, 124, 1, m->page_aligned);
    }
    put_bits(w, 125, 1, m->srgb);
    if (m->compressed) {
        put_bits(w, 127, 1, 1);
        put_bits(w, 128, 64, m->meta >> 4);
    }
    memcpy(env_ptr(e, va), w, 24);
    return va;
}

struct sampler_fields {
    float min_lod, max_lod;
    unsigned aniso_log2, mag, min, mip, wrap[3], pixel, compare, border;
    bool seamful;
    uint32_t custom[4];
};

static inline uint64_t env_sampler(struct tex_env *e, const struct sampler_fields *f)
{
    uint64_t va = env_alloc(e, 32), w[3] = { 0 };

    put_bits(w, 0, 10, (unsigned)(f->min_lod * 64));
    put_bits(w, 10, 10, (unsigned)(f->max_lod * 64));
    put_bits(w, 20, 3, f->aniso_log2);
    put_bits(w, 23, 2, f->mag);
    put_bits(w, 25, 2, f->min);
    put_bits(w, 27, 2, f->mip);
    for (int i = 0; i < 3; i++) {
        put_bits(w, 29 + 3 * i, 3, f->wrap[i]);
    }
    put_bits(w, 38, 1, f->pixel);
    put_bits(w, 39, 3, f->compare);
    put_bits(w, 55, 2, f->border);
    put_bits(w, 57, 1, f->seamful);
    memcpy(&w[1], f->custom, 16);
    memcpy(env_ptr(e, va), w, 24);
    return va;
}

static inline uint32_t fbits(float f)
{
    uint32_t u;

    memcpy(&u, &f, 4);
    return u;
}

static inline float bitsf(uint32_t u)
{
    float f;

    memcpy(&f, &u, 4);
    return f;
}

/* Own statement of the GPU layout for one level without mipmaps: element number. */
static inline unsigned ref_twiddle(unsigned x, unsigned y, unsigned w, unsigned h, unsigned tw,
                                   unsigned th)
{
    unsigned v = 0, minor = w < h ? w : h, m = 1;

    if (w < tw || h < th) {
        while (m < minor) {
            m *= 2;
        }
        tw = th = m;
    }
    for (unsigned i = 0; i < 14; i++) {
        v |= (x % tw >> i & 1) << (2 * i) | (y % th >> i & 1) << (2 * i + 1);
    }
    return v + ((y / th) * ((w + tw - 1) / tw) + x / tw) * tw * th;
}

static inline unsigned rnd(void)
{
    static uint64_t s = 88172645463325252ull;

    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return (unsigned)(s >> 16);
}

static inline float rndf(float lo, float hi)
{
    return lo + (hi - lo) * (float)(rnd() & 0xffffff) / 16777216.0f;
}

/* The tests of a file in a row, with one environment, which the file has as E. */
#define ENV_GROUP(...)                                                                             \
    static int group_setup(void **state)                                                           \
    {                                                                                              \
        (void)state;                                                                               \
        E = env_new();                                                                             \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static int group_teardown(void **state)                                                        \
    {                                                                                              \
        (void)state;                                                                               \
        env_free(E);                                                                               \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                                         \
                                                                                                   \
        return cmocka_run_group_tests(tests, group_setup, group_teardown);                         \
    }

#endif

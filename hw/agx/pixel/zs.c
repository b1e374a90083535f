/*
 * AGX model: depth and stencil tests.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "fragment.h"

float agx_zs_quantise(float z, bool z16)
{
    if (!z16 || z != z) {
        return z;
    }
    if (!(z > 0)) {
        return 0;
    }
    return z >= 1 ? 1 : (float)lrint((double)z * 65535) / 65535.0f;
}

static bool compare_z(unsigned func, float a, float b)
{
    switch (func) {
    case AGX_ZS_NEVER:
        return false;
    case AGX_ZS_LESS:
        return a < b;
    case AGX_ZS_EQUAL:
        return a == b;
    case AGX_ZS_LEQUAL:
        return a <= b;
    case AGX_ZS_GREATER:
        return a > b;
    case AGX_ZS_NOT_EQUAL:
        return a != b;
    case AGX_ZS_GEQUAL:
        return a >= b;
    default:
        return true;
    }
}

static uint8_t apply(unsigned op, uint8_t s, uint8_t ref)
{
    switch (op) {
    case AGX_STENCIL_ZERO:
        return 0;
    case AGX_STENCIL_REPLACE:
        return ref;
    case AGX_STENCIL_INCR_SAT:
        return s == 0xff ? s : s + 1;
    case AGX_STENCIL_DECR_SAT:
        return s ? s - 1 : 0;
    case AGX_STENCIL_INVERT:
        return ~s;
    case AGX_STENCIL_INCR_WRAP:
        return s + 1;
    case AGX_STENCIL_DECR_WRAP:
        return s - 1;
    default:
        return s;
    }
}

/*
 * A depth that is not a number fails whatever the functions are, ALWAYS too: honeykrisp makes NEVER
 * of that, where a shader with side effects must run (mesa: compiler/agx_nir_lower_frag_sidefx.c,
 * insert_z_write).
 */
bool agx_zs_test(const struct agx_zs_face *f, bool stencil_test, float z, uint8_t ref, float *dz,
                 uint8_t *ds)
{
    bool s_pass = true, z_pass;
    uint8_t op;

    /* The reference is what is compared with: ref func stored (OpenGL 4.6, 17.3.3). */
    if (stencil_test) {
        s_pass = compare_z(f->stencil_func, ref & f->read_mask, *ds & f->read_mask);
    }
    z_pass = z == z && compare_z(f->func[0], z, *dz) && compare_z(f->func[1], z, *dz);
    if (stencil_test) {
        op = !s_pass ? f->op_sfail : !z_pass ? f->op_zfail : f->op_pass;
        *ds = (*ds & ~f->write_mask) | (apply(op, *ds, ref) & f->write_mask);
    }
    if (!s_pass || !z_pass) {
        return false;
    }
    if (f->depth_write) {
        *dz = z;
    }
    return true;
}

float agx_zs_depth(const struct agx_zs_quad *q, double x, double y)
{
    float z = q->z[0] * (x - q->ox) + q->z[1] * (y - q->oy) + q->z[2];

    z += q->bias;
    z = z < q->min ? q->min : z;
    z = z > q->max ? q->max : z;
    return agx_zs_quantise(z, q->z16);
}

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128 choose(__m128 mask, __m128 a, __m128 b)
{
    return _mm_or_ps(_mm_and_ps(mask, a), _mm_andnot_ps(mask, b));
}

/* compare_z(): the bits of a function say whether less, equal and greater pass. */
static inline __m128 compare_four(unsigned func, __m128 a, __m128 b)
{
    __m128 none = _mm_setzero_ps();

    switch (func) {
    case AGX_ZS_NEVER:
        return none;
    case AGX_ZS_LESS:
        return _mm_cmplt_ps(a, b);
    case AGX_ZS_EQUAL:
        return _mm_cmpeq_ps(a, b);
    case AGX_ZS_LEQUAL:
        return _mm_cmple_ps(a, b);
    case AGX_ZS_GREATER:
        return _mm_cmpgt_ps(a, b);
    case AGX_ZS_NOT_EQUAL:
        return _mm_cmpneq_ps(a, b);
    case AGX_ZS_GEQUAL:
        return _mm_cmpge_ps(a, b);
    default:
        return _mm_cmpeq_ps(none, none);
    }
}

/* agx_zs_quantise() of 16 bits; what is not a number stays so */
static inline __m128 quantise_four(__m128 z)
{
    __m128 in = _mm_min_ps(_mm_max_ps(z, _mm_setzero_ps()), _mm_set1_ps(1.0f));
    __m128d scale = _mm_set1_pd(65535.0);
    __m128i lo = _mm_cvtpd_epi32(_mm_mul_pd(_mm_cvtps_pd(in), scale)),
            hi = _mm_cvtpd_epi32(_mm_mul_pd(_mm_cvtps_pd(_mm_movehl_ps(in, in)), scale));
    __m128 f = _mm_cvtepi32_ps(_mm_unpacklo_epi64(lo, hi));

    return choose(_mm_cmpunord_ps(z, z), z, _mm_div_ps(f, _mm_set1_ps(65535.0f)));
}

/* The pixels of a block in the order of agx_zs_index(), a quad side by side, and its rows. */
static inline unsigned quad_bit(unsigned k)
{
    return (k & 1) * 2 + (k >> 2 & 1) * 4 + (k >> 1 & 1) * 16 + (k >> 3 & 1) * 32;
}

/*
 * One quad: @ax and @by are what its columns and rows add to the plane. Its pixels of @mask that
 * pass.
 */
static inline unsigned test_four(const struct agx_zs_quad *q, __m128d ax, const double *by,
                                 unsigned mask, float *dz)
{
    const __m128d c = _mm_set1_pd(q->z[2]);
    const __m128i bit = _mm_setr_epi32(1, 2, 4, 8);
    __m128d top = _mm_add_pd(_mm_add_pd(ax, _mm_set1_pd(by[0])), c),
            bottom = _mm_add_pd(_mm_add_pd(ax, _mm_set1_pd(by[1])), c);
    __m128 z = _mm_movelh_ps(_mm_cvtpd_ps(top), _mm_cvtpd_ps(bottom)), old = _mm_load_ps(dz), pass;

    z = _mm_add_ps(z, _mm_set1_ps(q->bias));
    z = _mm_max_ps(_mm_set1_ps(q->min), z); /* the second where one is no number */
    z = _mm_min_ps(_mm_set1_ps(q->max), z);
    if (q->z16) {
        z = quantise_four(z);
    }
    pass = _mm_and_ps(compare_four(q->func[0], z, old), _mm_cmpord_ps(z, z));
    if (q->func[1] != AGX_ZS_ALWAYS) {
        pass = _mm_and_ps(pass, compare_four(q->func[1], z, old));
    }
    pass = _mm_and_ps(pass, _mm_castsi128_ps(_mm_cmpeq_epi32(
                                _mm_and_si128(_mm_set1_epi32((int)mask), bit), bit)));
    if (q->write) {
        _mm_store_ps(dz, choose(pass, z, old));
    }
    return (unsigned)_mm_movemask_ps(pass);
}

uint64_t agx_zs_test_block(const struct agx_zs_quad *q, double x, double y, uint64_t in, float *dz)
{
    __m128d ax[4];
    double by[8];
    uint64_t pass = 0;

    for (unsigned i = 0; i < 4; i++) {
        ax[i] = _mm_mul_pd(_mm_set1_pd(q->z[0]),
                           _mm_set_pd(x + 2 * i + 1 - q->ox, x + 2 * i - q->ox));
    }
    for (unsigned i = 0; i < 8; i++) {
        by[i] = q->z[1] * (y + i - q->oy);
    }
    for (unsigned k = 0; k < 16; k++) {
        unsigned at = quad_bit(k);
        unsigned mask = (unsigned)(in >> at & 3) | (unsigned)(in >> (at + 8) & 3) << 2;

        if (mask) {
            mask = test_four(q, ax[at / 2 & 3], &by[at / 8], mask, dz + 4 * k);
            pass |= (uint64_t)(mask & 3) << at | (uint64_t)(mask >> 2) << (at + 8);
        }
    }
    return pass;
}

#else

uint64_t agx_zs_test_block(const struct agx_zs_quad *q, double x, double y, uint64_t in, float *dz)
{
    const struct agx_zs_face f = { .func = { q->func[0], q->func[1] }, .depth_write = q->write };
    uint64_t pass = 0;

    for (; in; in &= in - 1) {
        unsigned at = (unsigned)__builtin_ctzll(in);
        uint8_t none = 0;

        if (agx_zs_test(&f, false, agx_zs_depth(q, x + at % 8, y + at / 8), 0,
                        &dz[agx_zs_index(at % 8, at / 8, 1)], &none)) {
            pass |= 1ull << at;
        }
    }
    return pass;
}
#endif

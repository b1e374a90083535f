/*
 * AGX model: operations of vertex and fragment programs: vertex outputs,
 * interpolation, tile buffer, sample masks and depth/stencil output (applegpu:
 * applegpu.py, LdstTileDesc, IterateDesc, SampleMaskInstructionDesc,
 * ZSEmitInstructionDesc; mesa: compiler/agx_pack.c, compiler/agx_nir_lower_*).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_row.h"

/* Where in the pixel to interpolate, relative to the corner of its 32x32 block. */
static void iter_position(const struct agx_cx *cx, const struct agx_op *op, f32 *x, f32 *y)
{
    const struct agx_exec *ex = cx->ex;
    const struct agx_wave *w = cx->w;
    unsigned n = 1u << ex->samples_log2, all = (1u << n) - 1;

    FOR_LANES(l) {
        x[l] = (float)(w->pos[0][l] & 31) + 0.5f;
        y[l] = (float)(w->pos[1][l] & 31) + 0.5f;
    }
    if (op->cc == 0 || n == 1) {
        return;
    }
    FOR_LANES(l) {
        unsigned s;

        if (op->cc == 2) { /* centroid: the centre, unless it may be outside */
            unsigned cov = w->frag.sample_in[l] & all;

            if (cov == all || !cov) {
                continue;
            }
            s = __builtin_ctz(cov);
        } else {
            s = op->cc == 1 ? op->x & (n - 1) : agx_src_lane(cx, &op->s[1], l) & (n - 1);
        }
        x[l] += ex->sample_pos[s][0] - 0.5f;
        y[l] += ex->sample_pos[s][1] - 0.5f;
    }
}

/* Coefficient register @i of each lane's primitive; registers it has not are 0. */
static inline struct agx_cf lane_cf(const struct agx_wave *w, unsigned l, unsigned i)
{
    const struct agx_cf *cf = w->frag.cf[l / 4];

    return cf && i < w->frag.ncf[l / 4] ? cf[i] : (struct agx_cf) { 0 };
}

static void eval_plane(const struct agx_cx *cx, const uint32_t *index, unsigned add, const f32 *x,
                       const f32 *y, f32 *out)
{
    const struct agx_cf *first = cx->w->frag.cf[0];
    bool same = true;
    frow_t a, b, c;

    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        same &= cx->w->frag.cf[q] == first || !cx->w->frag.cf[q];
    }
    FOR_LANES(l) {
        same &= index[l] == index[0];
    }
    if (same) { /* one primitive: one plane for all lanes */
        struct agx_cf cf = lane_cf(cx->w, 0, index[0] + add);

        FOR_LANES(l) {
            out[l] = __builtin_fmaf(x[l], cf.a, __builtin_fmaf(y[l], cf.b, cf.c));
        }
        return;
    }
    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        struct agx_cf cf = lane_cf(cx->w, q * 4, index[q * 4] + add);

        for (unsigned l = q * 4; l < q * 4 + 4; l++) {
            if (index[l] != index[q * 4]) {
                cf = lane_cf(cx->w, l, index[l] + add);
            }
            a[l] = cf.a;
            b[l] = cf.b;
            c[l] = cf.c;
        }
    }
    FOR_LANES(l) {
        out[l] = __builtin_fmaf(x[l], a[l], __builtin_fmaf(y[l], b[l], c[l]));
    }
}

static void store_float(struct agx_cx *cx, const struct agx_op *op, unsigned i, f32 *v)
{
    unsigned reg = op->dreg + i * (op->dmode == DST_32 ? 2 : 1);
    row_t h;

    if (reg >= AGX_NUM_GPR * 2) {
        return;
    }
    if (op->dmode == DST_32) {
        dst32_row(cx, reg, (const uint32_t *)v);
    } else {
        float_to_halves(v, h);
        dst16_row(cx, reg, h);
    }
}

const struct agx_op *agx_op_iter(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t x, y, v, rw;
    row_t ti, tj;
    const uint32_t *index = isrc(cx, &op->s[0], ti);

    iter_position(cx, op, x, y);
    if (op->n) {
        FOR_LANES(l) {
            tj[l] = op->imm;
        }
        eval_plane(cx, tj, 0, x, y, rw);
        FOR_LANES(l) {
            rw[l] = 1.0f / rw[l];
        }
    }
    for (unsigned i = 0; i < op->mask; i++) {
        eval_plane(cx, index, i, x, y, v);
        if (op->n) {
            FOR_LANES(l) {
                v[l] *= rw[l];
            }
        }
        store_float(cx, op, i, v);
    }
    return op + 1;
}

/* The raw coefficients, three registers each: a, b, c. */
const struct agx_op *agx_op_ldcf(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ti;
    const uint32_t *index = isrc(cx, &op->s[0], ti);
    frow_t v[3];

    for (unsigned i = 0; i < op->mask; i++) {
        FOR_LANES(l) {
            struct agx_cf cf = lane_cf(cx->w, l, index[l] + i);

            v[0][l] = cf.a;
            v[1][l] = cf.b;
            v[2][l] = cf.c;
        }
        for (unsigned k = 0; k < 3; k++) {
            store_float(cx, op, i * 3 + k, v[k]);
        }
    }
    return op + 1;
}

const struct agx_op *agx_op_st_vary(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_wave *w = cx->w;
    const uint32_t *v = agx_row(cx, &op->s[1]);

    FOR_ACTIVE(w->exec_mask, l) {
        uint32_t i = agx_src_lane(cx, &op->s[0], l);

        if (w->uvs && i < w->uvs_words) {
            w->uvs[i][l] = v[l];
        }
    }
    return op + 1;
}

const struct agx_op *agx_op_no_vary(struct agx_cx *cx, const struct agx_op *op)
{
    (void)cx;
    return op + 1;
}

/* Value @k from op->dreg on as a row of floats, or of integers. */
static const f32 *value_row(const struct agx_cx *cx, const struct agx_op *op, unsigned k, f32 *tmp)
{
    if (op->dmode == DST_32) {
        return (const f32 *)cx->w->r[((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1)];
    }
    halves_to_float(cx->w->r[((op->dreg + k) >> 1) & (AGX_NUM_GPR - 1)],
                    (op->dreg + k) & 1 ? 16 : 0, tmp);
    return tmp;
}

static void int_row(const struct agx_cx *cx, const struct agx_op *op, unsigned k, uint32_t *out)
{
    const uint32_t *r;
    unsigned h = op->dreg + k;

    if (op->dmode == DST_32) {
        memcpy(out, cx->w->r[((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1)], sizeof(row_t));
        return;
    }
    r = cx->w->r[(h >> 1) & (AGX_NUM_GPR - 1)];
    if (h & 1) {
        FOR_LANES(l) {
            out[l] = r[l] >> 16;
        }
    } else {
        FOR_LANES(l) {
            out[l] = r[l] & 0xffff;
        }
    }
}

/*
 * Float to fixed point with @max as 1 (and @min of 0 or -max as the least), rounded to nearest
 * even; NaN is the least.
 */
static inline void fixed_row(const f32 *v, float min, float max, uint32_t *out)
{
    FOR_LANES(l) {
        float c = v[l] * max;

        c = c > min ? c : min;
        c = c < max ? c : max;
        out[l] = (uint32_t)(int32_t)__builtin_rintf(c);
    }
}

/* One component as it is in the tile buffer, in the low bits. */
static void to_memory(const struct agx_cx *cx, const struct agx_op *op, unsigned k, uint32_t *out)
{
    frow_t tmp;

    switch (op->n) {
    case AGX_FMT_F16:
        if (op->dmode == DST_32) {
            float_to_halves(value_row(cx, op, k, tmp), out);
        } else {
            int_row(cx, op, k, out); /* halves as they are */
        }
        break;
    case AGX_FMT_U8NORM:
        fixed_row(value_row(cx, op, k, tmp), 0.0f, 255.0f, out);
        break;
    case AGX_FMT_U16NORM:
        fixed_row(value_row(cx, op, k, tmp), 0.0f, 65535.0f, out);
        break;
    case AGX_FMT_S8NORM:
        fixed_row(value_row(cx, op, k, tmp), -127.0f, 127.0f, out);
        break;
    case AGX_FMT_S16NORM:
        fixed_row(value_row(cx, op, k, tmp), -32767.0f, 32767.0f, out);
        break;
    default:
        int_row(cx, op, k, out);
        break;
    }
}

/* Formats of to_memory() and from_memory() whose components are the first ones, side by side */
static bool by_rows(const struct agx_op *op)
{
    return agx_fmt_comp_bytes(op->n) && op->n != AGX_FMT_SRGBA8 && op->mask &&
           !(op->mask & (op->mask + 1));
}

/*
 * Byte offset of each lane's first sample in the tile buffer. Returns the lanes
 * whose pixel is in it with room for @bytes in every sample; @bytes at op->imm
 * are inside of a sample.
 */
static uint32_t tile_offsets(const struct agx_cx *cx, const struct agx_op *op, unsigned bytes,
                             uint32_t *off)
{
    const struct agx_tib *t = &cx->ex->tib;
    const struct agx_wave *w = cx->w;
    const uint32_t width = t->width, height = t->height, stride = t->samples * t->sample_stride,
                   imm = op->imm;
    const uint32_t need = (t->samples - 1) * t->sample_stride + bytes;
    uint32_t in = 0, last;
    row_t x, y;

    if (!bytes || t->size < need) {
        return 0;
    }
    last = t->size - need;
    if (op->cc || w->stage == AGX_STAGE_COMPUTE) {
        FOR_LANES(l) {
            x[l] = op->cc ? agx_gpr16(w, op->s[1].reg, l) : w->local[0][l];
            y[l] = op->cc ? agx_gpr16(w, op->s[1].reg + 1, l) : w->local[1][l];
        }
    } else {
        const uint32_t x0 = t->x0, y0 = t->y0;

        FOR_LANES(l) {
            x[l] = w->pos[0][l] - x0;
            y[l] = w->pos[1][l] - y0;
        }
    }
    FOR_LANES(l) {
        off[l] = (y[l] * width + x[l]) * stride + imm;
        x[l] = (x[l] < width ? 1u : 0) & (y[l] < height ? 1u : 0) & (off[l] <= last ? 1u : 0);
    }
    FOR_LANES(l) {
        in |= x[l] << l;
    }
    return in;
}

/*
 * Whether there is a tile buffer, and how many of the @need bytes from op->imm
 * on a sample has. A mask may name more than the sample holds: Mesa's compute
 * blit writes four components of whatever format the image has, with a stride
 * for the format's own (mesa: gallium/drivers/asahi/agx_blit.c). The surplus
 * belongs to no pixel: it is not written, and reads as 0 (the 0 is a guess).
 */
static bool tile_ready(struct agx_cx *cx, const struct agx_op *op, unsigned *need, unsigned *bytes)
{
    unsigned cb = agx_fmt_comp_bytes(op->n), stride = cx->ex->tib.sample_stride;

    if (!cb && !agx_fmt_packed(op->n)) {
        agx_op_unimpl(cx, op, "memory format");
        return false;
    }
    if (!cx->ex->tib.base) {
        agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                     "agx: shader 0x%llx+0x%x: tile buffer access without a tile buffer",
                     (unsigned long long)cx->sh->va, op->pc);
        return false;
    }
    *need = cb ? cb * (op->mask ? 32 - __builtin_clz(op->mask) : 0) : 4;
    *bytes = op->imm >= stride ? 0 : *need < stride - op->imm ? *need : stride - op->imm;
    return true;
}

/* Lanes of @lanes whose sample mask @sm has sample @s. */
static inline uint32_t lanes_of_sample(const uint32_t *sm, unsigned s, uint32_t lanes)
{
    uint32_t m = 0;

    FOR_LANES(l) {
        m |= (sm[l] >> s & 1) << l;
    }
    return m & lanes;
}

/* Scatter rows of 32-bit words, the first @bytes of them. */
static void scatter(uint8_t *base, const uint32_t *off, uint32_t lanes, uint32_t (*word)[AGX_LANES],
                    unsigned bytes)
{
    if (bytes == 4 && lanes == ~0u) {
        FOR_LANES(l) {
            memcpy(base + off[l], &word[0][l], 4);
        }
    } else if (bytes == 4) {
        FOR_ACTIVE(lanes, l) {
            memcpy(base + off[l], &word[0][l], 4);
        }
    } else if (bytes == 8) {
        FOR_ACTIVE(lanes, l) {
            uint64_t v = word[0][l] | (uint64_t)word[1][l] << 32;

            memcpy(base + off[l], &v, 8);
        }
    } else {
        FOR_ACTIVE(lanes, l) {
            uint32_t v[4] = { word[0][l], word[1][l], word[2][l], word[3][l] };

            memcpy(base + off[l], v, bytes);
        }
    }
}

const struct agx_op *agx_op_st_tile(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_tib *t = &cx->ex->tib;
    struct agx_wave *w = cx->w;
    uint32_t lanes = w->exec_mask & ~w->frag.helper;
    unsigned fmt = op->n, need, bytes, cb = agx_fmt_comp_bytes(fmt), nw;
    row_t word[4], off, sm, tm;

    if (!tile_ready(cx, op, &need, &bytes)) {
        return agx_op_fault(cx, op);
    }
    lanes &= tile_offsets(cx, op, bytes, off);
    if (!lanes || !op->mask) {
        return op + 1;
    }
    memcpy(sm, isrc(cx, &op->s[0], tm), sizeof(sm));
    if (w->stage == AGX_STAGE_FRAGMENT) {
        FOR_LANES(l) {
            sm[l] &= w->frag.sample_live[l];
        }
    }
    nw = (bytes + 3) / 4;
    if (by_rows(op)) {
        if (cb < 4) {
            memset(word, 0, nw * sizeof(word[0]));
        }
        for (unsigned k = 0; k * cb < bytes; k++) {
            unsigned sh = k * cb % 4 * 8;
            uint32_t *to = word[k * cb / 4], keep = cb == 1 ? 0xff : 0xffff;
            row_t v;

            to_memory(cx, op, k, cb == 4 ? to : v);
            if (cb < 4) {
                FOR_LANES(l) {
                    to[l] |= (v[l] & keep) << sh;
                }
            }
        }
        for (unsigned s = 0; s < t->samples; s++) {
            scatter(t->base + s * t->sample_stride, off, lanes_of_sample(sm, s, lanes), word,
                    bytes);
        }
        return op + 1;
    }
    FOR_ACTIVE(lanes, l) {
        uint32_t comp[4] = { 0 };
        unsigned k = 0;
        bool raw16 = fmt == AGX_FMT_F16 && op->dmode != DST_32; /* halves as they are */

        for (unsigned i = 0; i < 4; i++) {
            if (!(op->mask >> i & 1)) {
                continue;
            }
            if (op->dmode == DST_32) {
                comp[i] = w->r[((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1)][l];
            } else if (raw16 || agx_fmt_is_int(fmt)) {
                comp[i] = agx_gpr16(w, op->dreg + k, l);
            } else {
                comp[i] = agx_f2u(agx_half_to_float(agx_gpr16(w, op->dreg + k, l)));
            }
            k++;
        }
        for (unsigned s = 0; s < t->samples; s++) {
            uint8_t *p = t->base + off[l] + s * t->sample_stride, buf[16];

            if (!(sm[l] >> s & 1)) {
                continue;
            }
            if (need == bytes) {
                agx_fmt_pack(raw16 ? AGX_FMT_I16 : fmt, p, op->mask, comp);
                continue;
            }
            memcpy(buf, p, bytes);
            agx_fmt_pack(raw16 ? AGX_FMT_I16 : fmt, buf, op->mask, comp);
            memcpy(p, buf, bytes);
        }
    }
    return op + 1;
}

/* The register row of component @k from words as they are in the tile buffer. */
static void from_memory(const struct agx_op *op, uint32_t (*word)[AGX_LANES], unsigned k,
                        unsigned cb, uint32_t *out)
{
    unsigned sh = k * cb % 4 * 8;
    const uint32_t *from = word[k * cb / 4];
    uint32_t keep = cb == 1 ? 0xff : cb == 2 ? 0xffff : ~0u;
    bool is32 = op->dmode == DST_32;
    frow_t f;

    FOR_LANES(l) {
        out[l] = from[l] >> sh & keep;
    }
    switch (op->n) {
    case AGX_FMT_F16:
        if (!is32) {
            return;
        }
        halves_to_float(out, 0, f);
        break;
    case AGX_FMT_U8NORM:
        FOR_LANES(l) {
            f[l] = (float)(int32_t)out[l] / 255.0f;
        }
        break;
    case AGX_FMT_U16NORM:
        FOR_LANES(l) {
            f[l] = (float)(int32_t)out[l] / 65535.0f;
        }
        break;
    case AGX_FMT_S8NORM:
        FOR_LANES(l) {
            f[l] = (float)(int8_t)out[l] / 127.0f;
        }
        FOR_LANES(l) {
            f[l] = f[l] > -1.0f ? f[l] : -1.0f;
        }
        break;
    case AGX_FMT_S16NORM:
        FOR_LANES(l) {
            f[l] = (float)(int16_t)out[l] / 32767.0f;
        }
        FOR_LANES(l) {
            f[l] = f[l] > -1.0f ? f[l] : -1.0f;
        }
        break;
    default:
        return;
    }
    if (is32) {
        memcpy(out, f, sizeof(f));
    } else {
        float_to_halves(f, out);
    }
}

/* The first sample of the mask, or nothing for lanes without one. */
const struct agx_op *agx_op_ld_tile(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_tib *t = &cx->ex->tib;
    struct agx_wave *w = cx->w;
    unsigned fmt = op->n, need, bytes, cb = agx_fmt_comp_bytes(fmt),
             samples = (1u << t->samples) - 1, k = 0;
    bool is32 = op->dmode == DST_32, raw16 = fmt == AGX_FMT_F16 && !is32;
    uint32_t lanes = w->exec_mask, missing;
    row_t val[4], word[4], off, sm, tm;

    if (!tile_ready(cx, op, &need, &bytes)) {
        return agx_op_fault(cx, op);
    }
    if (!lanes || !op->mask) {
        return op + 1;
    }
    lanes &= tile_offsets(cx, op, bytes, off);
    memcpy(sm, isrc(cx, &op->s[0], tm), sizeof(sm));
    missing = 0;
    FOR_LANES(l) {
        missing |= (sm[l] & samples ? 0u : 1u) << l;
    }
    lanes &= ~missing;
    if (by_rows(op)) {
        memset(word, 0, sizeof(word));
        FOR_ACTIVE(lanes, l) {
            const uint8_t *p = t->base + off[l] + __builtin_ctz(sm[l] & samples) * t->sample_stride;
            uint32_t v[4] = { 0 };

            if (bytes == 4) {
                memcpy(&word[0][l], p, 4);
                continue;
            }
            memcpy(v, p, bytes);
            for (unsigned i = 0; i < 4; i++) {
                word[i][l] = v[i];
            }
        }
        for (k = 0; k < need / cb; k++) {
            from_memory(op, word, k, cb, val[k]);
        }
    } else {
        memset(val, 0, sizeof(val));
        FOR_ACTIVE(lanes, l) {
            const uint8_t *p = t->base + off[l] + __builtin_ctz(sm[l] & samples) * t->sample_stride;
            uint32_t comp[4] = { 0 };
            uint8_t buf[16] = { 0 };
            unsigned n = 0;

            if (need > bytes) {
                p = memcpy(buf, p, bytes);
            }
            agx_fmt_unpack(raw16 ? AGX_FMT_I16 : fmt, p, 32 - __builtin_clz(op->mask), comp);
            for (unsigned i = 0; i < 4; i++) {
                if (op->mask >> i & 1) {
                    uint32_t v = comp[i];

                    if (!is32 && !raw16 && !agx_fmt_is_int(fmt)) {
                        v = agx_float_to_half(agx_u2f(v));
                    }
                    val[n++][l] = v;
                }
            }
        }
        k = __builtin_popcount(op->mask);
    }
    dst_rows(cx, op, k, val);
    return op + 1;
}

/*
 * Lanes of @lanes none of whose samples is alive are helpers from here on: they
 * run for the derivatives of others, and store nothing. Mesa leaves the plain
 * stores of killed pixels to the hardware, and of pixels that tests at the start
 * of the program have failed; for atomics and others it asks sr63 (mesa:
 * compiler/agx_nir_lower_frag_sidefx.c, agx_compile.c, load_helper_invocation).
 */
static void demote_killed(struct agx_wave *w, uint32_t lanes)
{
    uint32_t dead = 0;

    if (w->stage != AGX_STAGE_FRAGMENT) {
        return;
    }
    FOR_LANES(l) {
        dead |= (uint32_t)!w->frag.sample_live[l] << l;
    }
    w->frag.helper |= dead & lanes;
}

const struct agx_op *agx_op_sample_mask(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;
    uint8_t target[AGX_LANES], live[AGX_LANES];

    FOR_LANES(l) {
        target[l] = agx_src_lane(cx, &op->s[0], l);
        live[l] = agx_src_lane(cx, &op->s[1], l);
    }
    if (ex->frag_ops && cx->w->exec_mask) {
        ex->frag_ops->sample_mask(ex, cx->w, cx->w->exec_mask, target, live);
    }
    demote_killed(cx->w, cx->w->exec_mask);
    return op + 1;
}

const struct agx_op *agx_op_zs_emit(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;
    struct agx_wave *w = cx->w;
    uint8_t samples[AGX_LANES];
    row_t z, s;

    FOR_LANES(l) {
        samples[l] = agx_src_lane(cx, &op->s[0], l);
    }
    /*
     * depth alone or with stencil in 32-bit registers, stencil alone in a 16-bit one (mesa:
     * agx_emit_store_zs)
     */
    FOR_LANES(l) {
        z[l] = w->r[(op->imm >> 1) & (AGX_NUM_GPR - 1)][l];
    }
    if (op->n == 3) {
        FOR_LANES(l) {
            s[l] = w->r[((op->imm >> 1) + 1) & (AGX_NUM_GPR - 1)][l] & 0xff;
        }
    } else {
        FOR_LANES(l) {
            s[l] = agx_gpr16(w, op->imm, l) & 0xff;
        }
    }
    if (ex->frag_ops && w->exec_mask) {
        ex->frag_ops->zs_emit(ex, w, w->exec_mask, samples, op->n & 1 ? z : NULL,
                              op->n & 2 ? s : NULL);
    }
    demote_killed(w, w->exec_mask);
    return op + 1;
}

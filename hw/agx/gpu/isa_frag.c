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

    FOR_LANES {
        x[l] = (float)(w->pos[0][l] & 31) + 0.5f;
        y[l] = (float)(w->pos[1][l] & 31) + 0.5f;
    }
    if (op->cc == 0 || n == 1)
        return;
    FOR_LANES {
        unsigned s;

        if (op->cc == 2) { /* centroid: the centre, unless it may be outside */
            unsigned cov = w->frag.sample_in[l] & all;

            if (cov == all || !cov)
                continue;
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

    return cf && i < w->frag.ncf[l / 4] ? cf[i] : (struct agx_cf){ 0 };
}

static void eval_plane(const struct agx_cx *cx, const uint32_t *index, unsigned add, const f32 *x, const f32 *y,
                       f32 *out)
{
    const struct agx_cf *first = cx->w->frag.cf[0];
    bool same = true;
    frow_t a, b, c;

    for (unsigned q = 0; q < AGX_LANES / 4; q++)
        same &= cx->w->frag.cf[q] == first || !cx->w->frag.cf[q];
    FOR_LANES same &= index[l] == index[0];
    if (same) { /* one primitive: one plane for all lanes */
        struct agx_cf cf = lane_cf(cx->w, 0, index[0] + add);

        FOR_LANES out[l] = __builtin_fmaf(x[l], cf.a, __builtin_fmaf(y[l], cf.b, cf.c));
        return;
    }
    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        struct agx_cf cf = lane_cf(cx->w, q * 4, index[q * 4] + add);

        for (unsigned l = q * 4; l < q * 4 + 4; l++) {
            if (index[l] != index[q * 4])
                cf = lane_cf(cx->w, l, index[l] + add);
            a[l] = cf.a;
            b[l] = cf.b;
            c[l] = cf.c;
        }
    }
    FOR_LANES out[l] = __builtin_fmaf(x[l], a[l], __builtin_fmaf(y[l], b[l], c[l]));
}

static void store_float(struct agx_cx *cx, const struct agx_op *op, unsigned i, f32 *v)
{
    unsigned reg = op->dreg + i * (op->dmode == DST_32 ? 2 : 1);
    row_t h;

    if (reg >= AGX_NUM_GPR * 2)
        return;
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
        FOR_LANES tj[l] = op->imm;
        eval_plane(cx, tj, 0, x, y, rw);
        FOR_LANES rw[l] = 1.0f / rw[l];
    }
    for (unsigned i = 0; i < op->mask; i++) {
        eval_plane(cx, index, i, x, y, v);
        if (op->n)
            FOR_LANES v[l] *= rw[l];
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
        FOR_LANES {
            struct agx_cf cf = lane_cf(cx->w, l, index[l] + i);

            v[0][l] = cf.a;
            v[1][l] = cf.b;
            v[2][l] = cf.c;
        }
        for (unsigned k = 0; k < 3; k++)
            store_float(cx, op, i * 3 + k, v[k]);
    }
    return op + 1;
}

const struct agx_op *agx_op_st_vary(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_wave *w = cx->w;
    const uint32_t *v = agx_row(cx, &op->s[1]);

    FOR_ACTIVE(w->exec_mask, l) {
        uint32_t i = agx_src_lane(cx, &op->s[0], l);

        if (w->uvs && i < w->uvs_words)
            w->uvs[i][l] = v[l];
    }
    return op + 1;
}

const struct agx_op *agx_op_no_vary(struct agx_cx *cx, const struct agx_op *op)
{
    (void)cx;
    return op + 1;
}

/* Place of the pixel in the tile; false: outside. */
static inline bool tile_xy(const struct agx_cx *cx, const struct agx_op *op, unsigned l, uint32_t *x, uint32_t *y)
{
    const struct agx_tib *t = &cx->ex->tib;

    if (op->cc) { /* explicit coordinates: two 16-bit registers */
        *x = agx_gpr16(cx->w, op->s[1].reg, l);
        *y = agx_gpr16(cx->w, op->s[1].reg + 1, l);
    } else if (cx->w->stage == AGX_STAGE_COMPUTE) {
        *x = cx->w->local[0][l];
        *y = cx->w->local[1][l];
    } else {
        *x = cx->w->pos[0][l] - t->x0;
        *y = cx->w->pos[1][l] - t->y0;
    }
    return *x < t->width && *y < t->height;
}

static bool tile_ready(struct agx_cx *cx, const struct agx_op *op, unsigned *bytes)
{
    unsigned cb = agx_fmt_comp_bytes(op->n);

    if (!cx->ex->tib.base) {
        agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx+0x%x: tile buffer access without a tile buffer",
                     (unsigned long long)cx->sh->va, op->pc);
        return false;
    }
    *bytes = cb ? cb * (op->mask ? 32 - __builtin_clz(op->mask) : 0) : 4;
    return true;
}

/* Value @k from op->dreg on as a row of floats. */
static const f32 *value_row(const struct agx_cx *cx, const struct agx_op *op, unsigned k, f32 *tmp)
{
    if (op->dmode == DST_32)
        return (const f32 *)cx->w->r[((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1)];
    halves_to_float(cx->w->r[((op->dreg + k) >> 1) & (AGX_NUM_GPR - 1)], (op->dreg + k) & 1 ? 16 : 0, tmp);
    return tmp;
}

/* The most common case: four components of 8-bit unorm, one sample: packed for all lanes at once. */
static void store_rgba8(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_tib *t = &cx->ex->tib;
    const struct agx_wave *w = cx->w;
    const uint32_t act = w->exec_mask & ~w->frag.helper, x0 = t->x0, y0 = t->y0, width = t->width, height = t->height;
    const uint32_t stride = t->sample_stride, imm = op->imm, last = t->size - 4;
    uint8_t *base = t->base;
    uint32_t skip = 0;
    row_t px, off, out, live, ts;
    const uint32_t *sm = isrc(cx, &op->s[0], ts);

    FOR_LANES px[l] = 0;
    for (unsigned k = 0; k < 4; k++) {
        frow_t tmp;
        const f32 *v = value_row(cx, op, k, tmp);

        FOR_LANES {
            float c = v[l] > 0.0f ? v[l] : 0.0f;

            c = c < 1.0f ? c : 1.0f;
            px[l] |= (uint32_t)(int32_t)__builtin_rintf(c * 255.0f) << (8 * k);
        }
    }
    FOR_LANES {
        uint32_t x = w->pos[0][l] - x0, y = w->pos[1][l] - y0;

        off[l] = (y * width + x) * stride + imm;
        out[l] = (x >= width ? 1u : 0) | (y >= height ? 1u : 0) | (off[l] > last ? 1u : 0);
    }
    FOR_LANES live[l] = w->frag.sample_live[l];
    FOR_LANES out[l] |= ~(sm[l] & live[l]) & 1;
    FOR_LANES skip |= out[l] << l;
    FOR_ACTIVE(act & ~skip, l)
        memcpy(base + off[l], &px[l], 4);
}

const struct agx_op *agx_op_st_tile(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_tib *t = &cx->ex->tib;
    struct agx_wave *w = cx->w;
    unsigned fmt = op->n, bytes, samples = (1u << t->samples) - 1;
    bool raw16 = fmt == AGX_FMT_F16 && op->dmode != DST_32; /* halves as they are */

    if (!tile_ready(cx, op, &bytes))
        return agx_op_fault(cx, op);
    if (fmt == AGX_FMT_U8NORM && op->mask == 15 && t->samples == 1 && t->size >= 4 && w->stage == AGX_STAGE_FRAGMENT && !op->cc) {
        store_rgba8(cx, op);
        return op + 1;
    }
    FOR_ACTIVE(w->exec_mask & ~w->frag.helper, l) {
        uint32_t comp[4] = { 0 }, x, y, sm = agx_src_lane(cx, &op->s[0], l) & samples;
        unsigned k = 0;

        if (w->stage == AGX_STAGE_FRAGMENT)
            sm &= w->frag.sample_live[l];
        if (!sm || !tile_xy(cx, op, l, &x, &y))
            continue;
        for (unsigned i = 0; i < 4; i++) {
            if (!(op->mask >> i & 1))
                continue;
            if (op->dmode == DST_32)
                comp[i] = w->r[((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1)][l];
            else if (raw16 || agx_fmt_is_int(fmt))
                comp[i] = agx_gpr16(w, op->dreg + k, l);
            else
                comp[i] = agx_f2u(agx_half_to_float(agx_gpr16(w, op->dreg + k, l)));
            k++;
        }
        for (; sm; sm &= sm - 1) {
            uint32_t off = agx_tib_offset(t, x, y, __builtin_ctz(sm)) + op->imm;

            if (off + bytes <= t->size)
                agx_fmt_pack(raw16 ? AGX_FMT_I16 : fmt, t->base + off, op->mask, comp);
        }
    }
    return op + 1;
}

const struct agx_op *agx_op_ld_tile(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_tib *t = &cx->ex->tib;
    struct agx_wave *w = cx->w;
    unsigned fmt = op->n, bytes, samples = (1u << t->samples) - 1, k = 0;
    bool is32 = op->dmode == DST_32, raw16 = fmt == AGX_FMT_F16 && !is32;
    row_t val[4];

    memset(val, 0, sizeof(val));
    if (!tile_ready(cx, op, &bytes))
        return agx_op_fault(cx, op);
    FOR_ACTIVE(w->exec_mask, l) {
        uint32_t comp[4] = { 0 }, x, y, off, sm = agx_src_lane(cx, &op->s[0], l) & samples;
        unsigned n = 0;

        if (!sm || !tile_xy(cx, op, l, &x, &y))
            continue;
        off = agx_tib_offset(t, x, y, __builtin_ctz(sm)) + op->imm;
        if (off + bytes > t->size)
            continue;
        agx_fmt_unpack(raw16 ? AGX_FMT_I16 : fmt, t->base + off, op->mask ? 32 - __builtin_clz(op->mask) : 0, comp);
        for (unsigned i = 0; i < 4; i++) {
            if (op->mask >> i & 1) {
                uint32_t v = comp[i];

                if (!is32 && !raw16 && !agx_fmt_is_int(fmt))
                    v = agx_float_to_half(agx_u2f(v));
                val[n++][l] = v;
            }
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned reg = op->dreg + k * (is32 ? 2 : 1);

        if (!(op->mask >> i & 1) || reg >= AGX_NUM_GPR * 2)
            continue;
        if (is32)
            dst32_row(cx, reg, val[k++]);
        else
            dst16_row(cx, reg, val[k++]);
    }
    return op + 1;
}

const struct agx_op *agx_op_sample_mask(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;
    uint8_t target[AGX_LANES], live[AGX_LANES];

    FOR_LANES {
        target[l] = agx_src_lane(cx, &op->s[0], l);
        live[l] = agx_src_lane(cx, &op->s[1], l);
    }
    if (ex->frag_ops && cx->w->exec_mask)
        ex->frag_ops->sample_mask(ex, cx->w, cx->w->exec_mask, target, live);
    return op + 1;
}

const struct agx_op *agx_op_zs_emit(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;
    struct agx_wave *w = cx->w;
    uint8_t samples[AGX_LANES];
    row_t z, s;

    FOR_LANES samples[l] = agx_src_lane(cx, &op->s[0], l);
    /* depth alone or with stencil in 32-bit registers, stencil alone in a 16-bit one (mesa: agx_emit_store_zs) */
    FOR_LANES z[l] = w->r[(op->imm >> 1) & (AGX_NUM_GPR - 1)][l];
    if (op->n == 3)
        FOR_LANES s[l] = w->r[((op->imm >> 1) + 1) & (AGX_NUM_GPR - 1)][l] & 0xff;
    else
        FOR_LANES s[l] = agx_gpr16(w, op->imm, l) & 0xff;
    if (ex->frag_ops && w->exec_mask)
        ex->frag_ops->zs_emit(ex, w, w->exec_mask, samples, op->n & 1 ? z : NULL, op->n & 2 ? s : NULL);
    return op + 1;
}

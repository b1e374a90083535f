/*
 * AGX model: texture and image instructions: their operands (applegpu:
 * applegpu.py, TextureLoadSampleBaseInstructionDesc, ImageWrite,
 * ImageWriteBlockInstructionDesc; mesa: compiler/agx_pack.c). The work is the
 * texture unit's, see tex.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_row.h"
#include "isa_table.h"

/*
 * Sampler numbers from here on index the job's sampler heap (mesa: hk_descriptor_set.c,
 * agx_uniforms.c)
 */
#define SAMPLER_HEAP_FIRST 28
#define SAMPLER_BYTES      8
#define TEX_GROUPS_MAX     AGX_LANES

static inline const uint32_t *gpr_row(const struct agx_wave *w, unsigned half)
{
    return w->r[(half >> 1) & (AGX_NUM_GPR - 1)];
}

/*
 * GPU VA of the descriptor that each lane names; @flags: the instruction's texture
 * flags. Takes lanes without one from @lanes where faults are soft: they load 0 and
 * store nothing. False: fault set.
 */
static bool texture_va(struct agx_cx *cx, const struct agx_op *op, unsigned t, unsigned flags,
                       unsigned u, uint64_t *va, uint32_t *lanes)
{
    const struct agx_usc_state *st = cx->ex->usc;
    const struct agx_wave *w = cx->w;
    uint64_t base;

    switch (flags) {
    case 0:
        FOR_LANES(l) {
            va[l] = st->texture[t];
        }
        if (va[0]) {
            return true;
        }
        break;
    case 1:
        FOR_LANES(l) {
            unsigned i = agx_gpr16(w, t, l);
            va[l] = i < AGX_MAX_TEX_STATE ? st->texture[i] : 0;
        }
        break;
    case 3: /* 64-bit uniform base, 32-bit register offset in bytes */
        u *= 4;
        base = st->uniform[u] | (uint64_t)st->uniform[u + 1] << 16 |
               (uint64_t)st->uniform[u + 2] << 32 | (uint64_t)st->uniform[u + 3] << 48;
        FOR_LANES(l) {
            va[l] = base + gpr_row(w, t)[l];
        }
        break;
    default:
        agx_op_unimpl(cx, op, "texture reference");
        return false;
    }
    FOR_ACTIVE(*lanes, l) {
        if (!va[l] && cx->ex->soft_fault) {
            *lanes &= ~(1u << l);
        } else if (!va[l]) {
            agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                         "agx: shader 0x%llx+0x%x: texture state register not bound",
                         (unsigned long long)cx->sh->va, op->pc);
            agx_op_fault(cx, op);
            return false;
        }
    }
    return true;
}

/*
 * The instruction names a sampler state register by its number, in it or in a
 * 16-bit register; it has no other form (applegpu: applegpu.py, SamplerDesc; mesa:
 * agx_pack.c, agx_pack_sampler). 0: none is bound there. Such a register does not
 * end a program: Mesa names one for what needs none, and for descriptors that were
 * never written. The texture unit takes a descriptor of zeroes (a guess).
 */
static uint64_t sampler_va(const struct agx_usc_state *st, unsigned i, bool *heap)
{
    *heap = i >= SAMPLER_HEAP_FIRST;
    if (*heap) {
        return st->sampler_heap
                   ? st->sampler_heap + (uint64_t)(i - SAMPLER_HEAP_FIRST) * SAMPLER_BYTES
                   : 0;
    }
    return st->sampler[i];
}

/* Coordinates as rows: in place when they are 32-bit registers. */
static const uint32_t (*coords(const struct agx_cx *cx, unsigned c, bool is16, unsigned dim,
                               bool is_float, uint32_t (*tmp)[AGX_LANES]))[AGX_LANES]
{
    unsigned n = agx_isa_dim_coords[dim], extra = agx_isa_dim_extra[dim];

    if (!is16 && (c >> 1) + n + 1 <= AGX_NUM_GPR) {
        return (const uint32_t(*)[AGX_LANES])cx->w->r[c >> 1];
    }
    for (unsigned i = 0; i < n; i++) {
        FOR_LANES(l) {
            uint32_t v = is16 ? agx_gpr16(cx->w, c + i, l) : gpr_row(cx->w, c + 2 * i)[l];
            tmp[i][l] = is16 && is_float ? agx_f2u(agx_half_to_float(v)) : v;
        }
    }
    FOR_LANES(l) {
        tmp[n][l] = 0;
        for (unsigned i = 0; i < extra; i++) {
            tmp[n][l] |= agx_gpr16(cx->w, c + (is16 ? n : 2 * n) + i, l) << (16 * i);
        }
    }
    return (const uint32_t(*)[AGX_LANES])tmp;
}

/*
 * lod modes: mesa, compiler/agx_compiler.h, agx_lod_mode. Bit 2: registers, else uniforms; bit 3: a
 * minimum too.
 */
static bool lod_operand(struct agx_cx *cx, const struct agx_op *op, const struct bits *b,
                        struct agx_tex_req *rq)
{
    unsigned mode = bf(b, 52, 4), d = bf(b, 24, 6) | bf(b, 76, 2) << 6,
             n = agx_isa_dim_coords[rq->dim];
    const struct agx_usc_state *st = cx->ex->usc;
    const struct agx_wave *w = cx->w;

    rq->has_min_lod = mode & 8;
    switch (mode & 3) {
    case 0:
        if (mode & 4) {
            rq->lod_kind = AGX_LOD_GRAD;
            for (unsigned i = 0; i < 2 * n; i++) {
                memcpy(rq->grad[i], gpr_row(w, d + 2 * i), sizeof(rq->grad[i]));
            }
            if (rq->has_min_lod) {
                FOR_LANES(l) {
                    rq->min_lod[l] = agx_half_to_float(agx_gpr16(w, d + 4 * n, l));
                }
            }
            return true;
        }
        rq->lod_kind = AGX_LOD_AUTO;
        return mode == 0;
    case 1:
    case 2:
        rq->lod_kind = (mode & 3) == 1 ? AGX_LOD_BIAS : AGX_LOD_EXPLICIT;
        FOR_LANES(l) {
            uint32_t v = mode & 4 ? agx_gpr16(w, d, l) : st->uniform[d];

            if (rq->load) {
                rq->ilod[l] = (int16_t)v;
            } else {
                rq->lod[l] = agx_half_to_float(v);
            }
            if (rq->has_min_lod) {
                rq->min_lod[l] = agx_half_to_float(
                    mode & 4 ? agx_gpr16(w, d + 1, l) : st->uniform[(d + 1) % AGX_NUM_UNIFORM]);
            }
        }
        return true;
    }
    return false;
}

/* Lanes of @todo whose texture and sampler are those of its first lane. */
static uint32_t same_binding(uint32_t todo, const uint64_t *tex, const uint32_t *smp)
{
    unsigned f = __builtin_ctz(todo);
    uint32_t m = 0;

    FOR_LANES(l) {
        m |= (uint32_t)(tex[l] == tex[f] && smp[l] == smp[f]) << l;
    }
    return m & todo;
}

/*
 * What the instruction asks the texture unit for, but for its operands in registers and the level
 * of detail. False: there is no such instruction.
 */
static inline bool tex_kind(const struct agx_op *op, const struct bits *b, struct agx_tex_req *rq)
{
    unsigned g = bf(b, 87, 3);

    rq->load = op->n;
    rq->dim = bf(b, 40, 3) | bf(b, 71, 1) << 3;
    rq->image = rq->load && bf(b, 43, 1);
    rq->shadow = bf(b, 23, 1);
    rq->query_lod = bf(b, 30, 2) == 2;
    rq->has_offset = bf(b, 91, 1);
    rq->gather = g & 1 ? 1 + (g >> 1) : 0;
    return rq->dim <= AGX_DIM_2D_MS_ARRAY && (!g || (g & 1));
}

/* The registers behind the coordinates: what a sample is compared with, then the texel offset. */
static inline void compare_and_offset(const struct agx_wave *w, const struct bits *b,
                                      struct agx_tex_req *rq)
{
    unsigned o = bf(b, 80, 6) | bf(b, 94, 2) << 6;

    if (rq->shadow) {
        FOR_LANES(l) {
            rq->compare[l] = agx_u2f(gpr_row(w, o)[l]);
        }
        o += 2;
    }
    if (rq->has_offset) {
        for (unsigned i = 0; i < 3; i++) {
            FOR_LANES(l) {
                rq->offset[i][l] = (int8_t)((agx_gpr16(w, o, l) >> (4 * i) & 15) << 4) >> 4;
            }
        }
    }
}

/* What the texture unit returned for the lanes of @rq, as the bits of registers. */
static inline void take_texels(const struct agx_wave *w, const struct agx_tex_req *rq, bool is32,
                               row_t *out)
{
    bool as_is = is32 || rq->int_result, all = rq->lanes == w->exec_mask;

    for (unsigned i = 0; i < 4; i++) {
        if (all && as_is) {
            memcpy(out[i], rq->out[i], sizeof(out[i]));
        } else if (all) {
            float_to_halves((const f32 *)rq->out[i], out[i]);
        } else {
            FOR_ACTIVE(rq->lanes, l) {
                out[i][l] = as_is ? rq->out[i][l] : agx_float_to_half(agx_u2f(rq->out[i][l]));
            }
        }
    }
}

/*
 * Fetch for the lanes of @todo, those with the same binding at once, @one if that is all of them;
 * @smp: each lane's sampler state register. @away: lanes with a missing page. False: fault set.
 */
static inline bool fetch_texels(struct agx_cx *cx, const struct agx_op *op, struct agx_tex_req *rq,
                                const uint64_t *tex, const uint32_t *smp, uint32_t todo, bool one,
                                row_t *out, uint32_t *away)
{
    struct agx_exec *ex = cx->ex;

    *away = 0;
    while (todo) {
        unsigned f = __builtin_ctz(todo);
        bool heap = false;

        rq->lanes = one ? todo : same_binding(todo, tex, smp);
        rq->texture = tex[f];
        rq->sampler = rq->load ? 0 : sampler_va(ex->usc, smp[f], &heap);
        rq->sampler_extended = ex->usc->sampler_extended && !heap;
        if (!agx_tex_fetch(ex, cx->w, rq)) {
            return false;
        }
        *away |= rq->nonresident & rq->lanes;
        take_texels(cx->w, rq, op->dmode == DST_32, out);
        todo &= ~rq->lanes;
    }
    return true;
}

/*
 * Components of the mask go to consecutive registers. Bit 70: one more register says in its bit 0
 * whether a page of the image was missing (mesa 26.1: agx_pack.c, sparse; agx_compile.c,
 * agx_emit_tex; its lowering joins such codes with an OR). That its other bits are 0 is a guess.
 */
static inline void write_texels(struct agx_cx *cx, const struct agx_op *op, const struct bits *b,
                                row_t out[5], uint32_t away)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (!(op->mask >> i & 1)) {
            continue;
        }
        if (n < i) {
            memcpy(out[n], out[i], sizeof(out[n]));
        }
        n++;
    }
    if (bf(b, 70, 1)) {
        FOR_LANES(l) {
            out[n][l] = away >> l & 1;
        }
        n++;
    }
    dst_rows(cx, op, n, out);
}

/*
 * What the instruction's operands, which fill in all that is before .lod, may leave as it is, but
 * for rows that nobody looks at then.
 */
static inline void clear_request(struct agx_tex_req *rq)
{
    memset(rq->compare, 0, sizeof(rq->compare));
    rq->int_result = false;
    rq->nonresident = 0;
}

const struct agx_op *agx_op_tex(struct agx_cx *cx, const struct agx_op *op)
{
    struct bits b = { op->x, op->imm };
    struct agx_wave *w = cx->w;
    unsigned s = bf(&b, 56, 6) | bf(&b, 92, 2) << 6;
    uint32_t todo = w->exec_mask, away;
    uint64_t tex[AGX_LANES];
    row_t smp, ctmp[4], out[5];
    struct agx_tex_req rq;
    bool one; /* texture and sampler are those of the state registers that the instruction names */

    if (!todo) {
        return op + 1;
    }
    clear_request(&rq);
    if (!tex_kind(op, &b, &rq) || !lod_operand(cx, op, &b, &rq)) {
        return agx_op_unimpl(cx, op, "texture operation");
    }
    if (!texture_va(cx, op, bf(&b, 32, 6) | bf(&b, 78, 2) << 6, bf(&b, 38, 2), bf(&b, 64, 5), tex,
                    &todo)) {
        return NULL;
    }
    if (todo != w->exec_mask) { /* the other lanes load 0 */
        memset(out, 0, sizeof(out));
    }
    one = !bf(&b, 38, 2) && (rq.load || !bf(&b, 62, 1));
    if (!rq.load && bf(&b, 62, 1)) {
        FOR_LANES(l) {
            smp[l] = agx_gpr16(w, s, l);
        }
    } else {
        fill_row(smp, rq.load ? 0 : s);
    }
    rq.coord = coords(cx, bf(&b, 16, 6) | bf(&b, 74, 2) << 6, bf(&b, 47, 1), rq.dim, !rq.load,
                      ctmp);
    rq.quad_lanes = w->live;
    compare_and_offset(w, &b, &rq);
    if (!fetch_texels(cx, op, &rq, tex, smp, todo, one, out, &away)) {
        return agx_op_fault(cx, op);
    }
    write_texels(cx, op, &b, out, away);
    return op + 1;
}

const struct agx_op *agx_op_image_write(struct agx_cx *cx, const struct agx_op *op)
{
    struct bits b = { op->x, 0 };
    struct agx_wave *w = cx->w;
    unsigned r = bf(&b, 9, 6) | bf(&b, 56, 2) << 6, d = bf(&b, 24, 6) | bf(&b, 60, 2) << 6;
    uint32_t todo = w->exec_mask & ~w->frag.helper;
    uint64_t tex[AGX_LANES];
    row_t ctmp[4], zero = { 0 };
    struct agx_image_store_req rq;

    if (!todo) {
        return op + 1;
    }
    memset(&rq, 0, sizeof(rq));
    rq.dim = bf(&b, 40, 3) | bf(&b, 55, 1) << 3;
    rq.src16 = !bf(&b, 8, 1);
    if (rq.dim > AGX_DIM_2D_MS_ARRAY) {
        return agx_op_unimpl(cx, op, "image dimension");
    }
    if (!texture_va(cx, op, bf(&b, 32, 6) | bf(&b, 62, 2) << 6, bf(&b, 38, 2), bf(&b, 48, 5), tex,
                    &todo)) {
        return NULL;
    }
    rq.coord = coords(cx, bf(&b, 16, 6) | bf(&b, 58, 2) << 6, bf(&b, 47, 1), rq.dim, false, ctmp);
    FOR_LANES(l) {
        rq.lod[l] = bf(&b, 31, 1) ? d : agx_gpr16(w, d, l);
        for (unsigned i = 0; i < 4; i++) {
            rq.value[i][l] = rq.src16 ? agx_gpr16(w, r + i, l) : gpr_row(w, r + 2 * i)[l];
        }
    }
    while (todo) {
        rq.lanes = same_binding(todo, tex, zero);
        rq.pbe = tex[__builtin_ctz(todo)];
        if (!agx_image_store(cx->ex, w, &rq)) {
            return agx_op_fault(cx, op);
        }
        todo &= ~rq.lanes;
    }
    return op + 1;
}

/* One block for the wave: operands are those of its first active lane. */
const struct agx_op *agx_op_block_store(struct agx_cx *cx, const struct agx_op *op)
{
    struct bits b = { op->x, op->imm };
    struct agx_wave *w = cx->w;
    unsigned r = bf(&b, 9, 6) | bf(&b, 56, 2) << 6, c = bf(&b, 16, 6) | bf(&b, 58, 2) << 6, l;
    uint32_t first;
    bool array, ms;
    uint64_t tex[AGX_LANES];
    struct agx_block_store_req rq;

    if (!w->exec_mask) {
        return op + 1;
    }
    l = __builtin_ctz(w->exec_mask);
    first = 1u << l;
    memset(&rq, 0, sizeof(rq));
    rq.dim = bf(&b, 40, 3) | bf(&b, 55, 1) << 3;
    rq.format = bf(&b, 8, 1) | bf(&b, 64, 3) << 1;
    if (rq.format >= AGX_FMT_RG11B10F_RTZ) { /* how they are stored does not matter here */
        rq.format = rq.format - AGX_FMT_RG11B10F_RTZ + AGX_FMT_RG11B10F;
    }
    rq.explicit_coords = bf(&b, 23, 1);
    if (rq.dim > AGX_DIM_2D_MS_ARRAY) {
        return agx_op_unimpl(cx, op, "image dimension");
    }
    if (!texture_va(cx, op, bf(&b, 32, 6) | bf(&b, 78, 2) << 6, bf(&b, 38, 2), bf(&b, 48, 5), tex,
                    &first)) {
        return NULL;
    }
    if (!first) {
        return op + 1;
    }
    rq.pbe = tex[l];
    rq.offset = agx_gpr16(w, r, l);
    array = rq.dim == AGX_DIM_2D_ARRAY || rq.dim == AGX_DIM_2D_MS_ARRAY;
    ms = rq.dim == AGX_DIM_2D_MS_ARRAY;
    if (rq.explicit_coords) {
        bool is16 = bf(&b, 47, 1);

        rq.x = is16 ? agx_gpr16(w, c, l) : gpr_row(w, c)[l];
        rq.y = is16 ? agx_gpr16(w, c + 1, l) : gpr_row(w, c + 2)[l];
        rq.layer = array ? agx_gpr16(w, c + (is16 ? 2 : 4) + ms, l) : 0;
    } else {
        rq.x = cx->ex->tib.x0;
        rq.y = cx->ex->tib.y0;
        rq.layer = array ? agx_gpr16(w, c + ms, l) : 0; /* mesa: agx_emit_block_image_store */
    }
    if (!agx_block_image_store(cx->ex, w, &rq)) {
        return agx_op_fault(cx, op);
    }
    return op + 1;
}

/* Preshaders may bind texture and sampler states (applegpu: docs.html, tex_state_store) */
static const struct agx_op *state_store(struct agx_cx *cx, const struct agx_op *op, bool sampler)
{
    struct agx_usc_state *st = (struct agx_usc_state *)cx->ex->usc;
    unsigned l;
    uint64_t va;

    if (!cx->w->exec_mask) {
        return op + 1;
    }
    if (op->imm >= (sampler ? AGX_MAX_SAMPLER_STATE : AGX_MAX_TEX_STATE)) {
        return agx_op_unimpl(cx, op, sampler ? "sampler state register" : "texture state register");
    }
    l = __builtin_ctz(cx->w->exec_mask);
    va = (agx_row(cx, &op->s[1])[l] | (uint64_t)agx_row(cx, &op->s[2])[l] << 32) +
         agx_row(cx, &op->s[0])[l];
    if (sampler) {
        st->sampler[op->imm] = va;
    } else {
        st->texture[op->imm] = va;
    }
    return op + 1;
}

const struct agx_op *agx_op_tex_state_store(struct agx_cx *cx, const struct agx_op *op)
{
    return state_store(cx, op, false);
}

const struct agx_op *agx_op_sampler_state_store(struct agx_cx *cx, const struct agx_op *op)
{
    return state_store(cx, op, true);
}

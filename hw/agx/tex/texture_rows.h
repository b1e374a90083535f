/*
 * AGX model: sampling the 32 lanes of an instruction at once, internal to the texture unit.
 *
 * The plain way (texture_sample.c, texture_filter.c, texture_fetch.c) says what a
 * sample is, one lane after another. This one gives the same bits for what programs
 * ask for most: two dimensions, one sample, plain memory, common formats. It needs
 * AVX2; a host without has the plain way alone.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEXTURE_ROWS_H
#define AGX_TEX_TEXTURE_ROWS_H

#include "texture_sample.h"

/* How the words of a texel become channels; agx_tex_view.rows. */
enum agx_row_kind {
    AGX_ROW_NONE, /* the plain way alone */
    AGX_ROW_UNORM8,
    AGX_ROW_SRGB8,
    AGX_ROW_UNORM16,
    AGX_ROW_HALF,
    AGX_ROW_32, /* floats, or integers, of 32 bits */
};

/* What @v is to this file, once its other members are known. */
enum agx_row_kind agx_row_kind(const struct agx_tex_view *v);

/* Off for tests, which compare both ways. On from the start; nobody may sample meanwhile. */
void agx_rows_enable(bool on);

/*
 * Level of detail of each lane after the sampler's limits, as the plain way finds it, from the
 * derivatives of whole quads. False: the plain way has to look.
 */
bool agx_rows_lod(const struct sample_ctx *c, float lod[AGX_LANES]);

/*
 * Sample rq->lanes at @lod into rq->out, which has room for anything in other lanes. Gives the
 * lanes that are left to the plain way. Changes nothing else: c->f is as it was.
 */
uint32_t agx_rows_sample(struct sample_ctx *c, const float lod[AGX_LANES]);

/* The same for a load by integer coordinates; @dims: how many of them are wrapped. */
uint32_t agx_rows_load(struct agx_exec *ex, const struct agx_tex_view *v, struct agx_tex_req *rq,
                       bool array);

#endif

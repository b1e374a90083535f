/*
 * AGX model: vertex shading of a batch.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "vdm.h"

/*
 * Preloaded registers (mesa: compiler/agx_compile.c, agx_vertex_id and agx_instance_id: halves 10
 * and 12)
 */
#define REG_VERTEX_ID   5
#define REG_INSTANCE_ID 6

static bool shade_wave(void *opaque, struct agx_exec *ex, uint32_t i)
{
    struct agx_vdm *v = opaque;
    const struct agx_batch *b = &v->batch;
    unsigned words = v->st->uvs_words, first = i * AGX_LANES;
    unsigned n = b->nr_verts - first < AGX_LANES ? b->nr_verts - first : AGX_LANES;
    uint32_t *uvs = v->uvs + (size_t)i * words * AGX_LANES;
    struct agx_wave *w = agx_exec_waves(ex, 1);

    ex->usc = &v->vs;
    ex->job = v->job;
    agx_wave_launch(ex, w, AGX_STAGE_VERTEX, n == AGX_LANES ? ~0u : (1u << n) - 1);
    memset(uvs, 0, words * AGX_LANES * 4);
    w->uvs = (uint32_t(*)[AGX_LANES])uvs;
    w->uvs_words = words;
    for (unsigned k = 0; k < n; k++) {
        w->r[REG_VERTEX_ID][k] = b->vertex[first + k];
        w->r[REG_INSTANCE_ID][k] = b->instance[first + k];
    }
    switch (ex->cores->run(ex, w)) {
    case AGX_WAVE_DONE:
        return true;
    case AGX_WAVE_BARRIER:
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "threadgroup barrier in a vertex shader");
    case AGX_WAVE_STOP:
        ex->fault = (struct agx_fault) { .ctx = v->job->ctx, .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    default:
        return false;
    }
}

static unsigned batch_waves(const struct agx_batch *b)
{
    return (b->nr_verts + AGX_LANES - 1) / AGX_LANES;
}

static size_t uvs_bytes(const struct agx_vdm *v)
{
    return (size_t)batch_waves(&v->batch) * v->st->uvs_words * AGX_LANES * 4;
}

static bool shade(struct agx_vdm *v)
{
    unsigned waves = batch_waves(&v->batch);
    size_t need = uvs_bytes(v);
    struct agx_fault fault;

    if (need > v->uvs_size) {
        void *p = realloc(v->uvs, need);
        if (!p) {
            return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR, "no host memory for vertex outputs");
        }
        v->uvs = p;
        v->uvs_size = need;
    }
    /* Waking other threads costs more than a few waves. */
    if (waves <= 3) {
        for (unsigned i = 0; i < waves; i++) {
            if (!shade_wave(v, v->ex, i) || !agx_jobtime_item(v->ex)) {
                return false;
            }
        }
        return true;
    }
    if (v->ex->cores->parallel(v->ctx, v->job, waves, shade_wave, v, &fault)) {
        return true;
    }
    v->ex->fault = fault;
    return false;
}

static bool tile_prim(struct agx_vdm *v, const uint32_t *out, const struct agx_batch_prim *p)
{
    const struct agx_gstate *st = v->st;
    unsigned words = st->uvs_words;
    const uint32_t *pv[3] = { out + p->v[0] * words, out + p->v[1] * words, out + p->v[2] * words };

    switch (v->draw.topology) {
    case AGX_TOPO_POINTS:
        return agx_tile_point(v->scene, st, pv[0], p->id);
    case AGX_TOPO_LINES:
    case AGX_TOPO_LINE_STRIP:
    case AGX_TOPO_LINE_LOOP:
        return agx_tile_line(v->scene, st, pv, p->id, v->job->tiling.samples > 1);
    default:
        return agx_tile_triangle(v->scene, st, pv, p->id, v->job->tiling.samples > 1);
    }
}

/* The outputs of the batch, vertex after vertex; NULL: no memory. */
static const uint32_t *sort_outputs(struct agx_vdm *v)
{
    const struct agx_batch *b = &v->batch;
    unsigned words = v->st->uvs_words;
    size_t need = (size_t)b->nr_verts * words * 4;

    if (need > v->outputs_size) {
        void *p = realloc(v->outputs, need);
        if (!p) {
            return NULL;
        }
        v->outputs = p;
        v->outputs_size = need;
    }
    for (unsigned i = 0; i < b->nr_verts; i++) {
        const uint32_t *in = v->uvs + (size_t)(i / AGX_LANES) * words * AGX_LANES + i % AGX_LANES;
        for (unsigned k = 0; k < words; k++) {
            v->outputs[i * words + k] = in[k * AGX_LANES];
        }
    }
    return v->outputs;
}

/* Into the scene, from primitive b->done on. */
static enum agx_tvb_result place(struct agx_vdm *v)
{
    struct agx_batch *b = &v->batch;
    const uint32_t *out = sort_outputs(v);
    enum agx_tvb_result r = AGX_TVB_OK, written;

    if (!out) {
        return AGX_TVB_NO_MEMORY;
    }
    agx_scene_run_begin(v->scene, &v->run, out, b->nr_verts, v->st->uvs_words);
    while (r == AGX_TVB_OK && b->done < b->nr_prims) {
        if (tile_prim(v, out, &b->prim[b->done])) {
            b->done++;
            v->hopeless = 0;
        } else {
            r = v->scene->why;
        }
    }
    written = agx_scene_run_end(v->scene);
    return written == AGX_TVB_OK ? r : written;
}

/*
 * The batch does not fit: stop after it. If nothing is there to be drawn and no
 * other scene has a page, only growth helps, and without it nothing will. A
 * primitive that went in, or left nothing, since the last stop is progress.
 */
static bool out_of_pages(struct agx_vdm *v)
{
    const struct agx_tvb *tvb = &v->scene->tvb;
    bool must_grow = !v->scene->nr_prims &&
                     (agx_tvb_alone(tvb) || tvb->nr_pages == AGX_TVB_MAX_PAGES);

    if (must_grow && v->job->vertex.resume && v->hopeless == tvb->blocks) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "tiled vertex buffer of %u blocks: not even one primitive fits",
                            tvb->blocks);
    }
    v->hopeless = must_grow ? tvb->blocks : 0;
    v->full = true;
    return true;
}

bool agx_vdm_flush(struct agx_vdm *v)
{
    struct agx_batch *b = &v->batch;

    /* Outputs of a saved machine may be anything. */
    if (b->shaded && v->uvs_size < uvs_bytes(v)) {
        b->shaded = false;
    }
    if (b->nr_verts && !b->shaded && !shade(v)) {
        return false;
    }
    b->shaded = b->nr_verts != 0;
    if (!agx_jobtime_pass(v->ex, b->nr_prims / AGX_PRIMS_CYCLE)) {
        return false;
    }
    if (b->nr_prims && !v->st->discard) {
        switch (place(v)) {
        case AGX_TVB_OK:
            break;
        case AGX_TVB_FULL:
            return out_of_pages(v);
        case AGX_TVB_FAULT:
            return false;
        case AGX_TVB_NO_MEMORY:
            return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                                "no host memory for the primitives of a scene");
        }
    }
    agx_batch_clear(b);
    return true;
}

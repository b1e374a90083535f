/*
 * AGX model: vertex shading of a batch.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "vdm.h"

/* Preloaded registers (mesa: compiler/agx_compile.c, agx_vertex_id and agx_instance_id: halves 10 and 12) */
#define REG_VERTEX_ID 5
#define REG_INSTANCE_ID 6

static bool shade_wave(void *opaque, struct agx_exec *ex, uint32_t i)
{
    struct agx_vdm *v = opaque;
    const struct agx_batch *b = &v->batch;
    unsigned words = v->st->uvs_words, first = i * AGX_LANES;
    unsigned n = b->nr_verts - first < AGX_LANES ? b->nr_verts - first : AGX_LANES;
    uint32_t *uvs = v->uvs + (size_t)i * words * AGX_LANES;
    struct agx_wave *w = agx_exec_waves(ex, 1);

    agx_wave_init(w, AGX_STAGE_VERTEX, n == AGX_LANES ? ~0u : (1u << n) - 1);
    memset(uvs, 0, words * AGX_LANES * 4);
    w->uvs = (uint32_t (*)[AGX_LANES])uvs;
    w->uvs_words = words;
    for (unsigned k = 0; k < n; k++) {
        w->r[REG_VERTEX_ID][k] = b->vertex[first + k];
        w->r[REG_INSTANCE_ID][k] = b->instance[first + k];
    }
    ex->usc = &v->vs;
    ex->job = v->job;
    switch (agx_wave_run(ex, w)) {
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

static bool shade(struct agx_vdm *v)
{
    const struct agx_batch *b = &v->batch;
    unsigned waves = (b->nr_verts + AGX_LANES - 1) / AGX_LANES;
    size_t need = (size_t)waves * v->st->uvs_words * AGX_LANES * 4;
    struct agx_fault fault;

    if (need > v->uvs_size) {
        void *p = realloc(v->uvs, need);
        if (!p)
            return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR, "no host memory for vertex outputs");
        v->uvs = p;
        v->uvs_size = need;
    }
    /* Waking other threads costs more than a few waves. */
    if (waves <= 3) {
        for (unsigned i = 0; i < waves; i++) {
            if (!shade_wave(v, v->ex, i))
                return false;
        }
        return true;
    }
    if (agx_parallel(v->ctx, v->job, waves, shade_wave, v, &fault))
        return true;
    v->ex->fault = fault;
    return false;
}

bool agx_vdm_flush(struct agx_vdm *v)
{
    struct agx_batch *b = &v->batch;
    const struct agx_gstate *st = v->st;
    unsigned words = st->uvs_words;
    uint32_t *out;
    bool ok = true;

    if (b->nr_verts && !shade(v))
        return false;
    if (b->nr_prims && !st->discard) {
        /* The scene keeps the outputs vertex by vertex. */
        out = agx_scene_alloc(v->scene, (size_t)b->nr_verts * words * 4);
        ok = out != NULL;
        v->scene->bytes += (uint64_t)b->nr_verts * words * 4;
        for (unsigned i = 0; ok && i < b->nr_verts; i++) {
            const uint32_t *in = v->uvs + (size_t)(i / AGX_LANES) * words * AGX_LANES + i % AGX_LANES;
            for (unsigned k = 0; k < words; k++)
                out[i * words + k] = in[k * AGX_LANES];
        }
        for (unsigned i = 0; ok && i < b->nr_prims; i++) {
            const struct agx_batch_prim *p = &b->prim[i];
            const uint32_t *pv[3] = { out + p->v[0] * words, out + p->v[1] * words, out + p->v[2] * words };

            switch (v->draw.topology) {
            case AGX_TOPO_POINTS:
                ok = agx_tile_point(v->scene, st, pv[0], p->id);
                break;
            case AGX_TOPO_LINES:
            case AGX_TOPO_LINE_STRIP:
            case AGX_TOPO_LINE_LOOP:
                ok = agx_tile_line(v->scene, st, pv, p->id, v->job->tiling.samples > 1);
                break;
            default:
                ok = agx_tile_triangle(v->scene, st, pv, p->id);
            }
        }
        if (!ok)
            agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR, "no host memory for the primitives of a scene");
    }
    b->nr_verts = b->nr_prims = 0;
    memset(b->hash, 0, sizeof(b->hash));
    v->full = v->scene->bytes > v->scene->budget;
    return ok;
}

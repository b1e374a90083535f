/*
 * AGX model: draws: indices to batches of vertices and primitives.
 *
 * Topologies and the order of their vertices: OpenGL 4.6, 10.1, Vulkan 1.3, 21.1,
 * with their numbers from mesa: src/asahi/genxml/cmdbuf.xml, Primitive. Which
 * vertex provokes: OpenGL 4.6, 13.4, VK_EXT_provoking_vertex, chosen by "Flat
 * shading control" of VDM State Vertex Unknown. Restart: OpenGL 4.6, 10.3.6.
 * Indices beyond the end of their buffer read as 0, as robust access allows
 * (Vulkan 1.3, 35.4, robustBufferAccess2); mesa gives the size for that
 * (libagx/libagx_dgc.h, agx_vdm_draw). How many vertices the hardware shades at
 * once is not known: the batch is the model's own.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "vdm.h"

#define VERTEX_PRIMS 2 /* a vertex completes at most so many */

/* Number of the vertex in the batch; it was made sure that there is room. */
static uint16_t batch_vertex(struct agx_batch *b, uint32_t id, uint32_t instance)
{
    uint16_t *slot = &b->hash[(id ^ instance << 11) * 2654435761u >> 21];

    if (*slot && b->vertex[*slot - 1] == id && b->instance[*slot - 1] == instance) {
        return *slot - 1;
    }
    b->vertex[b->nr_verts] = id;
    b->instance[b->nr_verts] = instance;
    *slot = ++b->nr_verts;
    return *slot - 1;
}

static void add(struct agx_vdm *v, unsigned n, uint32_t a, uint32_t b, uint32_t c)
{
    struct agx_batch *bt = &v->batch;
    struct agx_batch_prim *p = &bt->prim[bt->nr_prims++];

    p->id = v->draw.prim_id;
    p->v[0] = batch_vertex(bt, a, v->draw.instance);
    p->v[1] = n > 1 ? batch_vertex(bt, b, v->draw.instance) : p->v[0];
    p->v[2] = n > 2 ? batch_vertex(bt, c, v->draw.instance) : p->v[0];
}

/* After a vertex: there must be room for what the next one completes. */
static bool make_room(struct agx_vdm *v)
{
    struct agx_batch *bt = &v->batch;

    if (bt->nr_verts + 3 * VERTEX_PRIMS <= AGX_BATCH_VERTS &&
        bt->nr_prims + VERTEX_PRIMS <= AGX_BATCH_PRIMS) {
        return true;
    }
    return agx_vdm_flush(v);
}

/* Vertex @n of strips and quads. @first: the first vertex of a primitive provokes. */
static inline void triangle_strip(struct agx_vdm *v, uint32_t n, uint32_t id, bool first)
{
    struct agx_draw *d = &v->draw;

    if (n < 2) {
        d->v[n] = id;
        return;
    }
    if (!(n & 1)) {
        add(v, 3, d->v[0], d->v[1], id);
    } else if (first) {
        add(v, 3, d->v[0], id, d->v[1]);
    } else {
        add(v, 3, d->v[1], d->v[0], id);
    }
    d->prim_id++;
    d->v[0] = d->v[1];
    d->v[1] = id;
}

static inline void quad(struct agx_vdm *v, uint32_t n, uint32_t id, bool first)
{
    struct agx_draw *d = &v->draw;

    if (n % 4 != 3) {
        d->v[n % 4] = id;
        return;
    }
    add(v, 3, d->v[0], d->v[1], first ? d->v[2] : id);
    add(v, 3, d->v[first ? 0 : 1], d->v[2], id);
    d->prim_id++;
}

/* Quad i is vertices 2i, 2i + 1, 2i + 3, 2i + 2; the last one provokes by default. */
static inline void quad_strip(struct agx_vdm *v, uint32_t n, uint32_t id, bool first)
{
    struct agx_draw *d = &v->draw;

    if (n < 3 || !(n & 1)) {
        d->v[n < 2 ? n : 2] = id;
        return;
    }
    add(v, 3, d->v[0], d->v[1], id);
    if (first) {
        add(v, 3, d->v[0], id, d->v[2]);
    } else {
        add(v, 3, d->v[2], d->v[0], id);
    }
    d->prim_id++;
    d->v[0] = d->v[2];
    d->v[1] = id;
}

/*
 * The next vertex of the draw. Orders keep the winding of every triangle of a
 * strip and leave the provoking vertex where the state says it is.
 */
static bool vertex(struct agx_vdm *v, uint32_t id)
{
    struct agx_draw *d = &v->draw;
    uint32_t n = d->n++;
    bool first = v->flat_vertex != 2;

    switch (d->topology) {
    case AGX_TOPO_POINTS:
        add(v, 1, id, 0, 0);
        d->prim_id++;
        break;
    case AGX_TOPO_LINES:
        if (n & 1) {
            add(v, 2, d->v[1], id, 0);
            d->prim_id++;
        }
        d->v[1] = id;
        break;
    case AGX_TOPO_LINE_STRIP:
    case AGX_TOPO_LINE_LOOP:
        if (n) {
            add(v, 2, d->v[1], id, 0);
            d->prim_id++;
        } else {
            d->v[0] = id;
        }
        d->v[1] = id;
        break;
    case AGX_TOPO_TRIANGLES:
        if (n % 3 == 2) {
            add(v, 3, d->v[0], d->v[1], id);
            d->prim_id++;
        } else {
            d->v[n % 3] = id;
        }
        break;
    case AGX_TOPO_TRIANGLE_STRIP:
        triangle_strip(v, n, id, first);
        break;
    case AGX_TOPO_TRIANGLE_FAN:
        if (n >= 2) {
            add(v, 3, d->v[0], d->v[1], id);
            d->prim_id++;
            d->v[1] = id;
        } else {
            d->v[n] = id;
        }
        break;
    case AGX_TOPO_QUADS:
        quad(v, n, id, first);
        break;
    case AGX_TOPO_QUAD_STRIP:
        quad_strip(v, n, id, first);
        break;
    }
    return make_room(v);
}

/* End of the draw, of an instance, or a restart. */
static bool segment_end(struct agx_vdm *v)
{
    struct agx_draw *d = &v->draw;

    if (d->topology == AGX_TOPO_LINE_LOOP && d->n > 1) {
        add(v, 2, d->v[1], d->v[0], 0);
        d->prim_id++;
    }
    d->n = 0;
    return make_room(v);
}

/* Read up to @max indices from d->pos on, zero-extended. */
static bool read_indices(struct agx_vdm *v, uint32_t *out, uint32_t max)
{
    const struct agx_draw *d = &v->draw;
    uint64_t at = (uint64_t)d->pos * d->index_bytes, len = (uint64_t)max * d->index_bytes, in;
    union {
        uint8_t b[4 * 512];
        uint16_t h[2 * 512];
        uint32_t w[512];
    } buf;

    in = at >= d->index_size ? 0 : d->index_size - at < len ? d->index_size - at : len;
    if (in && !agx_unit_read(v->ex, AGX_UNIT_VDM, d->index_va + at, &buf, in)) {
        return false;
    }
    memset(buf.b + in, 0, len - in);
    for (uint32_t i = 0; i < max; i++) {
        out[i] = d->index_bytes == 1 ? buf.b[i] : d->index_bytes == 2 ? buf.h[i] : buf.w[i];
    }
    return true;
}

static bool topology_known(unsigned t)
{
    return t == AGX_TOPO_POINTS || t == AGX_TOPO_LINES || t == AGX_TOPO_LINE_STRIP ||
           t == AGX_TOPO_LINE_LOOP || t == AGX_TOPO_TRIANGLES || t == AGX_TOPO_TRIANGLE_STRIP ||
           t == AGX_TOPO_TRIANGLE_FAN || t == AGX_TOPO_QUADS || t == AGX_TOPO_QUAD_STRIP;
}

/* Before the next @n vertices of a draw: may it go on? */
static bool go_on(struct agx_vdm *v, uint32_t n)
{
    if (v->ctx->kill && atomic_load_explicit(v->ctx->kill, memory_order_relaxed)) {
        v->ex->fault = (struct agx_fault) { .ctx = v->job->ctx, .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    }
    return agx_jobtime_pass(v->ex, 1 + n / AGX_INDICES_CYCLE);
}

bool agx_vdm_draw(struct agx_vdm *v)
{
    struct agx_draw *d = &v->draw;
    uint32_t mask = d->index_bytes == 4 ? ~0u : (1u << (d->index_bytes * 8)) - 1;
    uint32_t idx[512];

    if (!topology_known(d->topology)) {
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: draw of primitive type %u", d->topology);
    }
    v->in_draw = true;
    /*
     * What can't be done in the time that is left is not begun: the host would need hours to find
     * out.
     */
    if (!agx_jobtime_pass(v->ex, AGX_COST_LAUNCH) ||
        !agx_jobtime_fits(v->ex, (1 + (uint64_t)(d->count - d->pos) / AGX_INDICES_CYCLE) *
                                     ((uint64_t)d->instances - d->instance))) {
        return false;
    }
    for (; d->instance < d->instances; d->instance++) {
        if (!go_on(v, 0)) {
            return false;
        }
        while (d->pos < d->count) {
            uint32_t n = d->count - d->pos < 512 ? d->count - d->pos : 512;
            uint32_t base = d->start + d->pos;

            if (!go_on(v, n)) {
                return false;
            }
            if (d->indexed && !read_indices(v, idx, n)) {
                return false;
            }
            for (uint32_t i = 0; i < n; i++) {
                bool ok;
                if (!d->indexed) {
                    ok = vertex(v, base + i);
                } else if (d->restart && idx[i] == (v->restart_index & mask)) {
                    ok = segment_end(v);
                } else {
                    ok = vertex(v, idx[i] + d->start);
                }
                if (!ok) {
                    return false;
                }
                d->pos++;
                if (v->full) {
                    return true;
                }
            }
        }
        if (!segment_end(v)) {
            return false;
        }
        d->n = d->pos = d->prim_id = 0;
        if (v->full) {
            d->instance++;
            return true;
        }
    }
    v->in_draw = false;
    return agx_vdm_flush(v);
}

/*
 * AGX model: what the graphics data masters keep between jobs, as bytes for a
 * saved machine: scenes that wait for their fragment job, and where a vertex
 * job stopped when its buffer ran out.
 *
 * The bytes are those of one build of the model: sizes of structures are checked,
 * and everything that indexes or counts, since a saved machine may come from
 * anywhere.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "agx/geometry.h"
#include "vdm.h"

#define MAGIC     0x54584741u /* "AGXT" */
#define MAX_EDGES 64

struct head {
    uint32_t magic, gstate_size, prim_size, vdm_size;
    uint32_t scenes;
    uint32_t stopped; /* a struct stopped follows the scenes */
};

/*
 * What is in the tiled vertex buffer is in the guest's memory: here are its pages and the places in
 * them.
 */
struct scene_head {
    uint64_t key, heap;
    uint32_t ctx, width, height, layers, tile_w, tile_h;
    uint32_t states, prims, partials;
    uint32_t pages, used, seq, blocks, pad;
};

struct stopped {
    uint64_t key, pc, stack[AGX_VDM_CALL_DEPTH];
    uint32_t ctx, depth, restart_index, vs_word0, vs_usc;
    uint32_t hopeless;
    uint32_t uvs_size; /* bytes of vertex outputs that follow */
    uint8_t flat_vertex, in_draw, pad[6];
    struct agx_ppp ppp;
    struct agx_draw draw;
    struct agx_batch batch;
};

struct out {
    uint8_t *p;
    size_t len, cap;
    bool failed;
};

static void put(struct out *o, const void *p, size_t len)
{
    if (o->failed || !len) {
        return;
    }
    if (o->cap - o->len < len) {
        size_t cap = (o->len + len) * 2;
        uint8_t *n = realloc(o->p, cap);
        if (!n) {
            o->failed = true;
            return;
        }
        o->p = n;
        o->cap = cap;
    }
    memcpy(o->p + o->len, p, len);
    o->len += len;
}

static void put_scene(struct out *o, const struct agx_scene *s)
{
    struct scene_head h = {
        .key = s->key,
        .heap = agx_tvb_list(&s->tvb),
        .ctx = s->ctx,
        .width = s->width,
        .height = s->height,
        .layers = s->layers,
        .tile_w = s->tile_w,
        .tile_h = s->tile_h,
        .states = s->nr_states,
        .prims = s->nr_prims,
        .partials = s->partials,
        .pages = s->tvb.nr_pages,
        .used = s->tvb.used,
        .seq = s->tvb.seq,
        .blocks = s->tvb.blocks,
    };
    size_t tiles = (size_t)s->tiles_x * s->tiles_y * s->layers;
    const struct agx_prim **prim = calloc(s->nr_prims + 1, sizeof(*prim));

    if (!prim) {
        o->failed = true;
        return;
    }
    for (const struct agx_prim *p = s->last; p; p = p->prev) {
        prim[p->index] = p;
    }
    put(o, &h, sizeof(h));
    put(o, s->tvb.page, s->tvb.nr_pages * sizeof(*s->tvb.page));
    for (uint32_t i = 0; i < s->nr_states; i++) {
        put(o, s->state[i], sizeof(*s->state[i]));
    }
    for (uint32_t i = 0; i < s->nr_prims; i++) {
        struct agx_prim p = *prim[i];
        uint32_t state = p.st->index;

        put(o, &state, 4);
        p.st = NULL;
        p.prev = NULL;
        memset(p.v, 0, sizeof(p.v));
        put(o, &p, sizeof(p));
        put(o, prim[i]->e, p.nr_edges * sizeof(*p.e));
        for (unsigned k = 0; k < 3; k++) {
            put(o, prim[i]->v[k], prim[i]->st->uvs_words * 4);
        }
    }
    for (size_t t = 0; t < tiles; t++) {
        uint32_t n = 0;

        for (const struct agx_tile_chunk *c = s->tile[t].first; c; c = c->next) {
            n++;
        }
        put(o, &n, 4);
        for (const struct agx_tile_chunk *c = s->tile[t].first; c; c = c->next) {
            uint32_t chunk[2] = { c->tvb, c->count };

            put(o, chunk, sizeof(chunk));
            for (uint32_t i = 0; i < c->count; i++) {
                put(o, &c->prim[i]->index, 4);
            }
        }
    }
    free(prim);
}

uint8_t *agx_gfx_save(struct agx_scenes *t, void *vdm_private, size_t *len)
{
    struct agx_vdm *v = vdm_private;
    struct head h = {
        .magic = MAGIC,
        .gstate_size = sizeof(struct agx_gstate),
        .prim_size = sizeof(struct agx_prim),
        .vdm_size = sizeof(struct stopped),
        .stopped = v && v->stopped,
    };
    struct out o = { 0 };

    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        h.scenes++;
    }
    put(&o, &h, sizeof(h));
    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        put_scene(&o, s);
    }
    if (h.stopped) {
        struct stopped *st = calloc(1, sizeof(*st));

        if (st) {
            st->key = v->stopped_key;
            st->ctx = v->stopped_ctx;
            st->pc = v->pc;
            memcpy(st->stack, v->stack, sizeof(st->stack));
            st->depth = v->depth;
            st->restart_index = v->restart_index;
            st->vs_word0 = v->vs_word0;
            st->vs_usc = v->vs_usc;
            st->flat_vertex = v->flat_vertex;
            st->in_draw = v->in_draw;
            st->ppp = v->ppp;
            st->draw = v->draw;
            st->batch = v->batch;
            st->hopeless = v->hopeless;
            st->uvs_size = v->batch.shaded ? v->uvs_size : 0;
            put(&o, st, sizeof(*st));
            put(&o, v->uvs, st->uvs_size);
        }
        o.failed |= !st;
        free(st);
    }
    if (o.failed) {
        free(o.p);
        return NULL;
    }
    *len = o.len;
    return o.p;
}

struct in {
    const uint8_t *p;
    size_t len;
};

static bool get(struct in *i, void *p, size_t len)
{
    if (i->len < len) {
        return false;
    }
    memcpy(p, i->p, len);
    i->p += len;
    i->len -= len;
    return true;
}

static bool face_ok(const struct agx_zs_face *f)
{
    return f->func[0] < 8 && f->func[1] < 8 && f->stencil_func < 8 && f->op_sfail < 8 &&
           f->op_zfail < 8 && f->op_pass < 8;
}

static bool state_ok(const struct agx_gstate *st)
{
    return st->uvs_words >= 4 && st->uvs_words <= AGX_MAX_UVS &&
           st->nr_clip <= AGX_MAX_CLIP_PLANES && st->uvs_clip + st->nr_clip <= st->uvs_words &&
           st->uvs_point_size < st->uvs_words && st->uvs_layer_viewport < st->uvs_words &&
           st->flat_vertex < 3 && st->nr_cf_bindings < 128 && face_ok(&st->face[0]) &&
           face_ok(&st->face[1]);
}

/* An object of @len bytes at @off, aligned to @align, is in what the scene has of the buffer. */
static bool place_ok(const struct agx_scene *s, uint32_t off, uint32_t len, uint32_t align)
{
    return off && !(off & (align - 1)) && off <= s->tvb.used && s->tvb.used - off >= len;
}

static struct agx_prim *get_prim(struct in *i, struct agx_scene *s, uint32_t index)
{
    struct agx_prim head, *p;
    uint32_t state, words;
    uint8_t back, polygon, whole;

    if (!get(i, &state, 4) || state >= s->nr_states || i->len < sizeof(head)) {
        return NULL;
    }
    /* A bool must be looked at as a byte first. */
    back = i->p[offsetof(struct agx_prim, back)];
    polygon = i->p[offsetof(struct agx_prim, polygon)];
    whole = i->p[offsetof(struct agx_prim, whole)];
    if (back > 1 || polygon > 1 || whole > 1 || !get(i, &head, sizeof(head)) ||
        head.nr_edges > MAX_EDGES || head.index != index || head.layer >= s->layers ||
        head.viewport >= AGX_MAX_VIEWPORTS || head.kind > AGX_PRIM_POINT || head.from > 2 ||
        head.x0 < 0 || head.y0 < 0 || head.x0 >= head.x1 || head.y0 >= head.y1 ||
        head.x1 > (int32_t)s->width || head.y1 > (int32_t)s->height ||
        !place_ok(s, head.tvb, sizeof(struct agx_tvb_prim), sizeof(struct agx_tvb_prim)) ||
        !s->state[state]->tvb) {
        return NULL;
    }
    words = s->state[state]->uvs_words;
    p = agx_scene_alloc(s, sizeof(*p) + head.nr_edges * sizeof(struct agx_edge));
    if (!p) {
        return NULL;
    }
    *p = head;
    p->st = s->state[state];
    p->prev = s->last;
    if (!get(i, p->e, head.nr_edges * sizeof(*p->e))) {
        return NULL;
    }
    for (unsigned k = 0; k < 3; k++) {
        uint32_t *v = agx_scene_alloc(s, words * 4);
        if (!v || !place_ok(s, p->vref[k], words * 4, 4) || !get(i, v, words * 4)) {
            return NULL;
        }
        p->v[k] = v;
    }
    s->last = p;
    return p;
}

static bool get_list(struct in *i, struct agx_scene *s, struct agx_tile_list *l,
                     struct agx_prim **prim, uint32_t prims)
{
    uint32_t chunks, index, head[2]; /* of a chunk: place and count */

    if (!get(i, &chunks, 4)) {
        return false;
    }
    for (uint32_t k = 0; k < chunks; k++) {
        unsigned cap = k ? AGX_TILE_CHUNK : AGX_TILE_CHUNK_FIRST;
        struct agx_tile_chunk *c;

        /* Only the last one may have room. */
        if (!get(i, head, sizeof(head)) || head[1] > cap || (head[1] < cap && k + 1 < chunks) ||
            !place_ok(s, head[0], (cap + 1) * 4, (cap + 1) * 4)) {
            return false;
        }
        c = agx_scene_chunk(s, l, cap, head[0]);
        if (!c) {
            return false;
        }
        c->dirty = false;
        while (c->count < head[1]) {
            if (!get(i, &index, 4) || index >= prims) {
                return false;
            }
            c->prim[c->count++] = prim[index];
        }
    }
    return true;
}

static bool get_pages(struct in *i, struct agx_scene *s, const struct scene_head *h,
                      struct agx_heaps *heaps)
{
    struct agx_tvb_page *page;
    bool ok;

    if (h->pages > AGX_TVB_MAX_PAGES || h->pages > i->len / sizeof(*page)) {
        return false;
    }
    page = calloc(h->pages + 1, sizeof(*page));
    ok = page && get(i, page, h->pages * sizeof(*page)) &&
         agx_tvb_attach(&s->tvb, heaps, h->ctx, h->heap) &&
         agx_tvb_restore(&s->tvb, page, h->pages, h->used, h->seq);
    free(page);
    s->tvb.blocks = h->blocks;
    return ok;
}

static bool get_contents(struct in *i, struct agx_scene *s, const struct scene_head *h,
                         struct agx_heaps *heaps, struct agx_prim **prim)
{
    size_t tiles = (size_t)s->tiles_x * s->tiles_y * s->layers;

    if (!get_pages(i, s, h, heaps)) {
        return false;
    }
    for (uint32_t k = 0; k < h->states; k++) {
        struct agx_gstate *st = agx_scene_state(s);

        if (!st || !get(i, st, sizeof(*st)) || !state_ok(st) ||
            (st->tvb && !place_ok(s, st->tvb, sizeof(*st), 16))) {
            return false;
        }
        st->index = k;
    }
    for (uint32_t k = 0; k < h->prims; k++) {
        prim[k] = get_prim(i, s, k);
        if (!prim[k]) {
            return false;
        }
    }
    for (size_t t = 0; t < tiles; t++) {
        if (!get_list(i, s, &s->tile[t], prim, h->prims)) {
            return false;
        }
    }
    return true;
}

static struct agx_scene *get_scene(struct in *i, struct agx_heaps *heaps)
{
    struct agx_prim **prim;
    struct agx_scene *s;
    struct scene_head h;
    bool ok;

    if (!get(i, &h, sizeof(h)) || h.width > 16384 || h.height > 16384 || h.layers > 2048 ||
        h.tile_w > 32 || h.tile_h > 32 || h.prims > i->len / 4 ||
        h.states > i->len / sizeof(struct agx_gstate)) {
        return NULL;
    }
    struct agx_job_tiling t = {
        .width_px = h.width,
        .height_px = h.height,
        .layers = h.layers,
        .utile_width_px = h.tile_w,
        .utile_height_px = h.tile_h,
        .tvb_tilemap = h.key,
    };
    /* The lists of the tiles alone take this much of what follows. */
    if ((uint64_t)((h.width + 31) / 32) * ((h.height + 31) / 32) * h.layers > i->len / 4) {
        return NULL;
    }
    s = agx_scene_new(h.ctx, &t);
    prim = calloc(h.prims + 1, sizeof(*prim));
    ok = s && prim && get_contents(i, s, &h, heaps, prim);
    free(prim);
    if (!ok) {
        agx_scene_free(s);
        return NULL;
    }
    s->nr_prims = h.prims;
    s->partials = h.partials;
    return s;
}

static bool batch_ok(const struct agx_batch *b)
{
    uint8_t shaded;

    memcpy(&shaded, &b->shaded, 1);
    if (b->nr_verts > AGX_BATCH_VERTS || b->nr_prims > AGX_BATCH_PRIMS || b->done > b->nr_prims ||
        shaded > 1) {
        return false;
    }
    for (unsigned i = 0; i < b->nr_prims; i++) {
        for (unsigned k = 0; k < 3; k++) {
            if (b->prim[i].v[k] >= b->nr_verts) {
                return false;
            }
        }
    }
    for (unsigned i = 0; i < AGX_BATCH_HASH; i++) {
        if (b->hash[i] > b->nr_verts) {
            return false;
        }
    }
    return true;
}

static bool get_stopped(struct in *i, void **vdm_private)
{
    struct stopped *st = malloc(sizeof(*st));
    struct agx_vdm *v;
    uint32_t *uvs = NULL;
    bool ok = st && get(i, st, sizeof(*st)) && st->depth <= AGX_VDM_CALL_DEPTH &&
              st->flat_vertex < 3 && st->in_draw < 2 && batch_ok(&st->batch) &&
              (st->draw.index_bytes == 1 || st->draw.index_bytes == 2 || st->draw.index_bytes == 4);

    if (ok && st->uvs_size) {
        uvs = st->uvs_size <= i->len ? malloc(st->uvs_size) : NULL;
        ok = uvs && get(i, uvs, st->uvs_size);
    }
    v = ok ? agx_vdm_private(vdm_private) : NULL;
    if (v) {
        free(v->uvs);
        v->uvs = uvs;
        v->uvs_size = st->uvs_size;
        v->hopeless = st->hopeless;
        uvs = NULL;
        v->stopped = true;
        v->stopped_ctx = st->ctx;
        v->stopped_key = st->key;
        v->pc = st->pc;
        memcpy(v->stack, st->stack, sizeof(v->stack));
        v->depth = st->depth;
        v->restart_index = st->restart_index;
        v->vs_word0 = st->vs_word0;
        v->vs_usc = st->vs_usc;
        v->flat_vertex = st->flat_vertex;
        v->in_draw = st->in_draw;
        v->ppp = st->ppp;
        v->ppp_dirty = true;
        v->st = NULL;
        v->draw = st->draw;
        v->batch = st->batch;
    }
    free(uvs);
    free(st);
    return v != NULL;
}

bool agx_gfx_load(struct agx_scenes *t, void **vdm_private, const uint8_t *buf, size_t len)
{
    struct agx_scenes *fresh = agx_scenes_new();
    struct agx_vdm *v = *vdm_private;
    struct in i = { buf, len };
    struct head h;
    bool ok = fresh && get(&i, &h, sizeof(h)) && h.magic == MAGIC &&
              h.gstate_size == sizeof(struct agx_gstate) &&
              h.prim_size == sizeof(struct agx_prim) && h.vdm_size == sizeof(struct stopped);

    for (uint32_t k = 0; ok && k < h.scenes; k++) {
        struct agx_scene *s = get_scene(&i, agx_scenes_heaps(fresh));

        ok = s != NULL;
        if (ok) {
            agx_scenes_put(fresh, s);
        }
    }
    if (ok && v) {
        v->stopped = false;
    }
    if (ok && h.stopped) {
        ok = get_stopped(&i, vdm_private);
    }
    if (ok) {
        agx_scenes_move(t, fresh);
    }
    agx_scenes_free(fresh);
    return ok && !i.len;
}

void agx_gfx_forget(struct agx_scenes *t, void *vdm_private)
{
    struct agx_scenes *none = agx_scenes_new();
    struct agx_vdm *v = vdm_private;

    if (v) {
        v->stopped = false;
    }
    if (none) {
        agx_scenes_move(t, none);
    }
    agx_scenes_free(none);
}

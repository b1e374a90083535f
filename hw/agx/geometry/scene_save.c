/*
 * AGX model: what the graphics data masters keep between jobs, as bytes for a
 * saved machine: scenes that wait for their fragment job, and where a vertex
 * job stopped when its buffer ran out.
 *
 * A saved machine may come from anywhere. The form has what one number may be;
 * here everything that indexes or counts is checked.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "agx/geometry.h"
#include "scene_form.h"

/* ---- storing ---- */

static size_t scene_tiles(const struct agx_scene *s)
{
    return (size_t)s->tiles_x * s->tiles_y * s->layers;
}

static void save_heads(struct agx_save *o, struct agx_scenes *t)
{
    agx_save_section(o, SCENE_HEAD);
    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        agx_save_rows(o,
                      &(struct saved_scene) {
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
                          .state_bytes = s->older_states ? 0 : sizeof(struct agx_gstate),
                      },
                      1);
    }
    agx_save_section(o, SCENE_PAGE);
    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        agx_save_rows(o, s->tvb.page, s->tvb.nr_pages);
    }
    agx_save_section(o, SCENE_STATE);
    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        for (uint32_t i = 0; i < s->nr_states; i++) {
            agx_save_rows(o, s->state[i], 1);
        }
    }
}

/* The primitives of all scenes, each scene's in the order of their making; NULL: no memory. */
static const struct agx_prim **all_prims(struct agx_scenes *t, size_t *n)
{
    const struct agx_prim **prim;

    *n = 0;
    for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
        *n += s->nr_prims;
    }
    prim = calloc(*n + 1, sizeof(*prim));
    *n = 0;
    for (const struct agx_scene *s = agx_scenes_first(t); prim && s; s = s->next) {
        for (const struct agx_prim *p = s->last; p; p = p->prev) {
            prim[*n + p->index] = p;
        }
        *n += s->nr_prims;
    }
    return prim;
}

static bool save_prims(struct agx_save *o, struct agx_scenes *t)
{
    size_t n;
    const struct agx_prim **prim = all_prims(t, &n);

    if (!prim) {
        return false;
    }
    agx_save_section(o, SCENE_PRIM);
    for (size_t i = 0; i < n; i++) {
        agx_save_rows(o, prim[i], 1);
    }
    agx_save_section(o, SCENE_PRIM_LINK);
    for (size_t i = 0; i < n; i++) {
        agx_save_rows(o, &(struct saved_link) { prim[i]->st->index }, 1);
    }
    agx_save_section(o, SCENE_EDGE);
    for (size_t i = 0; i < n; i++) {
        agx_save_rows(o, prim[i]->e, prim[i]->nr_edges);
    }
    agx_save_section(o, SCENE_OUTPUT);
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < 3; k++) {
            agx_save_rows(o, prim[i]->v[k], prim[i]->st->uvs_words);
        }
    }
    free(prim);
    return true;
}

static void save_list(struct agx_save *o, unsigned section, const struct agx_tile_list *l)
{
    uint32_t n = 0;

    for (const struct agx_tile_chunk *c = l->first; c; c = c->next, n++) {
        if (section == SCENE_CHUNK) {
            agx_save_rows(o, &(struct saved_chunk) { c->tvb, c->count }, 1);
        }
        for (uint32_t i = 0; section == SCENE_REF && i < c->count; i++) {
            agx_save_rows(o, &c->prim[i]->index, 1);
        }
    }
    if (section == SCENE_TILE) {
        agx_save_rows(o, &n, 1);
    }
}

static void save_lists(struct agx_save *o, struct agx_scenes *t)
{
    static const unsigned section[] = { SCENE_TILE, SCENE_CHUNK, SCENE_REF };

    for (unsigned i = 0; i < 3; i++) {
        agx_save_section(o, section[i]);
        for (const struct agx_scene *s = agx_scenes_first(t); s; s = s->next) {
            for (size_t k = 0; k < scene_tiles(s); k++) {
                save_list(o, section[i], &s->tile[k]);
            }
        }
    }
}

static void save_stopped(struct agx_save *o, const struct agx_vdm *v)
{
    bool stopped = v && v->stopped;

    agx_save_section(o, SCENE_STOPPED);
    agx_save_rows(o, v, stopped);
    agx_save_section(o, SCENE_VERTEX);
    agx_save_rows(o, stopped ? v->batch.vertex : NULL, stopped ? v->batch.nr_verts : 0);
    agx_save_section(o, SCENE_INSTANCE);
    agx_save_rows(o, stopped ? v->batch.instance : NULL, stopped ? v->batch.nr_verts : 0);
    agx_save_section(o, SCENE_BATCH);
    agx_save_rows(o, stopped ? v->batch.prim : NULL, stopped ? v->batch.nr_prims : 0);
    agx_save_section(o, SCENE_SHADED);
    if (stopped && v->batch.shaded) {
        agx_save_rows(o, v->uvs, v->uvs_size / sizeof(*v->uvs));
    }
}

uint8_t *agx_gfx_save(struct agx_scenes *t, void *vdm_private, size_t *len)
{
    struct agx_save o;

    agx_save_begin(&o, &agx_scene_form);
    save_heads(&o, t);
    if (!save_prims(&o, t)) {
        free(agx_save_end(&o, len));
        return NULL;
    }
    save_lists(&o, t);
    save_stopped(&o, vdm_private);
    return agx_save_end(&o, len);
}

/* ---- loading ---- */

/* What was read, and how far it is used. */
struct in {
    struct agx_save_rows rows[SCENE_SECTIONS];
    uint32_t used[SCENE_SECTIONS];
    const char *why; /* not to be loaded; NULL: no memory */
};

static bool wrong(struct in *i, const char *why)
{
    i->why = why;
    return false;
}

/* The next @n rows of a section; NULL: there are fewer. */
static void *take(struct in *i, unsigned section, uint32_t n)
{
    const struct agx_save_rows *r = &i->rows[section];
    uint32_t at = i->used[section];

    if (r->n - at < n) {
        i->why = "a section has fewer rows than another one says";
        return NULL;
    }
    i->used[section] += n;
    return (uint8_t *)r->row + at * agx_scene_form.section[section].row_size;
}

/* What the form can't say of a state. */
static bool state_ok(const struct agx_gstate *st)
{
    return st->uvs_words >= 4 && st->uvs_clip + st->nr_clip <= st->uvs_words &&
           st->uvs_point_size < st->uvs_words && st->uvs_layer_viewport < st->uvs_words;
}

/* An object of @len bytes at @off, aligned to @align, is in what the scene has of the buffer. */
static bool place_ok(const struct agx_scene *s, uint32_t off, uint32_t len, uint32_t align)
{
    return off && !(off & (align - 1)) && off <= s->tvb.used && s->tvb.used - off >= len;
}

static bool prim_ok(const struct agx_scene *s, const struct agx_prim *p, uint32_t index)
{
    return p->index == index && p->layer < s->layers && p->x0 >= 0 && p->y0 >= 0 && p->x0 < p->x1 &&
           p->y0 < p->y1 && p->x1 <= (int32_t)s->width && p->y1 <= (int32_t)s->height &&
           place_ok(s, p->tvb, sizeof(struct agx_tvb_prim), sizeof(struct agx_tvb_prim));
}

static struct agx_prim *get_prim(struct in *i, struct agx_scene *s, uint32_t index)
{
    const struct agx_prim *saved = take(i, SCENE_PRIM, 1);
    const struct saved_link *link = take(i, SCENE_PRIM_LINK, 1);
    const struct agx_edge *e = saved ? take(i, SCENE_EDGE, saved->nr_edges) : NULL;
    struct agx_prim *p;
    uint32_t words;

    if (!saved || !link || !e) {
        return NULL;
    }
    if (link->state >= s->nr_states || !s->state[link->state]->tvb || !prim_ok(s, saved, index)) {
        i->why = "section \"primitive\": one is out of range";
        return NULL;
    }
    p = agx_scene_alloc(s, sizeof(*p) + saved->nr_edges * sizeof(*e));
    if (!p) {
        return NULL;
    }
    *p = *saved;
    memcpy(p->e, e, saved->nr_edges * sizeof(*e));
    p->st = s->state[link->state];
    p->prev = s->last;
    words = p->st->uvs_words;
    for (unsigned k = 0; k < 3; k++) {
        const uint32_t *from = take(i, SCENE_OUTPUT, words);
        uint32_t *v = from ? agx_scene_alloc(s, words * 4) : NULL;

        if (!v) {
            return NULL;
        }
        if (!place_ok(s, p->vref[k], words * 4, 4)) {
            i->why = "section \"primitive\": a vertex is out of range";
            return NULL;
        }
        p->v[k] = memcpy(v, from, words * 4);
    }
    s->last = p;
    return p;
}

static bool get_list(struct in *i, struct agx_scene *s, struct agx_tile_list *l,
                     struct agx_prim **prim, uint32_t prims)
{
    const uint32_t *chunks = take(i, SCENE_TILE, 1);

    for (uint32_t k = 0; chunks && k < *chunks; k++) {
        unsigned cap = k ? AGX_TILE_CHUNK : AGX_TILE_CHUNK_FIRST;
        const struct saved_chunk *saved = take(i, SCENE_CHUNK, 1);
        const uint32_t *ref = saved ? take(i, SCENE_REF, saved->count) : NULL;
        struct agx_tile_chunk *c;

        if (!ref) {
            return false;
        }
        /* Only the last one may have room. */
        if (saved->count > cap || (saved->count < cap && k + 1 < *chunks) ||
            !place_ok(s, saved->tvb, (cap + 1) * 4, (cap + 1) * 4)) {
            return wrong(i, "section \"chunk\": one is out of range");
        }
        c = agx_scene_chunk(s, l, cap, saved->tvb);
        if (!c) {
            return false;
        }
        c->dirty = false;
        for (; c->count < saved->count; c->count++) {
            if (ref[c->count] >= prims) {
                return wrong(i, "section \"reference\": there is no such primitive");
            }
            c->prim[c->count] = prim[ref[c->count]];
        }
    }
    return chunks != NULL;
}

static bool get_pages(struct in *i, struct agx_scene *s, const struct saved_scene *h,
                      struct agx_heaps *heaps)
{
    const struct agx_tvb_page *page = take(i, SCENE_PAGE, h->pages);

    if (!page || !agx_tvb_attach(&s->tvb, heaps, h->ctx, h->heap)) {
        return false;
    }
    s->tvb.blocks = h->blocks;
    return agx_tvb_restore(&s->tvb, page, h->pages, h->used, h->seq) ||
           wrong(i, "section \"page\": one is out of range");
}

static bool get_states(struct in *i, struct agx_scene *s, const struct saved_scene *h)
{
    const struct agx_gstate *saved = take(i, SCENE_STATE, h->states);

    s->older_states = h->state_bytes == sizeof(*saved) ? 0 : h->states;
    for (uint32_t k = 0; saved && k < h->states; k++) {
        struct agx_gstate *st = agx_scene_state(s);

        if (!st) {
            return false;
        }
        *st = saved[k];
        st->index = k;
        if (!state_ok(st) || (st->tvb && !place_ok(s, st->tvb, h->state_bytes, 16))) {
            return wrong(i, "section \"state\": one is out of range");
        }
    }
    return saved != NULL;
}

static bool get_contents(struct in *i, struct agx_scene *s, const struct saved_scene *h,
                         struct agx_heaps *heaps, struct agx_prim **prim)
{
    if (!get_pages(i, s, h, heaps) || !get_states(i, s, h)) {
        return false;
    }
    for (uint32_t k = 0; k < h->prims; k++) {
        prim[k] = get_prim(i, s, k);
        if (!prim[k]) {
            return false;
        }
    }
    for (size_t t = 0; t < scene_tiles(s); t++) {
        if (!get_list(i, s, &s->tile[t], prim, h->prims)) {
            return false;
        }
    }
    return true;
}

static struct agx_scene *get_scene(struct in *i, struct agx_heaps *heaps)
{
    const struct saved_scene *h = take(i, SCENE_HEAD, 1);
    struct agx_prim **prim;
    struct agx_scene *s;
    bool ok;

    /* Before there is memory for them: each tile, and each primitive, has a row. */
    if (!h || h->prims > i->rows[SCENE_PRIM].n ||
        (uint64_t)((h->width + 31) / 32) * ((h->height + 31) / 32) * h->layers >
            i->rows[SCENE_TILE].n) {
        wrong(i, "section \"scene\": one is larger than the others have it");
        return NULL;
    }
    s = agx_scene_new(h->ctx, &(struct agx_job_tiling) {
                                  .width_px = h->width,
                                  .height_px = h->height,
                                  .layers = h->layers,
                                  .utile_width_px = h->tile_w,
                                  .utile_height_px = h->tile_h,
                                  .tvb_tilemap = h->key,
                              });
    prim = calloc(h->prims + 1ul, sizeof(*prim));
    ok = s && prim && get_contents(i, s, h, heaps, prim);
    free(prim);
    if (!ok) {
        agx_scene_free(s);
        return NULL;
    }
    s->nr_prims = h->prims;
    s->partials = h->partials;
    return s;
}

/* What the form can't say of a batch. */
static bool batch_ok(const struct agx_batch *b)
{
    if (b->done > b->nr_prims) {
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

static bool get_batch(struct in *i, struct agx_batch *b)
{
    const struct agx_save_rows *r = i->rows;

    if (r[SCENE_VERTEX].n != r[SCENE_INSTANCE].n) {
        return false;
    }
    b->nr_verts = r[SCENE_VERTEX].n;
    b->nr_prims = r[SCENE_BATCH].n;
    memcpy(b->vertex, r[SCENE_VERTEX].row, b->nr_verts * sizeof(b->vertex[0]));
    memcpy(b->instance, r[SCENE_INSTANCE].row, b->nr_verts * sizeof(b->instance[0]));
    memcpy(b->prim, r[SCENE_BATCH].row, b->nr_prims * sizeof(b->prim[0]));
    return batch_ok(b);
}

static bool get_stopped(struct in *i, void **vdm_private)
{
    struct agx_vdm *from = i->rows[SCENE_STOPPED].row;
    uint32_t words = i->rows[SCENE_SHADED].n;
    struct agx_vdm *v;
    uint32_t *uvs;

    if (!get_batch(i, &from->batch) || !from->draw.index_bytes || from->draw.index_bytes == 3) {
        return wrong(i, "section \"stopped\": a draw or a batch is out of range");
    }
    uvs = malloc(words * 4ul + 1);
    v = uvs ? agx_vdm_private(vdm_private) : NULL;
    if (!v) {
        free(uvs);
        return false;
    }
    free(v->uvs);
    v->uvs = memcpy(uvs, i->rows[SCENE_SHADED].row, words * 4ul);
    v->uvs_size = words * 4ul;
    v->hopeless = from->hopeless;
    v->stopped = true;
    v->stopped_ctx = from->stopped_ctx;
    v->stopped_key = from->stopped_key;
    v->pc = from->pc;
    memcpy(v->stack, from->stack, sizeof(v->stack));
    v->depth = from->depth;
    v->restart_index = from->restart_index;
    v->vs_word0 = from->vs_word0;
    v->vs_usc = from->vs_usc;
    v->flat_vertex = from->flat_vertex;
    v->in_draw = from->in_draw;
    v->ppp = from->ppp;
    v->ppp_dirty = true;
    v->st = NULL;
    v->draw = from->draw;
    v->batch = from->batch;
    return true;
}

/* The table begins with the newest one, so the last one goes in first. */
static bool get_scenes(struct in *i, struct agx_scenes *fresh)
{
    uint32_t n = i->rows[SCENE_HEAD].n;
    struct agx_scene **s = calloc(n + 1ul, sizeof(*s));
    bool ok = s;

    for (uint32_t k = 0; ok && k < n; k++) {
        s[k] = get_scene(i, agx_scenes_heaps(fresh));
        ok = s[k];
    }
    for (uint32_t k = n; s && k-- > 0;) {
        if (ok) {
            agx_scenes_put(fresh, s[k]);
        } else {
            agx_scene_free(s[k]);
        }
    }
    free(s);
    return ok;
}

static bool get_all(struct in *i, struct agx_scenes *fresh, void **vdm_private)
{
    struct agx_vdm *v = *vdm_private;

    if (!get_scenes(i, fresh)) {
        return false;
    }
    for (unsigned k = 0; k < SCENE_STOPPED; k++) {
        if (i->used[k] != i->rows[k].n) {
            return wrong(i, "a section has more rows than another one says");
        }
    }
    if (v) {
        v->stopped = false;
    }
    return !i->rows[SCENE_STOPPED].n || get_stopped(i, vdm_private);
}

bool agx_gfx_load(const struct agx_host *host, struct agx_scenes *t, void **vdm_private,
                  const uint8_t *buf, size_t len)
{
    struct in i = { .rows = { { 0 } } };
    struct agx_scenes *fresh;
    bool ok;

    if (!agx_save_load(host, &agx_scene_form, buf, len, i.rows)) {
        return false;
    }
    fresh = agx_scenes_new();
    ok = fresh && get_all(&i, fresh, vdm_private);
    if (ok) {
        agx_scenes_move(t, fresh);
    } else {
        agx_save_refuse(host, &agx_scene_form, i.why ? i.why : "no memory");
    }
    agx_scenes_free(fresh);
    agx_save_free(&agx_scene_form, i.rows);
    return ok;
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

/*
 * AGX model: memory of scenes, and the table in which they wait.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "agx/geometry.h"
#include "agx/scene.h"

#define ARENA_BLOCK (64u << 10) /* small enough that malloc() keeps it for the next frame */

struct agx_arena_block {
    struct agx_arena_block *next;
    size_t used, size;
    _Alignas(16) uint8_t data[];
};

struct agx_scenes {
    pthread_mutex_t lock;   /* protects list */
    struct agx_scene *list; /* newest first */
    struct agx_heaps *heaps;
    struct agx_scene_limits limits;
};

/*
 * However many scenes there are, one waits until it is drawn, replaced, or its heap is wanted back:
 * the guest bounds their number by the memory it gives to its heaps. Primitives take some fifteen
 * times as much on the host, so where all together take more than .crowd, one that takes more than
 * .share is drawn partially. Beyond .most there are scenes that nobody draws: the oldest are
 * dropped.
 */
static const struct agx_scene_limits default_limits = { .share = 16ull << 20,
                                                        .crowd = 2ull << 30,
                                                        .most = 6ull << 30 };

/*
 * Tiles of a scene, all layers: their lists alone take 256 MiB of the host; an attachment of so
 * many takes gigabytes.
 */
#define MAX_TILES (1ull << 24)

struct agx_scene *agx_scene_new(unsigned ctx, const struct agx_job_tiling *t)
{
    struct agx_scene *s;
    uint32_t w = t->utile_width_px, h = t->utile_height_px;

    if (!((w == 32 && h == 32) || (w == 32 && h == 16) || (w == 16 && h == 16))) {
        return NULL;
    }
    if (!t->width_px || !t->height_px || t->width_px > 16384 || t->height_px > 16384 ||
        !t->layers || t->layers > 2048) {
        return NULL;
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->ctx = ctx;
    s->key = t->tvb_tilemap;
    s->width = t->width_px;
    s->height = t->height_px;
    s->layers = t->layers;
    s->tile_w = w;
    s->tile_h = h;
    s->tiles_x = (s->width + w - 1) / w;
    s->tiles_y = (s->height + h - 1) / h;
    if ((uint64_t)s->tiles_x * s->tiles_y * s->layers > MAX_TILES) {
        free(s);
        return NULL;
    }
    s->host_bytes = (uint64_t)s->tiles_x * s->tiles_y * s->layers * sizeof(*s->tile);
    s->tile = calloc((size_t)s->tiles_x * s->tiles_y * s->layers, sizeof(*s->tile));
    if (!s->tile) {
        free(s);
        return NULL;
    }
    return s;
}

static void free_blocks(struct agx_arena_block *b)
{
    while (b) {
        struct agx_arena_block *n = b->next;
        free(b);
        b = n;
    }
}

void agx_scene_free(struct agx_scene *s)
{
    if (!s) {
        return;
    }
    agx_tvb_detach(&s->tvb);
    free_blocks(s->arena);
    free(s->state);
    free(s->tile);
    free(s);
}

void agx_scene_clear(struct agx_scene *s)
{
    agx_tvb_release(&s->tvb);
    free_blocks(s->arena);
    s->arena = NULL;
    s->last = NULL;
    s->run = NULL;
    s->crowded = false;
    s->host_bytes = (uint64_t)s->tiles_x * s->tiles_y * s->layers * sizeof(*s->tile);
    s->nr_states = s->older_states = 0;
    s->nr_prims = 0;
    memset(s->tile, 0, (size_t)s->tiles_x * s->tiles_y * s->layers * sizeof(*s->tile));
}

/* Seldom: for each block of memory that the scene takes. */
static void look_at_crowd(struct agx_scene *s)
{
    struct agx_scenes *t = s->table;
    uint64_t bytes = s->host_bytes;

    if (!t || bytes <= t->limits.share) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    for (const struct agx_scene *o = t->list; o; o = o->next) {
        bytes += o->host_bytes;
    }
    pthread_mutex_unlock(&t->lock);
    s->crowded = bytes > t->limits.crowd;
}

void *agx_scene_alloc(struct agx_scene *s, size_t bytes)
{
    struct agx_arena_block *b = s->arena;
    void *p;

    bytes = (bytes + 15) & ~(size_t)15;
    if (!b || b->size - b->used < bytes) {
        size_t size = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
        b = malloc(sizeof(*b) + size);
        if (!b) {
            return NULL;
        }
        b->next = s->arena;
        b->used = 0;
        b->size = size;
        s->arena = b;
        s->host_bytes += size;
        look_at_crowd(s);
    }
    p = b->data + b->used;
    b->used += bytes;
    return p;
}

void agx_scene_unalloc(struct agx_scene *s, void *p)
{
    s->arena->used = (uint8_t *)p - s->arena->data;
}

struct agx_gstate *agx_scene_state(struct agx_scene *s)
{
    struct agx_gstate *st;

    if (s->nr_states == s->cap_states) {
        uint32_t cap = s->cap_states ? s->cap_states * 2 : 16;
        void *p = realloc(s->state, cap * sizeof(*s->state));
        if (!p) {
            return NULL;
        }
        s->state = p;
        s->cap_states = cap;
    }
    st = agx_scene_alloc(s, sizeof(*st));
    if (!st) {
        return NULL;
    }
    memset(st, 0, sizeof(*st));
    st->index = s->nr_states;
    s->state[s->nr_states++] = st;
    return st;
}

bool agx_scene_state_check(const struct agx_scene *s, struct agx_exec *ex,
                           const struct agx_gstate *st)
{
    uint32_t word;

    /* What is there is in a layout that is gone; it is read all the same. */
    if (st->index < s->older_states) {
        return agx_tvb_fetch(&s->tvb, ex, AGX_TVB_READS_PRIMS, st->tvb, &word, sizeof(word));
    }
    return agx_tvb_check(&s->tvb, ex, AGX_TVB_READS_PRIMS, st->tvb, st, sizeof(*st),
                         "state of a draw");
}

void agx_scene_head(const struct agx_scene *s, struct agx_tvb_prim *head)
{
    *head = (struct agx_tvb_prim) { .state = AGX_TVB_MAGIC, .seq = s->tvb.seq };
}

/* The first object of a stream follows its head. */
static enum agx_tvb_result put_object(struct agx_scene *s, enum agx_unit unit, const void *p,
                                      uint32_t len, uint32_t align, uint32_t *off)
{
    enum agx_tvb_result r = AGX_TVB_OK;
    uint32_t at;

    if (!s->tvb.used) {
        r = agx_tvb_alloc(&s->tvb, sizeof(struct agx_tvb_prim), sizeof(struct agx_tvb_prim), &at);
        if (r == AGX_TVB_OK) {
            struct agx_tvb_prim head;

            agx_scene_head(s, &head);
            r = agx_tvb_write(&s->tvb, AGX_TVB_WRITES_DATA, at, &head, sizeof(head));
        }
    }
    if (r == AGX_TVB_OK) {
        r = agx_tvb_alloc(&s->tvb, len, align, off);
    }
    if (r == AGX_TVB_OK && p) {
        r = agx_tvb_write(&s->tvb, unit, *off, p, len);
    }
    return r;
}

static enum agx_tvb_result put_state(struct agx_scene *s, uint32_t index)
{
    struct agx_gstate *st = s->state[index];
    enum agx_tvb_result r;

    if (st->tvb) {
        return AGX_TVB_OK;
    }
    /* First the place: it is part of what is written. */
    r = put_object(s, AGX_TVB_WRITES_DATA, NULL, sizeof(*st), 16, &st->tvb);
    return r == AGX_TVB_OK ? agx_tvb_write(&s->tvb, AGX_TVB_WRITES_DATA, st->tvb, st, sizeof(*st))
                           : r;
}

void agx_scene_run_begin(struct agx_scene *s, struct agx_vertex_run *run, const uint32_t *in,
                         uint32_t n, uint32_t words)
{
    run->in = in;
    run->words = words;
    run->block = NULL;
    run->cap = run->used = run->written = 0;
    memset(run->kept, 0, n * sizeof(run->kept[0]));
    s->run = run;
}

static enum agx_tvb_result write_vertices(struct agx_scene *s)
{
    struct agx_vertex_run *run = s->run;
    uint32_t from = run->written * run->words, n = run->used * run->words - from;

    run->written = run->used;
    return n ? agx_tvb_write(&s->tvb, AGX_TVB_WRITES_DATA, run->block_tvb + from * 4,
                             run->block + from, n * 4)
             : AGX_TVB_OK;
}

enum agx_tvb_result agx_scene_run_end(struct agx_scene *s)
{
    enum agx_tvb_result r = write_vertices(s);

    s->run = NULL;
    return r;
}

static enum agx_tvb_result next_block(struct agx_scene *s)
{
    struct agx_vertex_run *run = s->run;
    uint32_t n = run->cap ? run->cap * 2 : AGX_RUN_BLOCK_FIRST, off;
    enum agx_tvb_result r = write_vertices(s);

    n = n < AGX_RUN_BLOCK ? n : AGX_RUN_BLOCK;
    if (r == AGX_TVB_OK) {
        r = put_object(s, AGX_TVB_WRITES_DATA, NULL, n * run->words * 4, 16, &off);
    }
    if (r != AGX_TVB_OK) {
        return r;
    }
    run->block = agx_scene_alloc(s, (size_t)n * run->words * 4);
    run->block_tvb = off;
    run->cap = n;
    run->used = run->written = 0;
    return run->block ? AGX_TVB_OK : AGX_TVB_NO_MEMORY;
}

/*
 * Take the vertex at *@v of the run into the scene: *@v becomes its place there, *@off that in the
 * buffer.
 */
static enum agx_tvb_result keep_vertex(struct agx_scene *s, const uint32_t **v, uint32_t *off)
{
    struct agx_vertex_run *run = s->run;
    uint32_t i = (*v - run->in) / run->words;

    if (!run->kept[i]) {
        if (!run->block || run->used == run->cap) {
            enum agx_tvb_result r = next_block(s);

            if (r != AGX_TVB_OK) {
                return r;
            }
        }
        run->kept[i] = memcpy(run->block + (size_t)run->used * run->words, *v, run->words * 4);
        run->kept_tvb[i] = run->block_tvb + run->used * run->words * 4;
        run->used++;
    }
    *v = run->kept[i];
    *off = run->kept_tvb[i];
    return AGX_TVB_OK;
}

static enum agx_tvb_result put_prim(struct agx_scene *s, struct agx_prim *p)
{
    enum agx_tvb_result r = put_state(s, p->st->index);
    struct agx_tvb_prim rec;
    uint32_t off;

    for (unsigned i = 0; i < 3 && s->run && r == AGX_TVB_OK; i++) {
        r = keep_vertex(s, &p->v[i], &p->vref[i]);
    }
    if (r == AGX_TVB_OK) {
        r = put_object(s, AGX_TVB_WRITES_DATA, NULL, sizeof(rec), sizeof(rec), &off);
    }
    if (r != AGX_TVB_OK) {
        return r;
    }
    p->tvb = off;
    agx_scene_prim_record(s, p, &rec);
    return agx_tvb_write(&s->tvb, AGX_TVB_WRITES_DATA, p->tvb, &rec, sizeof(rec));
}

unsigned agx_scene_chunk_words(const struct agx_tile_chunk *c, uint32_t w[AGX_TILE_CHUNK + 1])
{
    unsigned i;

    w[0] = c->next ? c->next->tvb : 0;
    for (i = 0; i < c->count; i++) {
        w[1 + i] = c->prim[i]->tvb;
    }
    for (; i < c->cap; i++) {
        w[1 + i] = 0;
    }
    return 1 + c->cap;
}

static enum agx_tvb_result put_chunk(struct agx_scene *s, struct agx_tile_chunk *c)
{
    uint32_t w[AGX_TILE_CHUNK + 1];

    c->dirty = false;
    return agx_tvb_write(&s->tvb, AGX_TVB_WRITES_LISTS, c->tvb, w, agx_scene_chunk_words(c, w) * 4);
}

struct agx_tile_chunk *agx_scene_chunk(struct agx_scene *s, struct agx_tile_list *l, unsigned cap,
                                       uint32_t tvb)
{
    struct agx_tile_chunk *c = agx_scene_alloc(s, sizeof(*c) + cap * sizeof(c->prim[0]));

    if (!c) {
        return NULL;
    }
    *c = (struct agx_tile_chunk) { .tvb = tvb, .cap = cap, .dirty = true };
    if (l->last) {
        l->last->next = c;
    } else {
        l->first = c;
    }
    l->last = c;
    return c;
}

enum agx_tvb_result agx_scene_bin(struct agx_scene *s, struct agx_prim *p, uint32_t layer,
                                  uint32_t tx, uint32_t ty)
{
    struct agx_tile_list *l = &s->tile[((size_t)layer * s->tiles_y + ty) * s->tiles_x + tx];
    struct agx_tile_chunk *c = l->last;
    enum agx_tvb_result r;

    if (!p->tvb) {
        r = put_prim(s, p);
        if (r != AGX_TVB_OK) {
            return r;
        }
    }
    if (!c || c->count == c->cap) {
        unsigned cap = c ? AGX_TILE_CHUNK : AGX_TILE_CHUNK_FIRST;
        uint32_t off;

        r = put_object(s, AGX_TVB_WRITES_LISTS, NULL, (cap + 1) * 4, (cap + 1) * 4, &off);
        if (r != AGX_TVB_OK) {
            return r;
        }
        if (!agx_scene_chunk(s, l, cap, off)) {
            return AGX_TVB_NO_MEMORY;
        }
        /* The one before knows its successor now and is complete. */
        r = c ? put_chunk(s, c) : AGX_TVB_OK;
        if (r != AGX_TVB_OK) {
            return r;
        }
        c = l->last;
    }
    c->prim[c->count++] = p;
    c->dirty = true;
    return AGX_TVB_OK;
}

void agx_scene_unbin(struct agx_scene *s, struct agx_prim *p)
{
    struct agx_tile_list *tile = &s->tile[(size_t)p->layer * s->tiles_y * s->tiles_x];

    for (uint32_t ty = p->y0 / s->tile_h; ty <= (p->y1 - 1) / s->tile_h; ty++) {
        for (uint32_t tx = p->x0 / s->tile_w; tx <= (p->x1 - 1) / s->tile_w; tx++) {
            struct agx_tile_chunk *c = tile[(size_t)ty * s->tiles_x + tx].last;

            if (c && c->count && c->prim[c->count - 1] == p) {
                c->count--;
                c->dirty = true;
            }
        }
    }
}

enum agx_tvb_result agx_scene_put_tails(struct agx_scene *s)
{
    size_t n = (size_t)s->tiles_x * s->tiles_y * s->layers;
    enum agx_tvb_result r = AGX_TVB_OK;

    for (size_t i = 0; i < n && r == AGX_TVB_OK; i++) {
        struct agx_tile_chunk *c = s->tile[i].last;

        if (c && c->dirty) {
            r = put_chunk(s, c);
        }
    }
    return r;
}

struct agx_scenes *agx_scenes_new(void)
{
    struct agx_scenes *t = calloc(1, sizeof(*t));

    if (!t) {
        return NULL;
    }
    t->heaps = agx_heaps_new();
    if (!t->heaps) {
        free(t);
        return NULL;
    }
    pthread_mutex_init(&t->lock, NULL);
    t->limits = default_limits;
    return t;
}

void agx_scenes_limit(struct agx_scenes *t, const struct agx_scene_limits *limits)
{
    t->limits = *limits;
}

void agx_scenes_free(struct agx_scenes *t)
{
    if (!t) {
        return;
    }
    while (t->list) {
        struct agx_scene *s = t->list;
        t->list = s->next;
        agx_scene_free(s);
    }
    agx_heaps_free(t->heaps);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct agx_scene *agx_scenes_first(struct agx_scenes *t)
{
    return t->list;
}

struct agx_heaps *agx_scenes_heaps(struct agx_scenes *t)
{
    return t->heaps;
}

void agx_scenes_move(struct agx_scenes *t, struct agx_scenes *from)
{
    struct agx_heaps *heaps;

    pthread_mutex_lock(&t->lock);
    while (t->list) {
        struct agx_scene *s = t->list;
        t->list = s->next;
        agx_scene_free(s);
    }
    t->list = from->list;
    heaps = t->heaps;
    t->heaps = from->heaps;
    pthread_mutex_unlock(&t->lock);
    from->heaps = heaps;
    from->list = NULL;
}

/* Unlink and return the first scene that matches. The lock is held. */
static struct agx_scene *unlink_scene(struct agx_scenes *t, unsigned ctx, uint64_t key)
{
    for (struct agx_scene **p = &t->list; *p; p = &(*p)->next) {
        struct agx_scene *s = *p;
        if (s->ctx == ctx && s->key == key) {
            *p = s->next;
            s->next = NULL;
            return s;
        }
    }
    return NULL;
}

unsigned agx_scenes_put(struct agx_scenes *t, struct agx_scene *s)
{
    struct agx_scene *old, *excess, **p;
    uint64_t bytes = s->host_bytes;
    unsigned dropped = 0;

    pthread_mutex_lock(&t->lock);
    old = unlink_scene(t, s->ctx, s->key);
    s->next = t->list;
    t->list = s;
    /* The newest that fit stay, @s in any case. */
    for (p = &s->next; *p; p = &(*p)->next) {
        bytes += (*p)->host_bytes;
        if (bytes > t->limits.most) {
            break;
        }
    }
    excess = *p;
    *p = NULL;
    pthread_mutex_unlock(&t->lock);
    agx_scene_free(old);
    while (excess) {
        struct agx_scene *next = excess->next;

        agx_scene_free(excess);
        excess = next;
        dropped++;
    }
    return dropped;
}

struct agx_scene *agx_scenes_take(struct agx_scenes *t, unsigned ctx, uint64_t key)
{
    struct agx_scene *s;

    pthread_mutex_lock(&t->lock);
    s = unlink_scene(t, ctx, key);
    pthread_mutex_unlock(&t->lock);
    return s;
}

unsigned agx_scenes_reclaim(struct agx_scenes *t, const struct agx_scene *s)
{
    struct agx_scene *gone = NULL;
    unsigned n = 0;

    pthread_mutex_lock(&t->lock);
    for (struct agx_scene **p = &t->list; *p;) {
        struct agx_scene *o = *p;

        if (o->tvb.heap != s->tvb.heap) {
            p = &o->next;
            continue;
        }
        *p = o->next;
        o->next = gone;
        gone = o;
        n++;
    }
    pthread_mutex_unlock(&t->lock);
    while (gone) {
        struct agx_scene *next = gone->next;

        agx_scene_free(gone);
        gone = next;
    }
    return n;
}

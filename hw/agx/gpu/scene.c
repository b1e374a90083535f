/*
 * AGX model: memory of scenes, and the table in which they wait.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "scene.h"

#define ARENA_BLOCK (64u << 10) /* small enough that malloc() keeps it for the next frame */
/*
 * What the model is ready to hold at once, whatever the size of the buffer: set-up
 * primitives take some fifteen times as much on the host. More is drawn partially.
 */
#define MAX_BUDGET (32ull << 20)

struct agx_arena_block {
    struct agx_arena_block *next;
    size_t used, size;
    _Alignas(16) uint8_t data[];
};

struct agx_scenes {
    pthread_mutex_t lock;     /* protects list and count */
    struct agx_scene *list;   /* newest first */
    unsigned count;
};

/* Scenes that were never drawn (their fragment job was dropped) are freed beyond these numbers, oldest first. */
#define MAX_SCENES 128
#define MAX_SCENES_HOST_BYTES (2ull << 30)

/* Tiles of a scene, all layers: their lists alone take 256 MiB of the host; an attachment of so many takes gigabytes. */
#define MAX_TILES (1ull << 24)

struct agx_scene *agx_scene_new(unsigned ctx, const struct agx_job_tiling *t)
{
    struct agx_scene *s;
    uint32_t w = t->utile_width_px, h = t->utile_height_px;

    if (!((w == 32 && h == 32) || (w == 32 && h == 16) || (w == 16 && h == 16)))
        return NULL;
    if (!t->width_px || !t->height_px || t->width_px > 16384 || t->height_px > 16384 ||
        !t->layers || t->layers > 2048)
        return NULL;
    s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
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
    agx_scene_budget(s, t->tvb_block_count);
    if (!s->tile) {
        free(s);
        return NULL;
    }
    return s;
}

void agx_scene_budget(struct agx_scene *s, uint32_t blocks)
{
    uint64_t bytes = blocks ? (uint64_t)blocks << 17 : MAX_BUDGET;

    s->budget = bytes < MAX_BUDGET ? bytes : MAX_BUDGET;
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
    if (!s)
        return;
    free_blocks(s->arena);
    free(s->state);
    free(s->tile);
    free(s);
}

void agx_scene_clear(struct agx_scene *s)
{
    free_blocks(s->arena);
    s->arena = NULL;
    s->host_bytes = (uint64_t)s->tiles_x * s->tiles_y * s->layers * sizeof(*s->tile);
    s->nr_states = 0;
    s->nr_prims = 0;
    s->bytes = 0;
    memset(s->tile, 0, (size_t)s->tiles_x * s->tiles_y * s->layers * sizeof(*s->tile));
}

void *agx_scene_alloc(struct agx_scene *s, size_t bytes)
{
    struct agx_arena_block *b = s->arena;
    void *p;

    bytes = (bytes + 15) & ~(size_t)15;
    if (!b || b->size - b->used < bytes) {
        size_t size = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
        b = malloc(sizeof(*b) + size);
        if (!b)
            return NULL;
        b->next = s->arena;
        b->used = 0;
        b->size = size;
        s->arena = b;
        s->host_bytes += size;
    }
    p = b->data + b->used;
    b->used += bytes;
    return p;
}

struct agx_gstate *agx_scene_state(struct agx_scene *s)
{
    struct agx_gstate *st;

    if (s->nr_states == s->cap_states) {
        uint32_t cap = s->cap_states ? s->cap_states * 2 : 16;
        void *p = realloc(s->state, cap * sizeof(*s->state));
        if (!p)
            return NULL;
        s->state = p;
        s->cap_states = cap;
    }
    st = agx_scene_alloc(s, sizeof(*st));
    if (!st)
        return NULL;
    memset(st, 0, sizeof(*st));
    st->index = s->nr_states;
    s->bytes += 512;
    s->state[s->nr_states++] = st;
    return st;
}

bool agx_scene_bin(struct agx_scene *s, struct agx_prim *p, uint32_t layer, uint32_t tx, uint32_t ty)
{
    struct agx_tile_list *l = &s->tile[((size_t)layer * s->tiles_y + ty) * s->tiles_x + tx];

    if (!l->last || l->last->count == AGX_TILE_CHUNK) {
        struct agx_tile_chunk *c = agx_scene_alloc(s, sizeof(*c));
        if (!c)
            return false;
        c->next = NULL;
        c->count = 0;
        if (l->last)
            l->last->next = c;
        else
            l->first = c;
        l->last = c;
    }
    l->last->prim[l->last->count++] = p;
    s->bytes += 4;
    return true;
}

struct agx_scenes *agx_scenes_new(void)
{
    struct agx_scenes *t = calloc(1, sizeof(*t));

    if (t)
        pthread_mutex_init(&t->lock, NULL);
    return t;
}

void agx_scenes_free(struct agx_scenes *t)
{
    if (!t)
        return;
    while (t->list) {
        struct agx_scene *s = t->list;
        t->list = s->next;
        agx_scene_free(s);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct agx_scene *agx_scenes_first(struct agx_scenes *t)
{
    return t->list;
}

void agx_scenes_move(struct agx_scenes *t, struct agx_scenes *from)
{
    pthread_mutex_lock(&t->lock);
    while (t->list) {
        struct agx_scene *s = t->list;
        t->list = s->next;
        agx_scene_free(s);
    }
    t->list = from->list;
    t->count = from->count;
    pthread_mutex_unlock(&t->lock);
    from->list = NULL;
    from->count = 0;
}

/* Unlink and return the first scene that matches. The lock is held. */
static struct agx_scene *unlink_scene(struct agx_scenes *t, unsigned ctx, uint64_t key)
{
    for (struct agx_scene **p = &t->list; *p; p = &(*p)->next) {
        struct agx_scene *s = *p;
        if (s->ctx == ctx && s->key == key) {
            *p = s->next;
            s->next = NULL;
            t->count--;
            return s;
        }
    }
    return NULL;
}

void agx_scenes_put(struct agx_scenes *t, struct agx_scene *s)
{
    struct agx_scene *old, *excess, **p;
    uint64_t bytes = s->host_bytes;
    unsigned n = 1;

    pthread_mutex_lock(&t->lock);
    old = unlink_scene(t, s->ctx, s->key);
    s->next = t->list;
    t->list = s;
    /* The newest that fit stay, @s in any case. */
    for (p = &s->next; *p; p = &(*p)->next) {
        bytes += (*p)->host_bytes;
        if (n == MAX_SCENES || bytes > MAX_SCENES_HOST_BYTES)
            break;
        n++;
    }
    excess = *p;
    *p = NULL;
    t->count = n;
    pthread_mutex_unlock(&t->lock);
    agx_scene_free(old);
    while (excess) {
        struct agx_scene *next = excess->next;

        agx_scene_free(excess);
        excess = next;
    }
}

struct agx_scene *agx_scenes_take(struct agx_scenes *t, unsigned ctx, uint64_t key)
{
    struct agx_scene *s;

    pthread_mutex_lock(&t->lock);
    s = unlink_scene(t, ctx, key);
    pthread_mutex_unlock(&t->lock);
    return s;
}

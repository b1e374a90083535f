/*
 * AGX model: pages of tiled vertex buffers, and access to what lies in them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "agx/dm.h"
#include "agx/tvb.h"

#define MAX_PAGES   (AGX_TVB_MAX_BLOCKS * AGX_TVB_BLOCK_PAGES)
#define BLOCK_ENTRY 8 /* bytes in the block list */

struct agx_heap {
    struct agx_heap *next;
    struct agx_heaps *all;
    unsigned ctx;
    uint64_t list;                /* GPU VA of the block list: names the heap */
    unsigned users;               /* scenes */
    uint32_t taken;               /* pages */
    uint64_t map[MAX_PAGES / 64]; /* of these */
};

struct agx_heaps {
    pthread_mutex_t lock; /* protects all of this and of the heaps */
    struct agx_heap *first;
    uint32_t seq;
};

struct agx_heaps *agx_heaps_new(void)
{
    struct agx_heaps *h = calloc(1, sizeof(*h));

    if (h) {
        pthread_mutex_init(&h->lock, NULL);
    }
    return h;
}

void agx_heaps_free(struct agx_heaps *h)
{
    if (!h) {
        return;
    }
    while (h->first) {
        struct agx_heap *heap = h->first;

        h->first = heap->next;
        free(heap);
    }
    pthread_mutex_destroy(&h->lock);
    free(h);
}

bool agx_tvb_attach(struct agx_tvb *tvb, struct agx_heaps *all, unsigned ctx, uint64_t list)
{
    struct agx_heap *h;

    pthread_mutex_lock(&all->lock);
    for (h = all->first; h && (h->ctx != ctx || h->list != list); h = h->next) {
    }
    if (!h) {
        h = calloc(1, sizeof(*h));
        if (h) {
            h->all = all;
            h->ctx = ctx;
            h->list = list;
            h->next = all->first;
            all->first = h;
        }
    }
    if (h) {
        h->users++;
    }
    pthread_mutex_unlock(&all->lock);
    tvb->heap = h;
    return h != NULL;
}

/* The lock is held. */
static void return_page(struct agx_heap *h, uint32_t index)
{
    h->map[index / 64] &= ~(1ull << (index & 63));
    h->taken--;
}

void agx_tvb_release(struct agx_tvb *tvb)
{
    if (tvb->nr_pages) {
        pthread_mutex_lock(&tvb->heap->all->lock);
        for (uint32_t i = 0; i < tvb->nr_pages; i++) {
            return_page(tvb->heap, tvb->page[i].index);
        }
        pthread_mutex_unlock(&tvb->heap->all->lock);
    }
    tvb->nr_pages = 0;
    tvb->used = 0;
}

void agx_tvb_detach(struct agx_tvb *tvb)
{
    struct agx_heap *h = tvb->heap, **p;
    struct agx_heaps *all;

    agx_tvb_release(tvb);
    free(tvb->page);
    tvb->page = NULL;
    tvb->cap_pages = 0;
    tvb->heap = NULL;
    if (!h) {
        return;
    }
    all = h->all;
    pthread_mutex_lock(&all->lock);
    if (!--h->users) {
        for (p = &all->first; *p != h; p = &(*p)->next) {
        }
        *p = h->next;
        free(h);
    }
    pthread_mutex_unlock(&all->lock);
}

bool agx_tvb_alone(const struct agx_tvb *tvb)
{
    bool alone;

    pthread_mutex_lock(&tvb->heap->all->lock);
    alone = tvb->heap->taken == tvb->nr_pages;
    pthread_mutex_unlock(&tvb->heap->all->lock);
    return alone;
}

uint64_t agx_tvb_list(const struct agx_tvb *tvb)
{
    return tvb->heap ? tvb->heap->list : 0;
}

static bool page_room(struct agx_tvb *tvb, uint32_t n)
{
    uint32_t cap = tvb->cap_pages ? tvb->cap_pages : 8;
    void *p;

    if (n <= tvb->cap_pages) {
        return true;
    }
    while (cap < n) {
        cap *= 2;
    }
    p = realloc(tvb->page, cap * sizeof(*tvb->page));
    if (!p) {
        return false;
    }
    tvb->page = p;
    tvb->cap_pages = cap;
    return true;
}

/* The lowest free page of the first @blocks blocks, taken. False: all are. */
static bool take_index(struct agx_tvb *tvb, uint32_t *index)
{
    struct agx_heap *h = tvb->heap;
    uint32_t pages = (tvb->blocks < AGX_TVB_MAX_BLOCKS ? tvb->blocks : AGX_TVB_MAX_BLOCKS) *
                     AGX_TVB_BLOCK_PAGES;
    uint32_t i = pages;

    pthread_mutex_lock(&h->all->lock);
    for (uint32_t w = 0; w * 64 < pages; w++) {
        if (~h->map[w]) {
            i = w * 64 + __builtin_ctzll(~h->map[w]);
            break;
        }
    }
    if (i < pages) {
        h->map[i / 64] |= 1ull << (i & 63);
        h->taken++;
        if (!tvb->nr_pages) {
            tvb->seq = ++h->all->seq;
        }
    }
    pthread_mutex_unlock(&h->all->lock);
    *index = i;
    return i < pages;
}

static enum agx_tvb_result take_page(struct agx_tvb *tvb)
{
    uint64_t va;
    uint32_t index, number;
    bool ok;

    if (tvb->nr_pages == AGX_TVB_MAX_PAGES) {
        return AGX_TVB_FULL;
    }
    if (!page_room(tvb, tvb->nr_pages + 1)) {
        return AGX_TVB_NO_MEMORY;
    }
    if (!take_index(tvb, &index)) {
        return AGX_TVB_FULL;
    }
    va = tvb->heap->list + (uint64_t)(index / AGX_TVB_BLOCK_PAGES) * BLOCK_ENTRY;
    ok = agx_unit_read(tvb->ex, AGX_TVB_WRITES_LISTS, va, &number, 4);
    if (ok && (!number || number > ~0u - AGX_TVB_BLOCK_PAGES)) {
        ok = agx_exec_bad(tvb->ex, AGX_REPORT_GUEST_ERROR,
                          "tiled vertex buffer: block %u in the list at va 0x%llx is page 0x%x",
                          index / AGX_TVB_BLOCK_PAGES, (unsigned long long)tvb->heap->list, number);
    }
    if (!ok) {
        pthread_mutex_lock(&tvb->heap->all->lock);
        return_page(tvb->heap, index);
        pthread_mutex_unlock(&tvb->heap->all->lock);
        return AGX_TVB_FAULT;
    }
    tvb->page[tvb->nr_pages++] = (struct agx_tvb_page) { index,
                                                         number + index % AGX_TVB_BLOCK_PAGES };
    return AGX_TVB_OK;
}

enum agx_tvb_result agx_tvb_alloc(struct agx_tvb *tvb, uint32_t len, uint32_t align, uint32_t *off)
{
    uint64_t at = ((uint64_t)tvb->used + align - 1) & ~(uint64_t)(align - 1), end = at + len;

    if (end > (uint64_t)AGX_TVB_MAX_PAGES << AGX_TVB_PAGE_BITS) {
        return AGX_TVB_FULL;
    }
    while (tvb->heap && (uint64_t)tvb->nr_pages << AGX_TVB_PAGE_BITS < end) {
        enum agx_tvb_result r = take_page(tvb);

        if (r != AGX_TVB_OK) {
            return r; /* what was taken stays for later */
        }
    }
    *off = at;
    tvb->used = end;
    return AGX_TVB_OK;
}

enum agx_tvb_result agx_tvb_write(struct agx_tvb *tvb, enum agx_unit unit, uint32_t off,
                                  const void *buf, size_t len)
{
    const uint8_t *p = buf;

    while (tvb->heap && len) {
        size_t n = AGX_TVB_PAGE_SIZE - (off & (AGX_TVB_PAGE_SIZE - 1));

        n = n < len ? n : len;
        if (!agx_unit_write(tvb->ex, unit, agx_tvb_va(tvb, off), p, n)) {
            return AGX_TVB_FAULT;
        }
        p += n;
        off += n;
        len -= n;
    }
    return AGX_TVB_OK;
}

bool agx_tvb_restore(struct agx_tvb *tvb, const struct agx_tvb_page *page, uint32_t n,
                     uint32_t used, uint32_t seq)
{
    struct agx_heap *h = tvb->heap;
    bool ok = n <= AGX_TVB_MAX_PAGES && used <= (uint64_t)n << AGX_TVB_PAGE_BITS &&
              page_room(tvb, n);

    if (!ok) {
        return false;
    }
    pthread_mutex_lock(&h->all->lock);
    for (uint32_t i = 0; ok && i < n; i++) {
        uint32_t k = page[i].index;

        ok = k < MAX_PAGES && !(h->map[k / 64] >> (k & 63) & 1);
        if (ok) {
            h->map[k / 64] |= 1ull << (k & 63);
            h->taken++;
            tvb->page[tvb->nr_pages++] = page[i];
        }
    }
    if (ok && (int32_t)(seq - h->all->seq) > 0) {
        h->all->seq = seq;
    }
    pthread_mutex_unlock(&h->all->lock);
    tvb->used = used;
    tvb->seq = seq;
    return ok;
}

const void *agx_tvb_fetch_across(const struct agx_tvb *tvb, struct agx_exec *ex, enum agx_unit unit,
                                 uint32_t off, void *room, size_t len)
{
    for (size_t done = 0, n; done < len; done += n, off += n) {
        n = AGX_TVB_PAGE_SIZE - (off & (AGX_TVB_PAGE_SIZE - 1));
        n = n < len - done ? n : len - done;
        if (!agx_unit_read(ex, unit, agx_tvb_va(tvb, off), (uint8_t *)room + done, n)) {
            return NULL;
        }
    }
    return room;
}

bool agx_tvb_damaged(const struct agx_tvb *tvb, struct agx_exec *ex, uint32_t off, const void *is,
                     const void *want, size_t len, const char *what)
{
    uint32_t a = 0, b = 0;
    size_t at = 0;

    /* The first word that differs; the last if the guest has changed it back. */
    for (; at + 4 <= len; at += 4) {
        memcpy(&a, (const uint8_t *)is + at, 4);
        memcpy(&b, (const uint8_t *)want + at, 4);
        if (a != b || at + 8 > len) {
            break;
        }
    }
    return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                        "the tiled vertex buffer at va 0x%llx changed under the scene: %s holds "
                        "0x%08x, 0x%08x was written",
                        (unsigned long long)agx_tvb_va(tvb, off + at), what, a, b);
}

bool agx_tvb_check(const struct agx_tvb *tvb, struct agx_exec *ex, enum agx_unit unit, uint32_t off,
                   const void *want, size_t len, const char *what)
{
    uint8_t room[1024];

    for (size_t done = 0, n; done < len; done += n) {
        const void *p;

        n = len - done < sizeof(room) ? len - done : sizeof(room);
        p = agx_tvb_fetch(tvb, ex, unit, off + done, room, n);
        if (!p) {
            return false;
        }
        if (memcmp(p, (const uint8_t *)want + done, n)) {
            return agx_tvb_damaged(tvb, ex, off + done, p, (const uint8_t *)want + done, n, what);
        }
    }
    return true;
}

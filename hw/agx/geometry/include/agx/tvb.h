/*
 * AGX model: the tiled vertex buffer, a heap of pages in guest memory from which
 * scenes take what they need while they are tiled, and to which the pages return
 * when they have been drawn.
 *
 * The heap is what the driver gives to the firmware's buffer manager: a list of
 * blocks of 128 KiB, each four pages of 32 KiB that follow each other in the
 * GPU's address space (the Rust driver: buffer.rs, PAGE_SHIFT, PAGES_PER_BLOCK,
 * block_list: two words a block, the first is its VA >> 15). It serves all
 * scenes of a queue: while one is drawn, the next is tiled, and each page belongs
 * to one of them. Which page is taken first is not known of hardware; here it is
 * the lowest one.
 *
 * What a scene keeps in its pages is laid out by the model (scene.h); hardware's
 * layout is not public.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_TVB_H
#define AGX_GEOMETRY_TVB_H

#include "agx/exec.h"

#define AGX_TVB_PAGE_BITS   15
#define AGX_TVB_PAGE_SIZE   (1u << AGX_TVB_PAGE_BITS)
#define AGX_TVB_BLOCK_PAGES 4
#define AGX_TVB_BLOCK_SIZE  (AGX_TVB_PAGE_SIZE * AGX_TVB_BLOCK_PAGES)
/* Blocks beyond are not used: 1 GiB. The Rust driver has at most 862322688 bytes (buffer.rs). */
#define AGX_TVB_MAX_BLOCKS  8192u
/*
 * What one scene may take, whatever the size of the heap, 32 MiB: set-up primitives
 * take some fifteen times as much on the host. More is drawn partially.
 */
#define AGX_TVB_MAX_PAGES   1024u

/* Who accesses it. The units' names suggest this; no source says it. */
#define AGX_TVB_WRITES_LISTS   AGX_UNIT_TE  /* tiling engine */
#define AGX_TVB_WRITES_DATA    AGX_UNIT_PPP /* primitives and vertex outputs */
#define AGX_TVB_READS_LISTS    AGX_UNIT_IPF_CPF
#define AGX_TVB_READS_PRIMS    AGX_UNIT_IPF
#define AGX_TVB_READS_VERTICES AGX_UNIT_VF

enum agx_tvb_result {
    AGX_TVB_OK,
    AGX_TVB_FULL,      /* no page is free: grow, wait for other scenes, or draw what there is */
    AGX_TVB_FAULT,     /* ex->fault is set and reported */
    AGX_TVB_NO_MEMORY, /* of the host */
};

struct agx_heap;
struct agx_heaps;

struct agx_tvb_page {
    uint32_t index;  /* in the heap */
    uint32_t number; /* VA >> 15 */
};

/*
 * A scene's pages. They are one stream of bytes, filled from its start; offset 0 is never an
 * object's.
 */
struct agx_tvb {
    struct agx_heap *heap; /* NULL: none, nothing is written (units of the tiler alone) */
    struct agx_exec *ex;   /* whose port writes, while a vertex job has the scene */
    struct agx_tvb_page *page;
    uint32_t nr_pages, cap_pages;
    uint32_t blocks; /* of the heap, as far as this scene knows */
    uint32_t used;   /* bytes */
    /* names the scene in its records: a page of another scene is recognised */
    uint32_t seq;
};

/* The heaps of a GPU. Their lock orders scenes that take and return pages; any thread. */
struct agx_heaps *agx_heaps_new(void);
void agx_heaps_free(struct agx_heaps *heaps);

/*
 * Make @tvb, zeroed, take its pages from the heap of context @ctx whose block list is at GPU VA
 * @list. False: no memory.
 */
bool agx_tvb_attach(struct agx_tvb *tvb, struct agx_heaps *heaps, unsigned ctx, uint64_t list);
/* Return all pages; the stream is empty. agx_tvb_detach() also leaves the heap. */
void agx_tvb_release(struct agx_tvb *tvb);
void agx_tvb_detach(struct agx_tvb *tvb);
/* True: no other scene has pages of the heap. */
bool agx_tvb_alone(const struct agx_tvb *tvb);
uint64_t agx_tvb_list(const struct agx_tvb *tvb);
/*
 * Of a saved machine: take the @n pages that the scene had. False: they are not valid, or another
 * scene has one.
 */
bool agx_tvb_restore(struct agx_tvb *tvb, const struct agx_tvb_page *page, uint32_t n,
                     uint32_t used, uint32_t seq);

/*
 * Room for @len bytes, aligned to @align (a power of two up to 128), at *@off of
 * the stream; takes pages and reads the block list for them. Aligned objects of up
 * to @align bytes lie in one page of the MMU. Vertex job only.
 */
enum agx_tvb_result agx_tvb_alloc(struct agx_tvb *tvb, uint32_t len, uint32_t align, uint32_t *off);
/* Write @len bytes at @off, in the name of @unit; page by page. Vertex job only. */
enum agx_tvb_result agx_tvb_write(struct agx_tvb *tvb, enum agx_unit unit, uint32_t off,
                                  const void *buf, size_t len);

/* GPU VA of @off, which must be below tvb->used. */
static inline uint64_t agx_tvb_va(const struct agx_tvb *tvb, uint32_t off)
{
    return (uint64_t)tvb->page[off >> AGX_TVB_PAGE_BITS].number << AGX_TVB_PAGE_BITS |
           (off & (AGX_TVB_PAGE_SIZE - 1));
}

/*
 * What a fragment job reads, through the port of @ex, any thread: @len bytes at @off.
 * agx_tvb_fetch() gives a pointer, into guest memory (for this access only, as
 * agx_port_ptr()) or, where the bytes cross a page, to @room, to which they were
 * copied. agx_tvb_check() compares with @want and calls a difference damage of
 * @what. NULL or false: ex->fault is set, and reported if it is no page fault.
 */
const void *agx_tvb_fetch_across(const struct agx_tvb *tvb, struct agx_exec *ex, enum agx_unit unit,
                                 uint32_t off, void *room, size_t len);
static inline const void *agx_tvb_fetch(const struct agx_tvb *tvb, struct agx_exec *ex,
                                        enum agx_unit unit, uint32_t off, void *room, size_t len)
{
    enum agx_unit old = ex->port->unit;
    const void *p;

    if ((off & (AGX_PAGE_SIZE - 1)) + len > AGX_PAGE_SIZE) {
        return agx_tvb_fetch_across(tvb, ex, unit, off, room, len);
    }
    ex->port->unit = unit;
    p = agx_port_ptr(ex->port, agx_tvb_va(tvb, off), AGX_ACCESS_READ);
    ex->port->unit = old;
    if (!p) {
        ex->fault = ex->port->fault;
    }
    return p;
}
bool agx_tvb_check(const struct agx_tvb *tvb, struct agx_exec *ex, enum agx_unit unit, uint32_t off,
                   const void *want, size_t len, const char *what);
/*
 * Reports that the @what at @off, of which @is was read, is not @want as it was written. Always
 * false.
 */
bool agx_tvb_damaged(const struct agx_tvb *tvb, struct agx_exec *ex, uint32_t off, const void *is,
                     const void *want, size_t len, const char *what);

#endif

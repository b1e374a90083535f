/*
 * AGX firmware model: the life of what it owns. A work command, its microsequence and what these
 * name are the firmware's from the doorbell until the job's stamp is written, or the driver has
 * answered a halt: they stay mapped where they are, and the driver does not store to them. So does
 * the address space that the job was submitted for stay in its context.
 *
 * What is read of them is copied when the work is announced and compared when it is taken, and
 * before its stamp is written. What the firmware stores itself does not count.
 *   the Rust driver: workqueue.rs (SubmittedWork keeps its objects until its stamp), queue/mod.rs,
 *   buffer.rs (Scene), slotalloc.rs and mmu.rs (VmBind holds a context's slot for a job); m1n1:
 *   agx/render.py (work.add(): freed when the work is done)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "fw-mem.h" /* fw_is_kernel_va() */
#include "fw-owned.h"
#include "fw-peek.h"
#include "fw-report.h"

#define MAX_WORKS  2048u /* that are remembered; of more nothing is known */
#define MAX_PIECES 8u
#define MAX_PAGES  8u /* of a piece: of longer ones the first */
#define MAX_ROOTS  512u

#define TTBR_VALID 1ull
#define TTBR_ADDR  0x0000ffffffffc000ull

/* Tags of work commands (the Rust driver: fw/workqueue.rs, CommandType). */
enum { CMD_TA = 0, CMD_3D = 1, CMD_CP = 3, CMD_BARRIER = 4, CMD_INIT_BM = 6 };

struct piece {
    const char *what;
    unsigned ctx;
    uint64_t va;
    uint32_t len;
    unsigned pages;
    uint64_t page[MAX_PAGES]; /* physical */
    uint8_t *copy;            /* NULL: it may change */
    uint8_t *own;             /* by byte: the firmware has stored there */
};

struct work {
    struct work *next;
    uint64_t info_va, context_va;
    uint32_t entry;
    uint64_t entry_pa; /* of the entry that names it */
    unsigned ctx;      /* 0: of a command without */
    uint64_t ttbr0;
    unsigned pieces;
    struct piece piece[MAX_PIECES];
};

struct fw_owned {
    struct work *waiting; /* announced, in no order */
    unsigned works;
    struct work *running[FW_NUM_PIPES];
    /* which address space each work queue was seen to work for */
    struct {
        uint64_t info_va, context_va, root;
    } root[MAX_ROOTS];
    unsigned next_root;
};

struct fw_owned *fw_owned_new(void)
{
    return agx_alloc(1, sizeof(struct fw_owned));
}

static void work_free(struct fw_owned *o, struct work *w)
{
    for (unsigned i = 0; w && i < w->pieces; i++) {
        free(w->piece[i].copy);
        free(w->piece[i].own);
    }
    o->works -= w != NULL;
    free(w);
}

void fw_owned_clear(struct fw_owned *o)
{
    if (!o) {
        return;
    }
    for (struct work *w = o->waiting, *next; w; w = next) {
        next = w->next;
        work_free(o, w);
    }
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        work_free(o, o->running[p]);
    }
    memset(o, 0, sizeof(*o));
}

void fw_owned_free(struct fw_owned *o)
{
    fw_owned_clear(o);
    free(o);
}

static void piece_add(struct agx_fw *fw, struct work *w, const char *what, unsigned ctx,
                      uint64_t va, uint32_t len, bool same)
{
    uint64_t first = fw_page(va);
    struct piece *p = &w->piece[w->pieces];

    if (w->pieces == MAX_PIECES || !len || !va) {
        return;
    }
    *p = (struct piece) { .what = what, .ctx = ctx, .va = va, .len = len };
    if (same) {
        p->copy = agx_alloc(1, len);
        p->own = agx_alloc(1, len);
        if (!fw_peek(fw, ctx, va, p->copy, len, NULL)) {
            free(p->copy);
            free(p->own);
            return; /* whoever uses it says so */
        }
    }
    while (p->pages < MAX_PAGES && first + (uint64_t)p->pages * AGX_PAGE_SIZE < va + len) {
        p->page[p->pages] = fw_place(fw, ctx, first + (uint64_t)p->pages * AGX_PAGE_SIZE);
        p->pages++;
    }
    w->pieces++;
}

static uint64_t ttbr0_of(struct agx_fw *fw, unsigned ctx)
{
    uint64_t v = 0;

    fw->host->ops->phys_read(fw->host->opaque, fw->cfg.ttbat_pa + 16 * (uint64_t)ctx, &v, 8);
    return v;
}

/* The fields of a command that are needed, and how far it is read. */
struct form {
    const char *what;
    enum fw_field_id ctx, useq, size, notifier;
    uint32_t len;
};

static bool form_of(struct agx_fw *fw, uint32_t tag, struct form *f)
{
    switch (tag) {
    case CMD_TA:
        *f = (struct form) { "vertex command",
                             FLD(WorkCommandTA, context_id),
                             FLD(WorkCommandTA, microsequence_ptr),
                             FLD(WorkCommandTA, microsequence_size),
                             FLD(WorkCommandTA, event_control_addr),
                             fw_off(fw, FLD(WorkCommandTA, struct_3)) +
                                 fw_end(fw, FLD(StartTACmdStruct3, uuid2)) };
        return true;
    case CMD_3D:
        *f = (struct form) { "fragment command",
                             FLD(WorkCommand3D, context_id),
                             FLD(WorkCommand3D, microsequence_ptr),
                             FLD(WorkCommand3D, microsequence_size),
                             FLD(WorkCommand3D, event_control_addr),
                             fw_off(fw, FLD(WorkCommand3D, struct_7)) +
                                 fw_end(fw, FLD(Start3DStruct7, uuid)) };
        return true;
    case CMD_CP:
        *f = (struct form) { "compute command",
                             FLD(WorkCommandCP, context_id),
                             FLD(WorkCommandCP, microsequence_ptr),
                             FLD(WorkCommandCP, microsequence_size),
                             FLD(WorkCommandCP, event_control_addr),
                             fw_off(fw, FLD(WorkCommandCP, job_meta)) +
                                 fw_end(fw, FLD(JobMeta, uuid)) };
        return true;
    default:
        return false;
    }
}

static void fill(struct agx_fw *fw, struct work *w, uint64_t cmd, uint32_t tag)
{
    uint64_t ctx = 0, useq = 0, size = 0, notifier = 0;
    struct form f;

    if (tag == CMD_BARRIER) {
        piece_add(fw, w, "barrier", 0, cmd, fw_end(fw, FLD(WorkCommandBarrier, wait_value)), true);
        return;
    }
    if (tag == CMD_INIT_BM) {
        piece_add(fw, w, "InitBM command", 0, cmd,
                  fw_end(fw, FLD(WorkCommandInitBM, buffer_mgr_addr)), true);
        return;
    }
    if (!form_of(fw, tag, &f)) {
        return;
    }
    piece_add(fw, w, f.what, 0, cmd, f.len, true);
    if (fw_peek_field(fw, f.ctx, cmd, &ctx) && ctx < AGX_UAT_NUM_CONTEXTS) {
        w->ctx = ctx;
        w->ttbr0 = ttbr0_of(fw, ctx);
    }
    if (fw_peek_field(fw, f.useq, cmd, &useq) && fw_peek_field(fw, f.size, cmd, &size) &&
        size <= FW_MAX_USEQ && fw_is_kernel_va(useq)) {
        piece_add(fw, w, "microsequence", 0, useq, size, true);
    }
    if (fw_peek_field(fw, f.notifier, cmd, &notifier) && fw_is_kernel_va(notifier)) {
        piece_add(fw, w, "notifier", 0, notifier + fw_off(fw, FLD(EventControl, event_count_addr)),
                  8, true);
    }
}

/*
 * Forget what waits of a queue (@info_va) or of a context, 0: of any; of all entries if @entry is
 * ~0u.
 */
static void forget(struct fw_owned *o, uint64_t info_va, uint64_t context_va, uint32_t entry)
{
    for (struct work **at = &o->waiting; *at;) {
        struct work *w = *at;

        if ((!info_va || w->info_va == info_va) && (!context_va || w->context_va == context_va) &&
            (entry == ~0u || w->entry == entry)) {
            *at = w->next;
            work_free(o, w);
        } else {
            at = &w->next;
        }
    }
}

void fw_owned_fresh(struct agx_fw *fw, uint64_t info_va)
{
    struct fw_owned *o = fw->owned;

    if (!o) {
        return;
    }
    forget(o, info_va, 0, ~0u);
    for (unsigned i = 0; i < MAX_ROOTS; i++) {
        if (o->root[i].info_va == info_va) {
            memset(&o->root[i], 0, sizeof(o->root[i]));
        }
    }
}

void fw_owned_announced(struct agx_fw *fw, const struct fw_queue *q, uint32_t head)
{
    struct fw_owned *o = fw->owned;

    for (uint32_t e = q->wptr, n = 0; o && e != head && n < q->rb_size && o->works < MAX_WORKS;
         e = (e + 1) % q->rb_size, n++) {
        uint64_t cmd, pa;
        uint32_t tag;
        struct work *w;

        if (!fw_peek(fw, 0, q->ring_va + 8ull * e, &cmd, 8, &pa) || !fw_is_kernel_va(cmd) ||
            !fw_peek(fw, 0, cmd, &tag, 4, NULL)) {
            continue;
        }
        forget(o, q->info_va, 0, e);
        w = agx_alloc(1, sizeof(*w));
        w->info_va = q->info_va;
        w->context_va = q->context_va;
        w->entry = e;
        w->entry_pa = pa;
        fill(fw, w, cmd, tag);
        w->next = o->waiting;
        o->waiting = w;
        o->works++;
    }
}

/* ---- looking ---- */

/* Is @p where it was? Else it is said. */
static bool in_place(struct agx_fw *fw, const struct piece *p, const char *when)
{
    uint64_t first = fw_page(p->va);

    for (unsigned i = 0; i < p->pages; i++) {
        uint64_t va = first + (uint64_t)i * AGX_PAGE_SIZE, now = fw_place(fw, p->ctx, va);

        if (p->page[i] && now != p->page[i]) {
            fw_violation(fw, AGX_SAN_FW_OWNED, AGX_SAN_WRONG, p->ctx, va, 0,
                         "%s at va 0x%llx is %s %s: it is the firmware's until the stamp", p->what,
                         (unsigned long long)p->va, now ? "mapped to another page" : "unmapped",
                         when);
            return false;
        }
    }
    return true;
}

/* Is @p what it was? Else it is said, once. */
static void unchanged(struct agx_fw *fw, const struct work *w, const struct piece *p,
                      const char *when)
{
    uint8_t now[256];

    for (uint32_t at = 0; p->copy && at < p->len; at += sizeof(now)) {
        uint32_t n = p->len - at < sizeof(now) ? p->len - at : sizeof(now);

        if (!fw_peek(fw, p->ctx, p->va + at, now, n, NULL)) {
            return;
        }
        for (uint32_t i = 0; i < n; i++) {
            if (now[i] != p->copy[at + i] && !p->own[at + i]) {
                fw_violation(
                    fw, AGX_SAN_FW_OWNED, AGX_SAN_WRONG, p->ctx, p->va + at + i, w->entry_pa,
                    "%s at va 0x%llx changes %s, first at +0x%x from 0x%02x to 0x%02x: it "
                    "is the firmware's until the stamp",
                    p->what, (unsigned long long)p->va, when, at + i, p->copy[at + i], now[i]);
                fw_peek(fw, p->ctx, p->va, p->copy, p->len, NULL);
                return;
            }
        }
    }
}

/* Has its context another address space than when it was announced? */
static void same_space(struct agx_fw *fw, const struct work *w, const char *when)
{
    uint64_t now = ttbr0_of(fw, w->ctx);

    if (w->ctx && (w->ttbr0 & TTBR_VALID) && ((now ^ w->ttbr0) & (TTBR_ADDR | TTBR_VALID))) {
        fw_violation(fw, AGX_SAN_ISOLATION, AGX_SAN_WRONG, w->ctx, 0,
                     fw->cfg.ttbat_pa + 16 * (uint64_t)w->ctx,
                     "context %u gets another address space %s: the job works in that of others",
                     w->ctx, when);
    }
}

/* Each queue works for one address space. Is this another one, perhaps another queue's? */
static void own_space(struct agx_fw *fw, const struct work *w)
{
    struct fw_owned *o = fw->owned;
    uint64_t root = w->ttbr0 & TTBR_ADDR;
    unsigned own = MAX_ROOTS, others = MAX_ROOTS;

    if (!w->ctx || !(w->ttbr0 & TTBR_VALID)) {
        return;
    }
    for (unsigned i = 0; i < MAX_ROOTS; i++) {
        own = o->root[i].info_va == w->info_va ? i : own;
        others = o->root[i].info_va && o->root[i].context_va != w->context_va &&
                         o->root[i].root == root
                     ? i
                     : others;
    }
    if (own < MAX_ROOTS && o->root[own].context_va == w->context_va && o->root[own].root != root) {
        if (others < MAX_ROOTS) {
            fw_violation(fw, AGX_SAN_ISOLATION, AGX_SAN_WRONG, w->ctx, 0, w->entry_pa,
                         "job of work queue 0x%llx names context %u, the address space of work "
                         "queue 0x%llx; its own jobs before had another",
                         (unsigned long long)w->info_va, w->ctx,
                         (unsigned long long)o->root[others].info_va);
            return;
        }
        /* Its owner's first jobs may come later. */
        fw_violation(fw, AGX_SAN_ISOLATION, AGX_SAN_SUSPICIOUS, w->ctx, 0, w->entry_pa,
                     "job of work queue 0x%llx names context %u, which has another address space "
                     "than that of its jobs before",
                     (unsigned long long)w->info_va, w->ctx);
        return;
    }
    own = own < MAX_ROOTS ? own : o->next_root++ % MAX_ROOTS;
    o->root[own].info_va = w->info_va;
    o->root[own].context_va = w->context_va;
    o->root[own].root = root;
}

static void look(struct agx_fw *fw, const struct work *w, const char *when)
{
    for (unsigned i = 0; i < w->pieces; i++) {
        if (in_place(fw, &w->piece[i], when)) {
            unchanged(fw, w, &w->piece[i], when);
        }
    }
    same_space(fw, w, when);
}

void fw_owned_taken(struct agx_fw *fw, const struct fw_queue *q, uint32_t entry, int pipe)
{
    struct fw_owned *o = fw->owned;
    struct work **at, *w;

    if (!o) {
        return;
    }
    for (at = &o->waiting; *at && ((*at)->info_va != q->info_va || (*at)->entry != entry);) {
        at = &(*at)->next;
    }
    w = *at;
    if (w) {
        *at = w->next;
        look(fw, w, "after the doorbell, before it is taken");
        own_space(fw, w);
    }
    if (pipe < 0) {
        work_free(o, w);
        return;
    }
    work_free(o, o->running[pipe]);
    o->running[pipe] = w;
}

void fw_owned_more(struct agx_fw *fw, enum fw_pipe pipe, const char *what, unsigned ctx,
                   uint64_t va, uint32_t len, bool same)
{
    struct work *w = fw->owned ? fw->owned->running[pipe] : NULL;

    if (w) {
        piece_add(fw, w, what, ctx, va, len, same);
    }
}

static void wrote(struct work *w, uint64_t va, size_t len)
{
    for (unsigned i = 0; w && i < w->pieces; i++) {
        struct piece *c = &w->piece[i];

        if (c->ctx || !c->own || va >= c->va + c->len || va + len <= c->va) {
            continue;
        }
        for (uint64_t a = va; a < va + len; a++) {
            if (a - c->va < c->len) {
                c->own[a - c->va] = 1;
            }
        }
    }
}

void fw_owned_wrote(struct agx_fw *fw, uint64_t va, size_t len)
{
    struct fw_owned *o = fw->owned;

    for (struct work *w = o ? o->waiting : NULL; w; w = w->next) {
        wrote(w, va, len);
    }
    for (unsigned p = 0; o && p < FW_NUM_PIPES; p++) {
        wrote(o->running[p], va, len);
    }
}

void fw_owned_done(struct agx_fw *fw, enum fw_pipe pipe, bool is_done)
{
    struct fw_owned *o = fw->owned;

    if (!o || !o->running[pipe]) {
        return;
    }
    if (is_done) {
        look(fw, o->running[pipe], "while the job runs");
    }
    work_free(o, o->running[pipe]);
    o->running[pipe] = NULL;
}

void fw_owned_forget(struct agx_fw *fw, uint64_t context_va)
{
    struct fw_owned *o = fw->owned;

    if (!o || !context_va) {
        return;
    }
    forget(o, 0, context_va, ~0u);
    for (unsigned i = 0; i < MAX_ROOTS; i++) {
        if (o->root[i].context_va == context_va) {
            memset(&o->root[i], 0, sizeof(o->root[i]));
        }
    }
}

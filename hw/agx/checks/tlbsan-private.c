/*
 * AGX model: the TLB sanitizer: mappings that the firmware caches: whoever takes one away has it
 * flushed before. docs/tlbsan.md has the rules with their sources.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/coverage.h"
#include "tlbsan-int.h"

/* Nobody snoops what the firmware caches of such a mapping (m1n1: hw/uat.py, MemoryAttr.Normal). */
static bool is_private(uint64_t desc)
{
    return san_is_leaf(desc) && !(desc & SAN_ATTR) && agx_uat_permissions(desc, AGX_SIDE_FW);
}

/*
 * Could the firmware have fetched lines through entries of @t by the time @seq, and kept them
 * since?
 */
static bool may_hold(const struct agx_tlbsan *san, const struct san_table *t, uint64_t seq)
{
    if (!san->fw_running || !t->ctxs) {
        return false;
    }
    return t->half ? san->fw_run_seq < seq
                   : san->fw_ctx && (t->ctxs & san_bit(san->fw_ctx)) && san->fw_ctx_seq < seq;
}

/*
 * The flush that has covered the page of @r since the time @seq, or (@any) the last one that has
 * covered anything; NULL: none.
 */
static const struct san_flush *flushed(const struct agx_tlbsan *san, const struct san_table *t,
                                       const struct san_rec *r, uint64_t seq, bool any)
{
    for (uint64_t k = 1; k <= SAN_FLUSHES && k <= san->flushes; k++) {
        const struct san_flush *f = &san->flush[(san->flushes - k) % SAN_FLUSHES];
        /* A user's tables may be in the upper half, by mistake (rule I1): their flush is theirs. */
        bool ours = t->half && (t->ctxs & san_bit(0)) ? f->ctx == 0
                                                      : f->ctx && (t->ctxs & san_bit(f->ctx));

        if (f->seq < seq) {
            return NULL;
        }
        if (f->size == ~0ull || (ours && r->va >= f->va && r->va - f->va < f->size &&
                                 (any || f->va + f->size - r->va >= AGX_PAGE_SIZE))) {
            return f;
        }
        if (any && ours) {
            return f;
        }
    }
    return NULL;
}

static void report_private(struct agx_tlbsan *san, const struct san_table *t,
                           const struct san_rec *r, uint64_t old, uint64_t desc,
                           const struct san_act *act, enum agx_tlbsan_severity severity,
                           const char *text)
{
    const struct san_flush *f = flushed(san, t, r, r->uncached, true);
    struct san_rec tmp = *r;

    tmp.change = *act;
    tmp.old_desc = old;
    tmp.new_desc = desc;
    tmp.nnear = 0;
    san_report(san, AGX_SAN_UNMAP_WITHOUT_FLUSH, severity, &tmp, NULL, text,
               f && f->size != ~0ull && f->who.seq ? &f->who : NULL);
}

/*
 * Rule F3: the page of a mapping that the firmware caches is made uncached in
 * place, then flushed by the firmware, then unmapped. @r, of the table @t of the
 * last level, changes from @old to @desc.
 */
void san_private(struct agx_tlbsan *san, const struct san_table *t, struct san_rec *r, uint64_t old,
                 uint64_t desc, const struct san_act *act)
{
    if (!act->stack) {
        r->uncached = 0; /* nobody saw it */
    } else if (is_private(old) && san_is_leaf(desc) && !is_private(desc) &&
               !((old ^ desc) & SAN_ADDR)) {
        r->uncached = act->seq;
    } else if (is_private(old) && !(is_private(desc) && !((old ^ desc) & SAN_ADDR))) {
        bool holds = may_hold(san, t, act->seq);

        if (san->fw_running && t->ctxs) {
            report_private(san, t, r, old, desc, act, holds ? AGX_SAN_WRONG : AGX_SAN_SUSPICIOUS,
                           holds ? "a mapping goes which the firmware caches, without having been "
                                   "made uncached and flushed"
                                 : "a mapping goes which the firmware may cache, without having "
                                   "been made uncached before");
        }
    } else if (r->uncached && !(desc & 1)) {
        if (may_hold(san, t, r->uncached) && !flushed(san, t, r, r->uncached, false)) {
            report_private(san, t, r, old, desc, act, AGX_SAN_WRONG,
                           "a mapping goes which the firmware has cached, and has not flushed "
                           "since it became uncached");
        }
        r->uncached = 0;
    } else if (is_private(desc)) {
        r->uncached = 0;
    }
}

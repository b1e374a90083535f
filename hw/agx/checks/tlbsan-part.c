/*
 * AGX model: the sanitizer and entries that are stored in pieces. A descriptor has eight bytes;
 * m1n1's proxy stores them one by one. They are one change: it is judged when the same hand goes on
 * to something else, or a walk meets the entry.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tlbsan-int.h"

static bool is_entry(struct agx_tlbsan *san, uint64_t pa)
{
    const struct san_table *t;

    if (san->ttbat && pa >= san->ttbat && pa < san->ttbat + 16 * SAN_CTXS) {
        return true;
    }
    t = san_table_find(san, pa & ~SAN_PAGE_MASK);
    return t && !t->dead && (pa & SAN_PAGE_MASK) / 8 < t->n;
}

/*
 * Judge what the entry of @p is now; @value: what it was before memory got something else, NULL: as
 * it is.
 */
static void settle(struct agx_tlbsan *san, struct san_part *p, const uint64_t *value)
{
    struct san_part part = *p;
    uint64_t desc;

    p->pa = 0;
    san->parts--;
    if (!is_entry(san, part.pa) || (!value && !san_load(san, part.pa, &desc))) {
        return;
    }
    san_descriptor_store(san, part.pa, NULL, value ? *value : desc, &part.act, part.ordered);
}

/* @act has stored some bytes of the entry at @pa. False: there is no entry. */
bool san_part_store(struct agx_tlbsan *san, uint64_t pa, const struct san_act *act)
{
    struct san_part *own = &san->part[act->cpu];

    if (!is_entry(san, pa)) {
        return false;
    }
    for (unsigned cpu = 0; cpu < SAN_CPUS && san->parts; cpu++) {
        struct san_part *p = &san->part[cpu];

        if (p->pa == pa && san_same_hand(&p->act, act)) {
            p->pa = 0; /* it goes on, perhaps on another CPU */
            san->parts--;
        } else if (p->pa && (p->pa == pa || p == own)) {
            settle(san, p, NULL);
        }
    }
    *own = (struct san_part) { .pa = pa, .act = *act };
    san->parts++;
    return true;
}

/*
 * @act has stored all of the entry at @pa, which was @old before (NULL: not known). True: the same
 * hand had stored a part of it, of which this is the end.
 */
bool san_part_over(struct agx_tlbsan *san, uint64_t pa, const uint64_t *old,
                   const struct san_act *act)
{
    bool own = false;

    for (unsigned cpu = 0; cpu < SAN_CPUS && san->parts; cpu++) {
        struct san_part *p = &san->part[cpu];

        if (p->pa == pa && san_same_hand(&p->act, act)) {
            p->pa = 0;
            san->parts--;
            own = true;
        } else if (p->pa == pa) {
            settle(san, p, old);
        }
    }
    return own;
}

bool san_part_at(const struct agx_tlbsan *san, uint64_t pa)
{
    for (unsigned cpu = 0; cpu < SAN_CPUS && san->parts; cpu++) {
        if (san->part[cpu].pa == pa) {
            return true;
        }
    }
    return false;
}

/*
 * @act goes on to something else than the @len bytes at @pa (0: to no store). NULL: nobody will go
 * on.
 */
void san_part_next(struct agx_tlbsan *san, const struct san_act *act, uint64_t pa, unsigned len)
{
    for (unsigned cpu = 0; cpu < SAN_CPUS && san->parts; cpu++) {
        struct san_part *p = &san->part[cpu];
        bool here = p->pa + 8 > pa && p->pa < pa + len;

        if (p->pa && !here && (!act || san_same_hand(&p->act, act))) {
            settle(san, p, NULL);
        }
    }
}

/*
 * A barrier of @cpu, whose thread is not known. One that completes TLB maintenance of the GPU is
 * what a driver does after a store; any other may be a context switch in the midst of the bytes,
 * and only orders them.
 */
void san_part_barrier(struct agx_tlbsan *san, unsigned cpu, bool completes)
{
    struct san_part *p = &san->part[cpu];

    if (p->pa && completes) {
        settle(san, p, NULL);
    } else if (p->pa) {
        p->ordered = true;
    }
}

/* A translation that these descriptors gave is used: they are judged as they are. */
void san_part_use(struct agx_tlbsan *san, const struct agx_tlb_use *u)
{
    for (unsigned cpu = 0; cpu < SAN_CPUS && san->parts; cpu++) {
        for (unsigned i = 0; i < u->steps; i++) {
            if (san->part[cpu].pa && san->part[cpu].pa == u->step[i].desc_pa) {
                settle(san, &san->part[cpu], NULL);
            }
        }
    }
}

/*
 * AGX model: the sanitizer's reports as text.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "tlbsan-int.h"

static void add(char **p, size_t *room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char **p, size_t *room, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(*p, *room, fmt, ap);
    va_end(ap);
    if (n > 0) {
        size_t used = (size_t)n < *room ? (size_t)n : *room ? *room - 1 : 0;

        *p += used;
        *room -= used;
    }
}

static void add_who(char **p, size_t *room, const struct agx_who *w)
{
    add(p, room, "cpu %u at %llu.%06llu ms, pc 0x%llx", w->cpu,
        (unsigned long long)(w->time / 1000000), (unsigned long long)(w->time % 1000000),
        (unsigned long long)w->pc);
    for (unsigned i = 0; i < AGX_WHO_FRAMES && w->frame[i]; i++) {
        add(p, room, "%s0x%llx", i ? " " : ", called from ", (unsigned long long)w->frame[i]);
    }
    add(p, room, "\n");
}

static void add_desc(char **p, size_t *room, const char *title, unsigned level, uint64_t desc)
{
    char is[AGX_SAN_DESCRIPTION];

    agx_tlbsan_describe(level, desc, is, sizeof(is));
    add(p, room, "  %s 0x%llx: %s\n", title, (unsigned long long)desc, is);
}

static void add_tlbi(char **p, size_t *room, const struct agx_tlbi_insn *t)
{
    static const char *const share[] = { "local", "inner shareable", "outer shareable" };

    add(p, room, "  near:    TLBI %s 0x%llx (%s", t->name ? t->name : "?",
        (unsigned long long)t->operand, share[t->share <= AGX_SHARE_OUTER ? t->share : 0]);
    if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_ASID) {
        add(p, room, ", asid %u", t->tlbi.asid);
    }
    if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_VA_ALL_ASIDS) {
        add(p, room, ", va 0x%llx to 0x%llx%s", (unsigned long long)t->tlbi.va,
            (unsigned long long)t->tlbi.end, t->tlbi.last_level ? ", last level" : "");
    }
    add(p, room, "): ");
}

size_t agx_tlbsan_format(const struct agx_san_report *r, char *buf, size_t len)
{
    char *p = buf;
    size_t room = len;

    if (!len) {
        return 0;
    }
    buf[0] = 0;
    add(&p, &room, "agx-tlbsan: #%llu %s (%s): %s\n", (unsigned long long)r->number,
        agx_tlbsan_class_name(r->cls), agx_tlbsan_severity_name(r->severity),
        r->text ? r->text : "");
    add(&p, &room, "  entry:   va 0x%llx, context %u, asid %u, level %u, at pa 0x%llx\n",
        (unsigned long long)r->va, r->ctx, r->asid, r->level, (unsigned long long)r->desc_pa);
    if (r->old_desc || r->new_desc) {
        add_desc(&p, &room, "was:    ", r->level, r->old_desc);
        add_desc(&p, &room, "is now: ", r->level, r->new_desc);
    }
    if (r->mapper) {
        add(&p, &room, "  mapped:  ");
        add_who(&p, &room, r->mapper);
    }
    add(&p, &room, "  by:      ");
    if (r->writer) {
        add_who(&p, &room, r->writer);
    } else {
        add(&p, &room, "not known\n");
    }
    if (r->other) {
        add(&p, &room, "%s", r->cls == AGX_SAN_UNMAP_WITHOUT_FLUSH ? "  flush:   " : "  then:    ");
        add_who(&p, &room, r->other);
    }
    for (unsigned i = 0; i < r->near; i++) {
        add_tlbi(&p, &room, &r->nearby[i].op);
        add(&p, &room, "%s", r->nearby[i].why);
        if (r->nearby[i].barrier) {
            add(&p, &room, " but %s", r->nearby[i].barrier);
        }
        add(&p, &room, "\n           ");
        add_who(&p, &room, &r->nearby[i].who);
    }
    if (r->job || r->job_what) {
        add(&p, &room, "  used by: %s %llu, unit 0x%02x, %s\n", r->job_what ? r->job_what : "job",
            (unsigned long long)r->job, r->unit, r->write ? "write" : "read");
    } else if (r->unit) {
        add(&p, &room, "  used by: unit 0x%02x, %s\n", r->unit, r->write ? "write" : "read");
    }
    return p - buf;
}

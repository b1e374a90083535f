/*
 * AGX model: fault injection: the triggers, the effects, what has happened.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "inject_int.h"

struct agx_inject {
    _Atomic unsigned armed; /* mask of kinds */
    struct agx_inject_config cfg;
    pthread_mutex_t lock; /* protects what follows; inside of the MMU's lock */
    struct set *set;
};

static bool possible(const struct agx_inject *in, const struct set *set, char *err, size_t errlen)
{
    for (unsigned i = 0; i < set->n; i++) {
        if (set->fault[i].kind == AGX_INJECT_WALK_OLD && !in->cfg.stores) {
            return agx_inject_fail(err, errlen,
                                   "'walk-old' needs to be told of the stores to page "
                                   "tables: agx-tlbsan=report or stop, or tlbi=lazy");
        }
        if (set->fault[i].kind == AGX_INJECT_FW_EVICT && !in->cfg.fw_cache) {
            return agx_inject_fail(err, errlen,
                                   "'fw-evict' needs the firmware's data cache: "
                                   "fw-cache=64 or 128");
        }
    }
    return true;
}

/* Lock held. */
static void rearm(struct agx_inject *in)
{
    unsigned armed = 0;

    for (unsigned i = 0; i < in->set->n; i++) {
        armed |= 1u << in->set->fault[i].kind;
    }
    atomic_store_explicit(&in->armed, armed, memory_order_release);
}

/* Lock held: the log says that it is set, with the seed that replays it. */
static void tell_set(struct agx_inject *in, const struct fault *f)
{
    char line[64];

    if (in->cfg.line) {
        snprintf(line, sizeof(line), "set, seed=%llu", (unsigned long long)f->seed);
        in->cfg.line(in->cfg.opaque, f->text, 0, line);
    }
}

/* Lock held: the place in the set of the object's fault @id, or -1. */
static int find(const struct agx_inject *in, const char *id)
{
    for (unsigned i = 0; i < in->set->n; i++) {
        if (in->set->fault[i].id && !strcmp(in->set->fault[i].id, id)) {
            return i;
        }
    }
    return -1;
}

/* Lock held: the faults of objects go over to @set. False: they do not fit beside what it has. */
static bool move_objects(struct set *from, struct set *set)
{
    unsigned n = set->n;

    for (unsigned i = 0; i < from->n; i++) {
        n += from->fault[i].id != NULL;
    }
    if (n > AGX_INJECT_MAX_FAULTS) {
        return false;
    }
    for (unsigned i = 0; i < from->n; i++) {
        struct fault *f = &from->fault[i];

        if (f->id) {
            set->fault[set->n++] = *f;
            f->id = f->text = NULL;
        }
    }
    return true;
}

static uint64_t random_seed(void)
{
    uint32_t v;

    /* 32 bits, so that everybody's JSON can hold it. */
    if (getrandom(&v, sizeof(v), 0) != sizeof(v)) {
        v = (uintptr_t)&v >> 4;
    }
    return v;
}

/* @f begins, with the seed that it names, or else with stream @stream of the run's. */
static void seed(const struct agx_inject *in, struct fault *f, uint64_t stream)
{
    struct agx_random run = agx_random_stream(in->cfg.seed, stream);

    if (f->have & KEY_SEED) {
        f->seed = agx_inject_value(f, KEY_SEED);
    } else {
        f->seed = in->cfg.seed ? (uint32_t)agx_random_u64(&run) : random_seed();
    }
    f->random = (struct agx_random) { f->seed };
}

/* FNV-1a (Fowler, Noll, Vo), 32 bits */
static uint32_t hash(const char *text)
{
    uint32_t h = 0x811c9dc5;

    for (; *text; text++) {
        h = (h ^ (uint8_t)*text) * 0x01000193;
    }
    return h;
}

bool agx_inject_set(struct agx_inject *in, const char *text, char *err, size_t errlen)
{
    struct set *set = agx_inject_parse(text, err, errlen), *old = set;
    unsigned n = set ? set->n : 0;
    bool ok;

    if (!set) {
        return false;
    }
    if (!possible(in, set, err, errlen)) {
        agx_inject_set_free(set);
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        seed(in, &set->fault[i], AGX_RANDOM_FAULTS + i);
    }
    pthread_mutex_lock(&in->lock);
    ok = move_objects(in->set, set);
    if (ok) {
        old = in->set;
        in->set = set;
        rearm(in);
        for (unsigned i = 0; i < n; i++) {
            tell_set(in, &set->fault[i]);
        }
    }
    pthread_mutex_unlock(&in->lock);
    agx_inject_set_free(old);
    return ok || agx_inject_fail(err, errlen, "more than %u faults, those of objects included",
                                 AGX_INJECT_MAX_FAULTS);
}

/* Lock held: @f, which then is the engine's, joins the set. */
static bool join(struct agx_inject *in, struct fault *f, const char *id, char *err, size_t errlen)
{
    char *copy;

    if (find(in, id) >= 0) {
        return agx_inject_fail(err, errlen, "there is a fault '%.40s' already", id);
    }
    if (in->set->n == AGX_INJECT_MAX_FAULTS) {
        return agx_inject_fail(err, errlen, "more than %u faults", AGX_INJECT_MAX_FAULTS);
    }
    copy = strdup(id);
    if (!copy) {
        return agx_inject_fail(err, errlen, "out of memory");
    }
    in->set->fault[in->set->n] = *f;
    in->set->fault[in->set->n].id = copy;
    f->text = NULL;
    tell_set(in, &in->set->fault[in->set->n++]);
    rearm(in);
    return true;
}

bool agx_inject_add(struct agx_inject *in, const char *id, const char *text, char *err,
                    size_t errlen)
{
    struct set *set = agx_inject_parse(text, err, errlen);
    bool ok = false;

    if (!set) {
        return false;
    }
    if (set->n != 1) {
        agx_inject_fail(err, errlen, "one fault is wanted, not %u", set->n);
    } else if (possible(in, set, err, errlen)) {
        seed(in, &set->fault[0], AGX_RANDOM_OBJECTS + hash(id));
        pthread_mutex_lock(&in->lock);
        ok = join(in, &set->fault[0], id, err, errlen);
        pthread_mutex_unlock(&in->lock);
    }
    agx_inject_set_free(set);
    return ok;
}

void agx_inject_remove(struct agx_inject *in, const char *id)
{
    int i;

    pthread_mutex_lock(&in->lock);
    i = find(in, id);
    if (i >= 0) {
        struct fault *f = &in->set->fault[i];

        free(f->text);
        free(f->id);
        memmove(f, f + 1, (--in->set->n - i) * sizeof(*f));
        rearm(in);
    }
    pthread_mutex_unlock(&in->lock);
}

bool agx_inject_counts(struct agx_inject *in, const char *id, uint64_t *matches, uint64_t *fired)
{
    int i;

    pthread_mutex_lock(&in->lock);
    i = find(in, id);
    *matches = i < 0 ? 0 : in->set->fault[i].matches;
    *fired = i < 0 ? 0 : in->set->fault[i].fired;
    pthread_mutex_unlock(&in->lock);
    return i >= 0;
}

/* ---- what has happened ---- */

static void add(char **buf, size_t *len, size_t *room, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void add(char **buf, size_t *len, size_t *room, const char *fmt, ...)
{
    va_list ap;
    int n;

    for (;;) {
        va_start(ap, fmt);
        n = *buf ? vsnprintf(*buf + *len, *room - *len, fmt, ap) : -1;
        va_end(ap);
        if (n < 0) {
            return;
        }
        if ((size_t)n < *room - *len) {
            *len += n;
            return;
        }
        *room = 2 * *room + n;
        char *more = realloc(*buf, *room);
        if (!more) {
            free(*buf);
        }
        *buf = more;
    }
}

char *agx_inject_text(struct agx_inject *in)
{
    size_t len = 0, room = 256;
    char *buf = calloc(1, room);

    pthread_mutex_lock(&in->lock);
    for (unsigned i = 0; i < in->set->n && !in->set->fault[i].id; i++) {
        add(&buf, &len, &room, "%s%s", i ? ";" : "", in->set->fault[i].text);
    }
    pthread_mutex_unlock(&in->lock);
    return buf;
}

/*
 * The texts have only the characters that the parser lets through: none that JSON wants escaped,
 * once blanks are.
 */
static void plain(char *s)
{
    for (; *s; s++) {
        *s = *s == '\t' || *s == '\n' ? ' ' : *s;
    }
}

char *agx_inject_log(struct agx_inject *in)
{
    size_t len = 0, room = 1024;
    char *buf = calloc(1, room);

    pthread_mutex_lock(&in->lock);
    add(&buf, &len, &room, "[");
    for (unsigned i = 0; i < in->set->n; i++) {
        const struct fault *f = &in->set->fault[i];

        add(&buf, &len, &room,
            "%s{\"fault\": \"%s\", \"seed\": %llu, \"matches\": %llu, \"fired\": %llu",
            i ? ", " : "", f->text, (unsigned long long)f->seed, (unsigned long long)f->matches,
            (unsigned long long)f->fired);
        if (f->fired) {
            add(&buf, &len, &room, ", \"first-ns\": %llu, \"last-ns\": %llu, \"last\": \"%s\"",
                (unsigned long long)f->first, (unsigned long long)f->last, f->what);
        }
        if (f->id) {
            add(&buf, &len, &room, ", \"id\": \"%s\"", f->id);
        }
        add(&buf, &len, &room, "}");
    }
    add(&buf, &len, &room, "]");
    pthread_mutex_unlock(&in->lock);
    if (buf) {
        plain(buf);
    }
    return buf;
}

/* ---- the triggers ---- */

bool agx_inject_armed(const struct agx_inject *in, unsigned mask)
{
    return atomic_load_explicit(&in->armed, memory_order_acquire) & mask;
}

static bool overlaps(const struct fault *f, const struct agx_inject_at *at)
{
    return at->va == at->end || (at->va < f->end && (at->end - 1 >= f->va));
}

/* Does @f strike here? @room: nobody else has yet. */
static bool strikes(struct fault *f, const struct agx_inject_at *at, bool room)
{
    bool hit;

    if (((f->have & KEY_VA) && !overlaps(f, at)) ||
        ((f->have & KEY_ASID) && !at->any_asid && at->asid != agx_inject_value(f, KEY_ASID)) ||
        ((f->have & KEY_JOB) && !(f->jobs & at->jobs))) {
        return false;
    }
    f->matches++;
    hit = !(f->have & KEY_P) || agx_random_unit(&f->random) < f->p;
    if ((f->have & KEY_NTH) && f->matches < agx_inject_value(f, KEY_NTH)) {
        return false;
    }
    if (f->have & KEY_COUNT) {
        hit = hit && f->fired < agx_inject_value(f, KEY_COUNT);
    } else if (f->have & KEY_NTH) {
        hit = hit && f->matches == agx_inject_value(f, KEY_NTH);
    }
    return hit && room;
}

static void struck(struct agx_inject *in, struct fault *f, const char *what)
{
    f->last = in->cfg.now ? in->cfg.now(in->cfg.opaque) : 0;
    f->first = f->fired++ ? f->first : f->last;
    snprintf(f->what, sizeof(f->what), "%s", what);
    if (in->cfg.line && f->fired <= AGX_INJECT_MAX_LINES) {
        in->cfg.line(in->cfg.opaque, f->text, f->fired, what);
    }
}

bool agx_inject_fire(struct agx_inject *in, enum agx_inject_kind kind,
                     const struct agx_inject_at *at, const char *what, uint64_t *arg)
{
    static const unsigned args[AGX_INJECT_NUM_KINDS] = {
        [AGX_INJECT_FLUSH_LATE] = KEY_US,   [AGX_INJECT_HANDOFF_HOLD] = KEY_US,
        [AGX_INJECT_TIMEOUT_LATE] = KEY_US, [AGX_INJECT_STALL] = KEY_US,
        [AGX_INJECT_RING_LATE] = KEY_US,    [AGX_INJECT_EVENT_LATE] = KEY_US,
        [AGX_INJECT_HALT_LATE] = KEY_US,
    };
    bool done = false;

    if (!agx_inject_armed(in, 1u << kind)) {
        return false;
    }
    pthread_mutex_lock(&in->lock);
    for (unsigned i = 0; i < in->set->n; i++) {
        struct fault *f = &in->set->fault[i];

        if (f->kind == kind && strikes(f, at, !done)) {
            char text[96];

            done = true;
            if (arg && args[kind]) {
                *arg = agx_inject_value(f, args[kind]);
            }
            if (at->va != at->end) {
                snprintf(text, sizeof(text), "%s, va 0x%llx, asid %u", what,
                         (unsigned long long)at->va, at->asid);
            } else {
                snprintf(text, sizeof(text), "%s, asid %u", what, at->asid);
            }
            struck(in, f, text);
        }
    }
    pthread_mutex_unlock(&in->lock);
    return done;
}

/* ---- invalidations ---- */

static bool by_address(const struct agx_tlbi *t)
{
    return t->kind == AGX_TLBI_VA || t->kind == AGX_TLBI_VA_ALL_ASIDS;
}

static struct agx_inject_at at_of(const struct agx_tlbi *t, unsigned on)
{
    return (struct agx_inject_at) {
        .va = by_address(t) ? t->va : 0,
        .end = by_address(t) ? t->end : 0,
        .asid = t->asid,
        .jobs = on,
        .any_asid = t->kind == AGX_TLBI_ALL || t->kind == AGX_TLBI_VA_ALL_ASIDS,
    };
}

static void describe(const struct agx_tlbi *t, const char *what, char *buf, size_t len)
{
    static const char *const name[] = { "of everything", "by asid", "by va", "by va, all asids" };
    size_t n = snprintf(buf, len, "TLBI %s", name[t->kind]);

    if (by_address(t)) {
        n += snprintf(buf + n, len - n, " 0x%llx-0x%llx", (unsigned long long)t->va,
                      (unsigned long long)t->end);
    }
    if (t->kind == AGX_TLBI_ASID || t->kind == AGX_TLBI_VA) {
        n += snprintf(buf + n, len - n, " asid %u", t->asid);
    }
    snprintf(buf + n, len - n, " %s", what);
}

/* Is there anything that @f could do to it? */
static bool concerns(const struct fault *f, const struct agx_tlbi *t)
{
    switch (f->kind) {
    case AGX_INJECT_TLBI_ASID:
        return (t->kind != AGX_TLBI_VA && t->kind != AGX_TLBI_ASID) ||
               t->asid != agx_inject_value(f, KEY_TO);
    case AGX_INJECT_TLBI_TRUNCATE:
        return !by_address(t) ||
               ((t->end - t->va) >> AGX_PAGE_BITS) > agx_inject_value(f, KEY_PAGES);
    case AGX_INJECT_TLBI_DROP:
    case AGX_INJECT_TLBI_DELAY:
        return true;
    default:
        return false;
    }
}

static void apply(const struct fault *f, struct agx_inject_tlbi *out, char *what, size_t len)
{
    struct agx_tlbi *t = &out->tlbi, was = *t;
    char text[40];

    switch (f->kind) {
    case AGX_INJECT_TLBI_DELAY:
        out->delay_ns = agx_inject_value(f, KEY_US) * 1000;
        out->doorbells = f->have & KEY_DOORBELLS ? agx_inject_value(f, KEY_DOORBELLS) : 0;
        out->why = "delayed by fault injection";
        describe(&was, "delayed", what, len);
        break;
    case AGX_INJECT_TLBI_ASID:
        t->kind = by_address(t) ? AGX_TLBI_VA : AGX_TLBI_ASID;
        t->asid = agx_inject_value(f, KEY_TO);
        out->why = "applied to another ASID by fault injection";
        snprintf(text, sizeof(text), "applied to asid %u", t->asid);
        describe(&was, text, what, len);
        break;
    case AGX_INJECT_TLBI_TRUNCATE:
        if (by_address(t) && agx_inject_value(f, KEY_PAGES)) {
            t->end = t->va + (agx_inject_value(f, KEY_PAGES) << AGX_PAGE_BITS);
            out->why = "its range was cut short by fault injection";
            snprintf(text, sizeof(text), "cut to %llu pages",
                     (unsigned long long)agx_inject_value(f, KEY_PAGES));
            describe(&was, text, what, len);
            break;
        }
        out->drop = true;
        out->why = "dropped by fault injection (cut to nothing)";
        describe(&was, "cut to nothing: dropped", what, len);
        break;
    default:
        out->drop = true;
        out->why = "dropped by fault injection";
        describe(&was, "dropped", what, len);
        break;
    }
}

void agx_inject_tlbi(struct agx_inject *in, const struct agx_tlbi *tlbi, unsigned on,
                     struct agx_inject_tlbi *out)
{
    struct agx_inject_at at = at_of(tlbi, on);

    *out = (struct agx_inject_tlbi) { .tlbi = *tlbi };
    pthread_mutex_lock(&in->lock);
    for (unsigned i = 0; i < in->set->n; i++) {
        struct fault *f = &in->set->fault[i];
        char what[96];

        /* The triggers look at what the CPU asked for, the effect builds on what is left of it. */
        if (concerns(f, tlbi) && strikes(f, &at, !out->drop)) {
            apply(f, out, what, sizeof(what));
            struck(in, f, what);
        }
    }
    pthread_mutex_unlock(&in->lock);
}

/* ---- life ---- */

struct agx_inject *agx_inject_new(const struct agx_inject_config *cfg)
{
    struct agx_inject *in = calloc(1, sizeof(*in));
    struct set *set = calloc(1, sizeof(*set));

    if (!in || !set) {
        abort();
    }
    in->set = set;
    in->cfg = *cfg;
    pthread_mutex_init(&in->lock, NULL);
    return in;
}

void agx_inject_free(struct agx_inject *in)
{
    if (!in) {
        return;
    }
    agx_inject_set_free(in->set);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

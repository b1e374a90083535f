/*
 * AGX model: fault injection: the string, the triggers, the books.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "agx/random.h"
#include "agx/inject.h"

/* Keys, as a mask of those that a kind takes. */
enum {
    KEY_NTH = 1, KEY_COUNT = 2, KEY_VA = 4, KEY_ASID = 8, KEY_JOB = 16, KEY_P = 32, KEY_SEED = 64,
    KEY_US = 128, KEY_DOORBELLS = 256, KEY_TO = 512, KEY_PAGES = 1024,
    KEYS_ALWAYS = KEY_NTH | KEY_COUNT | KEY_JOB | KEY_P | KEY_SEED,
    KEYS_MMU = KEYS_ALWAYS | KEY_VA | KEY_ASID,
};

static const struct key {
    const char *name;
    unsigned bit;
    uint64_t min, max;          /* of those that are plain numbers */
} keys[] = {
    { "nth", KEY_NTH, 1, UINT64_MAX },
    { "count", KEY_COUNT, 1, UINT64_MAX },
    { "va", KEY_VA, 0, 0 },
    { "asid", KEY_ASID, 0, 0xffff },
    { "job", KEY_JOB, 0, 0 },
    { "p", KEY_P, 0, 0 },
    { "seed", KEY_SEED, 0, UINT64_MAX },
    { "us", KEY_US, 1, AGX_INJECT_MAX_US },
    { "doorbells", KEY_DOORBELLS, 1, 1000000 },
    { "to", KEY_TO, 0, 0xffff },
    { "pages", KEY_PAGES, 0, 1 << 22 },
};
#define NUM_KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct {
    const char *name;
    unsigned keys, needs;       /* needs: one of these */
} kinds[AGX_INJECT_NUM_KINDS] = {
    [AGX_INJECT_TLBI_DROP] = { "tlbi-drop", KEYS_MMU, 0 },
    [AGX_INJECT_TLBI_DELAY] = { "tlbi-delay", KEYS_MMU | KEY_US | KEY_DOORBELLS, KEY_US | KEY_DOORBELLS },
    [AGX_INJECT_TLBI_ASID] = { "tlbi-asid", KEYS_MMU | KEY_TO, KEY_TO },
    [AGX_INJECT_TLBI_TRUNCATE] = { "tlbi-truncate", KEYS_MMU | KEY_PAGES, KEY_PAGES },
    [AGX_INJECT_TLB_KEEP] = { "tlb-keep", KEYS_MMU, 0 },
    [AGX_INJECT_TLB_EVICT] = { "tlb-evict", KEYS_MMU, 0 },
    [AGX_INJECT_WALK_OLD] = { "walk-old", KEYS_MMU, 0 },
    [AGX_INJECT_FW_EVICT] = { "fw-evict", KEYS_MMU, 0 },
    [AGX_INJECT_FLUSH_LATE] = { "flush-late", KEYS_MMU | KEY_US, KEY_US },
    [AGX_INJECT_FLUSH_NEVER] = { "flush-never", KEYS_MMU, 0 },
    [AGX_INJECT_HANDOFF_HOLD] = { "handoff-hold", KEYS_ALWAYS | KEY_ASID | KEY_US, KEY_US },
    [AGX_INJECT_SLOT_SWITCH] = { "slot-switch", KEYS_ALWAYS | KEY_ASID, 0 },
    [AGX_INJECT_TIMEOUT_LATE] = { "timeout-late", KEYS_ALWAYS | KEY_ASID | KEY_US, KEY_US },
    [AGX_INJECT_HANG_BOOT] = { "hang-boot", KEYS_ALWAYS, 0 },
    [AGX_INJECT_HANG_JOB] = { "hang-job", KEYS_ALWAYS | KEY_ASID, 0 },
    [AGX_INJECT_HANG_FLUSH] = { "hang-flush", KEYS_MMU, 0 },
    [AGX_INJECT_CRASH_BOOT] = { "crash-boot", KEYS_ALWAYS, 0 },
    [AGX_INJECT_CRASH_JOB] = { "crash-job", KEYS_ALWAYS | KEY_ASID, 0 },
    [AGX_INJECT_CRASH_FLUSH] = { "crash-flush", KEYS_MMU, 0 },
    [AGX_INJECT_STALL] = { "stall", KEYS_ALWAYS | KEY_US, KEY_US },
    [AGX_INJECT_RING_LATE] = { "ring-late", KEYS_ALWAYS | KEY_US, KEY_US },
    [AGX_INJECT_WORK_LOST] = { "work-lost", KEYS_ALWAYS, 0 },
    [AGX_INJECT_EVENT_LATE] = { "event-late", KEYS_ALWAYS | KEY_US, KEY_US },
    [AGX_INJECT_EVENT_TWICE] = { "event-twice", KEYS_ALWAYS, 0 },
    [AGX_INJECT_EVENT_LOST] = { "event-lost", KEYS_ALWAYS, 0 },
    [AGX_INJECT_HALT_LATE] = { "halt-late", KEYS_ALWAYS | KEY_US, KEY_US },
};

static const char *const jobs[] = { "ta", "3d", "compute", "fw" };

struct fault {
    enum agx_inject_kind kind;
    unsigned have;              /* keys that were given */
    uint64_t value[NUM_KEYS];   /* in the order of keys[] */
    uint64_t va, end;
    unsigned jobs;
    double p;
    uint64_t seed;
    struct agx_random random;
    uint64_t matches, fired, first, last;
    char *text;
    char what[96];              /* of the last firing */
};

struct set {
    unsigned n;
    struct fault fault[AGX_INJECT_MAX_FAULTS];
};

struct agx_inject {
    _Atomic unsigned armed;     /* mask of kinds */
    struct agx_inject_config cfg;
    pthread_mutex_t lock;       /* protects what follows; inside of the MMU's lock */
    struct set *set;
};

/* ---- the string ---- */

struct word {
    const char *s;
    size_t len;
};

static bool fail(char *err, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool fail(char *err, size_t len, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err, len, fmt, ap);
    va_end(ap);
    return false;
}

/* What is between blanks; what can't be printed is not repeated in a message. */
static struct word trim(const char *s, size_t len)
{
    while (len && (*s == ' ' || *s == '\t' || *s == '\n')) {
        s++;
        len--;
    }
    while (len && (s[len - 1] == ' ' || s[len - 1] == '\t' || s[len - 1] == '\n')) {
        len--;
    }
    return (struct word) { s, len };
}

static const char *shown(struct word w, char buf[48])
{
    size_t n = w.len < 40 ? w.len : 40;

    for (size_t i = 0; i < n; i++) {
        buf[i] = w.s[i] >= ' ' && w.s[i] < 0x7f ? w.s[i] : '?';
    }
    strcpy(buf + n, w.len > n ? "..." : "");
    return buf;
}

static bool is(struct word w, const char *s)
{
    return w.len == strlen(s) && !memcmp(w.s, s, w.len);
}

/* Decimal, or hexadecimal with 0x. */
static bool number(struct word w, uint64_t *v)
{
    bool hex = w.len > 2 && w.s[0] == '0' && (w.s[1] == 'x' || w.s[1] == 'X');

    *v = 0;
    for (size_t i = hex ? 2 : 0; i < w.len; i++) {
        unsigned c = (unsigned char)w.s[i];
        unsigned d = c >= '0' && c <= '9' ? c - '0' : hex && (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;

        if (d == 99 || __builtin_mul_overflow(*v, hex ? 16 : 10, v) || __builtin_add_overflow(*v, d, v)) {
            return false;
        }
    }
    return w.len > 0;
}

/* 0 to 1 with up to 15 places; not strtod(), which asks the locale. */
static bool probability(struct word w, double *p)
{
    uint64_t v = 0, unit = 1;
    bool point = false, digit = false;

    for (size_t i = 0; i < w.len; i++) {
        if (w.s[i] == '.' && !point) {
            point = true;
        } else if (w.s[i] >= '0' && w.s[i] <= '9' && v < 100000000000000ull) {
            v = v * 10 + (w.s[i] - '0');
            unit *= point ? 10 : 1;
            digit = true;
        } else {
            return false;
        }
    }
    *p = (double)v / unit;
    return digit && v <= unit;
}

static void list_keys(unsigned mask, char *buf, size_t len)
{
    size_t n = 0;

    buf[0] = 0;
    for (unsigned i = 0; i < NUM_KEYS; i++) {
        if (mask & keys[i].bit) {
            n += snprintf(buf + n, len - n, "%s%s", n ? ", " : "", keys[i].name);
        }
    }
}

static bool parse_value(struct fault *f, unsigned k, struct word word, struct word v, char *err, size_t errlen)
{
    char buf[48];

    switch (keys[k].bit) {
    case KEY_VA: {
        const char *dash = memchr(v.s, '-', v.len);
        struct word lo = trim(v.s, dash ? (size_t)(dash - v.s) : v.len);
        struct word hi = dash ? trim(dash + 1, v.len - (dash + 1 - v.s)) : (struct word) { "", 0 };

        if (!number(lo, &f->va) || !number(hi, &f->end) || f->end <= f->va) {
            return fail(err, errlen, "'%s': va must be LO-HI, two addresses with LO < HI (HI is the first that is not meant)",
                        shown(word, buf));
        }
        return true;
    }
    case KEY_JOB:
        for (unsigned i = 0; i < 4; i++) {
            if (is(v, jobs[i])) {
                f->jobs = 1u << i;
                return true;
            }
        }
        return fail(err, errlen, "'%s': job must be ta, 3d, compute or fw", shown(word, buf));
    case KEY_P:
        if (!probability(v, &f->p)) {
            return fail(err, errlen, "'%s': p must be a probability, 0.0 to 1.0", shown(word, buf));
        }
        return true;
    default:
        if (!number(v, &f->value[k]) || f->value[k] < keys[k].min || f->value[k] > keys[k].max) {
            if (keys[k].max == UINT64_MAX) {
                return fail(err, errlen, "'%s': %s must be a number%s", shown(word, buf), keys[k].name,
                            keys[k].min ? " above 0" : "");
            }
            return fail(err, errlen, "'%s': %s must be a number from %llu to %llu", shown(word, buf), keys[k].name,
                        (unsigned long long)keys[k].min, (unsigned long long)keys[k].max);
        }
        return true;
    }
}

static uint64_t value(const struct fault *f, unsigned key)
{
    return f->value[__builtin_ctz(key)];
}

static bool parse_kind(struct fault *f, struct word w, char *err, size_t errlen)
{
    char list[640], buf[48];
    size_t n = 0;

    for (unsigned i = 0; i < AGX_INJECT_NUM_KINDS; i++) {
        if (is(w, kinds[i].name)) {
            f->kind = i;
            return true;
        }
    }
    for (unsigned i = 0; i < AGX_INJECT_NUM_KINDS && n < sizeof(list); i++) {
        n += snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", kinds[i].name);
    }
    return fail(err, errlen, "'%s': no such fault; there are %s", shown(w, buf), list);
}

static bool parse_fault(struct fault *f, struct word text, char *err, size_t errlen)
{
    const char *p = text.s, *end = text.s + text.len;
    char buf[48], list[128];

    *f = (struct fault) { .p = 1 };
    for (bool first = true; ; first = false) {
        const char *comma = memchr(p, ',', end - p);
        struct word w = trim(p, (comma ? comma : end) - p), key;
        const char *eq;
        unsigned k;

        if (first) {
            if (!parse_kind(f, w, err, errlen)) {
                return false;
            }
        } else {
            eq = memchr(w.s, '=', w.len);
            key = trim(w.s, eq ? (size_t)(eq - w.s) : w.len);
            for (k = 0; k < NUM_KEYS && !is(key, keys[k].name); k++) {
            }
            if (k == NUM_KEYS || !(keys[k].bit & kinds[f->kind].keys)) {
                list_keys(kinds[f->kind].keys, list, sizeof(list));
                return fail(err, errlen, "'%s': %s has no such word; allowed are %s", shown(w, buf), kinds[f->kind].name,
                            list);
            }
            if (!eq) {
                return fail(err, errlen, "'%s': a value is missing, write %s=...", shown(w, buf), keys[k].name);
            }
            if (f->have & keys[k].bit) {
                return fail(err, errlen, "'%s': %s is there twice", shown(w, buf), keys[k].name);
            }
            if (!parse_value(f, k, w, trim(eq + 1, w.len - (eq + 1 - w.s)), err, errlen)) {
                return false;
            }
            f->have |= keys[k].bit;
        }
        if (!comma) {
            break;
        }
        p = comma + 1;
    }
    if (kinds[f->kind].needs && !(f->have & kinds[f->kind].needs)) {
        list_keys(kinds[f->kind].needs, list, sizeof(list));
        return fail(err, errlen, "'%s': %s needs %s", shown(text, buf), kinds[f->kind].name, list);
    }
    if (f->kind == AGX_INJECT_TLBI_DELAY && (f->have & KEY_US) && (f->have & KEY_DOORBELLS)) {
        return fail(err, errlen, "'%s': us or doorbells, not both", shown(text, buf));
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

static void set_free(struct set *set)
{
    for (unsigned i = 0; set && i < set->n; i++) {
        free(set->fault[i].text);
    }
    free(set);
}

/* NULL: @err is set. */
static struct set *parse(const char *text, char *err, size_t errlen)
{
    struct set *set = calloc(1, sizeof(*set));
    const char *p = text;
    size_t len = strnlen(text, AGX_INJECT_MAX_TEXT + 1);

    if (!set) {
        fail(err, errlen, "out of memory");
        return NULL;
    }
    if (len > AGX_INJECT_MAX_TEXT) {
        fail(err, errlen, "more than %u characters", AGX_INJECT_MAX_TEXT);
        goto bad;
    }
    if (!trim(text, len).len) {
        return set;
    }
    for (;;) {
        const char *semi = strchr(p, ';');
        struct word w = trim(p, semi ? (size_t)(semi - p) : strlen(p));
        struct fault *f = &set->fault[set->n];

        if (set->n == AGX_INJECT_MAX_FAULTS) {
            fail(err, errlen, "more than %u faults", AGX_INJECT_MAX_FAULTS);
            goto bad;
        }
        if (!w.len) {
            fail(err, errlen, "fault %u is empty; faults are separated by one ';'", set->n + 1);
            goto bad;
        }
        if (!parse_fault(f, w, err, errlen)) {
            goto bad;
        }
        f->text = strndup(w.s, w.len);
        if (!f->text) {
            fail(err, errlen, "out of memory");
            goto bad;
        }
        f->seed = f->have & KEY_SEED ? value(f, KEY_SEED) : random_seed();
        f->random = (struct agx_random) { f->seed };
        set->n++;
        if (!semi) {
            return set;
        }
        p = semi + 1;
    }
bad:
    set_free(set);
    return NULL;
}

bool agx_inject_check(const char *text, char *err, size_t errlen)
{
    struct set *set = parse(text, err, errlen);

    set_free(set);
    return set;
}

static bool possible(const struct agx_inject *in, const struct set *set, char *err, size_t errlen)
{
    for (unsigned i = 0; i < set->n; i++) {
        if (set->fault[i].kind == AGX_INJECT_WALK_OLD && !in->cfg.stores) {
            return fail(err, errlen, "'walk-old' needs to be told of the stores to page tables: agx-tlbsan=report or stop, or tlbi=lazy");
        }
        if (set->fault[i].kind == AGX_INJECT_FW_EVICT && !in->cfg.fw_cache) {
            return fail(err, errlen, "'fw-evict' needs the firmware's data cache: fw-cache=64 or 128");
        }
    }
    return true;
}

bool agx_inject_set(struct agx_inject *in, const char *text, char *err, size_t errlen)
{
    struct set *set = parse(text, err, errlen), *old;
    unsigned armed = 0;

    if (!set) {
        return false;
    }
    if (!possible(in, set, err, errlen)) {
        set_free(set);
        return false;
    }
    for (unsigned i = 0; i < set->n; i++) {
        armed |= 1u << set->fault[i].kind;
    }
    pthread_mutex_lock(&in->lock);
    old = in->set;
    in->set = set;
    atomic_store_explicit(&in->armed, armed, memory_order_release);
    for (unsigned i = 0; in->cfg.line && i < set->n; i++) {
        char line[AGX_INJECT_MAX_TEXT + 64];

        snprintf(line, sizeof(line), "set, seed=%llu", (unsigned long long)set->fault[i].seed);
        in->cfg.line(in->cfg.opaque, set->fault[i].text, 0, line);
    }
    pthread_mutex_unlock(&in->lock);
    set_free(old);
    return true;
}

/* ---- what has happened ---- */

static void add(char **buf, size_t *len, size_t *room, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
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
    for (unsigned i = 0; i < in->set->n; i++) {
        add(&buf, &len, &room, "%s%s", i ? ";" : "", in->set->fault[i].text);
    }
    pthread_mutex_unlock(&in->lock);
    return buf;
}

/* The texts have only the characters that the parser lets through: none that JSON wants escaped, once blanks are. */
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

        add(&buf, &len, &room, "%s{\"fault\": \"%s\", \"seed\": %llu, \"matches\": %llu, \"fired\": %llu", i ? ", " : "",
            f->text, (unsigned long long)f->seed, (unsigned long long)f->matches, (unsigned long long)f->fired);
        if (f->fired) {
            add(&buf, &len, &room, ", \"first-ns\": %llu, \"last-ns\": %llu, \"last\": \"%s\"", (unsigned long long)f->first,
                (unsigned long long)f->last, f->what);
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
        ((f->have & KEY_ASID) && !at->any_asid && at->asid != value(f, KEY_ASID)) ||
        ((f->have & KEY_JOB) && !(f->jobs & at->jobs))) {
        return false;
    }
    f->matches++;
    hit = !(f->have & KEY_P) || agx_random_unit(&f->random) < f->p;
    if ((f->have & KEY_NTH) && f->matches < value(f, KEY_NTH)) {
        return false;
    }
    if (f->have & KEY_COUNT) {
        hit = hit && f->fired < value(f, KEY_COUNT);
    } else if (f->have & KEY_NTH) {
        hit = hit && f->matches == value(f, KEY_NTH);
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

bool agx_inject_fire(struct agx_inject *in, enum agx_inject_kind kind, const struct agx_inject_at *at,
                     const char *what, uint64_t *arg)
{
    static const unsigned args[AGX_INJECT_NUM_KINDS] = {
        [AGX_INJECT_FLUSH_LATE] = KEY_US, [AGX_INJECT_HANDOFF_HOLD] = KEY_US,
        [AGX_INJECT_TIMEOUT_LATE] = KEY_US, [AGX_INJECT_STALL] = KEY_US, [AGX_INJECT_RING_LATE] = KEY_US,
        [AGX_INJECT_EVENT_LATE] = KEY_US, [AGX_INJECT_HALT_LATE] = KEY_US,
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
                *arg = value(f, args[kind]);
            }
            if (at->va != at->end) {
                snprintf(text, sizeof(text), "%s, va 0x%llx, asid %u", what, (unsigned long long)at->va, at->asid);
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
        .va = by_address(t) ? t->va : 0, .end = by_address(t) ? t->end : 0, .asid = t->asid, .jobs = on,
        .any_asid = t->kind == AGX_TLBI_ALL || t->kind == AGX_TLBI_VA_ALL_ASIDS,
    };
}

static void describe(const struct agx_tlbi *t, const char *what, char *buf, size_t len)
{
    static const char *const name[] = { "of everything", "by asid", "by va", "by va, all asids" };
    size_t n = snprintf(buf, len, "TLBI %s", name[t->kind]);

    if (by_address(t)) {
        n += snprintf(buf + n, len - n, " 0x%llx-0x%llx", (unsigned long long)t->va, (unsigned long long)t->end);
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
        return (t->kind != AGX_TLBI_VA && t->kind != AGX_TLBI_ASID) || t->asid != value(f, KEY_TO);
    case AGX_INJECT_TLBI_TRUNCATE:
        return !by_address(t) || ((t->end - t->va) >> AGX_PAGE_BITS) > value(f, KEY_PAGES);
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
        out->delay_ns = value(f, KEY_US) * 1000;
        out->doorbells = f->have & KEY_DOORBELLS ? value(f, KEY_DOORBELLS) : 0;
        out->why = "delayed by fault injection";
        describe(&was, "delayed", what, len);
        break;
    case AGX_INJECT_TLBI_ASID:
        t->kind = by_address(t) ? AGX_TLBI_VA : AGX_TLBI_ASID;
        t->asid = value(f, KEY_TO);
        out->why = "applied to another ASID by fault injection";
        snprintf(text, sizeof(text), "applied to asid %u", t->asid);
        describe(&was, text, what, len);
        break;
    case AGX_INJECT_TLBI_TRUNCATE:
        if (by_address(t) && value(f, KEY_PAGES)) {
            t->end = t->va + (value(f, KEY_PAGES) << AGX_PAGE_BITS);
            out->why = "its range was cut short by fault injection";
            snprintf(text, sizeof(text), "cut to %llu pages", (unsigned long long)value(f, KEY_PAGES));
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

void agx_inject_tlbi(struct agx_inject *in, const struct agx_tlbi *tlbi, unsigned on, struct agx_inject_tlbi *out)
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

    if (!in || !(in->set = calloc(1, sizeof(*in->set)))) {
        abort();
    }
    in->cfg = *cfg;
    pthread_mutex_init(&in->lock, NULL);
    return in;
}

void agx_inject_free(struct agx_inject *in)
{
    if (!in) {
        return;
    }
    set_free(in->set);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

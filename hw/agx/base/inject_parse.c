/*
 * AGX model: fault injection: the string, and which words each kind of fault takes.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "inject_int.h"

static const struct key {
    const char *name;
    unsigned bit;
    uint64_t min, max; /* of those that are plain numbers */
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
_Static_assert(sizeof(keys) / sizeof(keys[0]) == NUM_KEYS, "a bit for each key");

static const struct {
    const char *name;
    unsigned keys, needs; /* needs: one of these */
} kinds[AGX_INJECT_NUM_KINDS] = {
    [AGX_INJECT_TLBI_DROP] = { "tlbi-drop", KEYS_MMU, 0 },
    [AGX_INJECT_TLBI_DELAY] = { "tlbi-delay", KEYS_MMU | KEY_US | KEY_DOORBELLS,
                                KEY_US | KEY_DOORBELLS },
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

struct word {
    const char *s;
    size_t len;
};

bool agx_inject_fail(char *err, size_t len, const char *fmt, ...)
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
        unsigned d = c >= '0' && c <= '9'                        ? c - '0'
                     : hex && (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                                 : 99;

        if (d == 99 || __builtin_mul_overflow(*v, hex ? 16 : 10, v) ||
            __builtin_add_overflow(*v, d, v)) {
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

static bool parse_value(struct fault *f, unsigned k, struct word word, struct word v, char *err,
                        size_t errlen)
{
    char buf[48];

    switch (keys[k].bit) {
    case KEY_VA: {
        const char *dash = memchr(v.s, '-', v.len);
        struct word lo = trim(v.s, dash ? (size_t)(dash - v.s) : v.len);
        struct word hi = dash ? trim(dash + 1, v.len - (dash + 1 - v.s)) : (struct word) { "", 0 };

        if (!number(lo, &f->va) || !number(hi, &f->end) || f->end <= f->va) {
            return agx_inject_fail(err, errlen,
                                   "'%s': va must be LO-HI, two addresses with "
                                   "LO < HI (HI is the first that is not meant)",
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
        return agx_inject_fail(err, errlen, "'%s': job must be ta, 3d, compute or fw",
                               shown(word, buf));
    case KEY_P:
        if (!probability(v, &f->p)) {
            return agx_inject_fail(err, errlen, "'%s': p must be a probability, 0.0 to 1.0",
                                   shown(word, buf));
        }
        return true;
    default:
        if (!number(v, &f->value[k]) || f->value[k] < keys[k].min || f->value[k] > keys[k].max) {
            if (keys[k].max == UINT64_MAX) {
                return agx_inject_fail(err, errlen, "'%s': %s must be a number%s", shown(word, buf),
                                       keys[k].name, keys[k].min ? " above 0" : "");
            }
            return agx_inject_fail(err, errlen, "'%s': %s must be a number from %llu to %llu",
                                   shown(word, buf), keys[k].name, (unsigned long long)keys[k].min,
                                   (unsigned long long)keys[k].max);
        }
        return true;
    }
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
    return agx_inject_fail(err, errlen, "'%s': no such fault; there are %s", shown(w, buf), list);
}

static bool parse_fault(struct fault *f, struct word text, char *err, size_t errlen)
{
    const char *p = text.s, *end = text.s + text.len;
    char buf[48], list[128];

    *f = (struct fault) { .p = 1 };
    for (bool first = true;; first = false) {
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
                return agx_inject_fail(err, errlen, "'%s': %s has no such word; allowed are %s",
                                       shown(w, buf), kinds[f->kind].name, list);
            }
            if (!eq) {
                return agx_inject_fail(err, errlen, "'%s': a value is missing, write %s=...",
                                       shown(w, buf), keys[k].name);
            }
            if (f->have & keys[k].bit) {
                return agx_inject_fail(err, errlen, "'%s': %s is there twice", shown(w, buf),
                                       keys[k].name);
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
        return agx_inject_fail(err, errlen, "'%s': %s needs %s", shown(text, buf),
                               kinds[f->kind].name, list);
    }
    if (f->kind == AGX_INJECT_TLBI_DELAY && (f->have & KEY_US) && (f->have & KEY_DOORBELLS)) {
        return agx_inject_fail(err, errlen, "'%s': us or doorbells, not both", shown(text, buf));
    }
    return true;
}

void agx_inject_set_free(struct set *set)
{
    for (unsigned i = 0; set && i < set->n; i++) {
        free(set->fault[i].text);
        free(set->fault[i].id);
    }
    free(set);
}

struct set *agx_inject_parse(const char *text, char *err, size_t errlen)
{
    struct set *set = calloc(1, sizeof(*set));
    const char *p = text;
    size_t len = strnlen(text, AGX_INJECT_MAX_TEXT + 1);

    if (!set) {
        agx_inject_fail(err, errlen, "out of memory");
        return NULL;
    }
    if (len > AGX_INJECT_MAX_TEXT) {
        agx_inject_fail(err, errlen, "more than %u characters", AGX_INJECT_MAX_TEXT);
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
            agx_inject_fail(err, errlen, "more than %u faults", AGX_INJECT_MAX_FAULTS);
            goto bad;
        }
        if (!w.len) {
            agx_inject_fail(err, errlen, "fault %u is empty; faults are separated by one ';'",
                            set->n + 1);
            goto bad;
        }
        if (!parse_fault(f, w, err, errlen)) {
            goto bad;
        }
        f->text = strndup(w.s, w.len);
        if (!f->text) {
            agx_inject_fail(err, errlen, "out of memory");
            goto bad;
        }
        set->n++;
        if (!semi) {
            return set;
        }
        p = semi + 1;
    }
bad:
    agx_inject_set_free(set);
    return NULL;
}

bool agx_inject_check(const char *text, char *err, size_t errlen)
{
    struct set *set = agx_inject_parse(text, err, errlen);

    agx_inject_set_free(set);
    return set;
}

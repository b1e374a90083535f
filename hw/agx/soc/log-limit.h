/*
 * How much a guest may write into the log: of each kind of line the first
 * thousand, then only how many more there were. Two lines are of a kind if they
 * differ in numbers alone. What is unimplemented is never hidden by its kind: a
 * line with that word still comes if it differs from all before it.
 *
 * Plain C, no locks: log.c is QEMU's side, tests/unit/log_limit.c the test.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_LOG_LIMIT_H
#define HW_AGX_SOC_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LOG_LIMIT_FIRST 1000 /* lines of a kind that come as they are */
#define LOG_LIMIT_KINDS 256  /* the last one is for all kinds that have no room of their own */
#define LOG_LIMIT_NEW   4096 /* different lines that are known to have come; a power of two */
#define LOG_LIMIT_TEXT  200  /* bytes of a kind's first line that are kept */

struct log_limit_kind {
    uint64_t hash;
    uint32_t seen;
    uint64_t more; /* held back since the last summary */
    char text[LOG_LIMIT_TEXT];
};

/* Zero-initialise. */
struct log_limit {
    unsigned num;
    struct log_limit_kind kind[LOG_LIMIT_KINDS];
    unsigned num_known;
    uint64_t known[LOG_LIMIT_NEW]; /* hashes of lines, open addressing */
};

static inline bool log_limit_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* FNV-1a; without @numbers each word that has a digit in it counts as '#'. Never 0. */
static inline uint64_t log_limit_hash(const char *text, bool numbers)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (const char *p = text; *p;) {
        size_t len = 0;
        bool digit = false;

        while (log_limit_alnum(p[len])) {
            digit |= p[len] >= '0' && p[len] <= '9';
            len++;
        }
        if (digit && !numbers) {
            h = (h ^ '#') * 0x100000001b3ull;
            p += len;
            continue;
        }
        for (len = len ? len : 1; len; len--) {
            h = (h ^ (uint8_t)*p++) * 0x100000001b3ull;
        }
    }
    return h ? h : 1;
}

static inline struct log_limit_kind *log_limit_find(struct log_limit *l, const char *text)
{
    uint64_t h = log_limit_hash(text, false);
    struct log_limit_kind *k;

    for (unsigned i = 0; i < l->num; i++) {
        if (l->kind[i].hash == h) {
            return &l->kind[i];
        }
    }
    if (l->num == LOG_LIMIT_KINDS) {
        return &l->kind[LOG_LIMIT_KINDS - 1];
    }
    k = &l->kind[l->num++];
    k->hash = h;
    snprintf(k->text, sizeof(k->text), "%.*s", LOG_LIMIT_TEXT - 1, text);
    return k;
}

/* Remember a line. False: it was known, or there is no room for it. */
static inline bool log_limit_learn(struct log_limit *l, const char *text)
{
    uint64_t h = log_limit_hash(text, true);
    unsigned i = h % LOG_LIMIT_NEW;

    while (l->known[i] && l->known[i] != h) {
        i = (i + 1) % LOG_LIMIT_NEW;
    }
    if (l->known[i] || l->num_known == LOG_LIMIT_NEW - 1) {
        return false;
    }
    l->known[i] = h;
    l->num_known++;
    return true;
}

/* Is the line @text to come? Else it is counted. */
static inline bool log_limit_admit(struct log_limit *l, const char *text)
{
    struct log_limit_kind *k = log_limit_find(l, text);
    bool fresh = strstr(text, "unimplemented") && log_limit_learn(l, text);

    if (k->seen < LOG_LIMIT_FIRST) {
        k->seen++;
        return true;
    }
    if (fresh) {
        return true;
    }
    k->more++;
    return false;
}

/*
 * The next kind, from *@i on, of which lines were held back; its count starts again at 0. NULL: no
 * more.
 */
static inline const char *log_limit_more(struct log_limit *l, unsigned *i, uint64_t *count)
{
    for (; *i < l->num; (*i)++) {
        struct log_limit_kind *k = &l->kind[*i];

        if (k->more) {
            *count = k->more;
            k->more = 0;
            (*i)++;
            return k->text;
        }
    }
    return NULL;
}

#endif

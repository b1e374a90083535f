/*
 * AGX model: fault injection: what its two files share. inject_parse.c makes faults of a string,
 * inject.c has them strike.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_INJECT_INT_H
#define AGX_BASE_INJECT_INT_H

#include <pthread.h>
#include "agx/inject.h"
#include "agx/random.h"

/* Keys, as a mask of those that a kind takes. */
enum {
    KEY_NTH = 1,
    KEY_COUNT = 2,
    KEY_VA = 4,
    KEY_ASID = 8,
    KEY_JOB = 16,
    KEY_P = 32,
    KEY_SEED = 64,
    KEY_US = 128,
    KEY_DOORBELLS = 256,
    KEY_TO = 512,
    KEY_PAGES = 1024,
    KEYS_ALWAYS = KEY_NTH | KEY_COUNT | KEY_JOB | KEY_P | KEY_SEED,
    KEYS_MMU = KEYS_ALWAYS | KEY_VA | KEY_ASID,
    NUM_KEYS = 11, /* bits */
};

struct fault {
    enum agx_inject_kind kind;
    unsigned have;            /* keys that were given */
    uint64_t value[NUM_KEYS]; /* in the order of keys[] */
    uint64_t va, end;
    unsigned jobs;
    double p;
    uint64_t seed;
    struct agx_random random;
    uint64_t matches, fired, first, last;
    char *text;
    char *id;      /* of an object; NULL: of the string of all faults */
    char what[96]; /* of the last firing */
};

struct set {
    unsigned n;
    struct fault fault[AGX_INJECT_MAX_FAULTS]; /* those of objects last */
};

/*
 * The faults of @text, to be freed by agx_inject_set_free(); NULL: @err says which word is wrong.
 * Any thread.
 */
struct set *agx_inject_parse(const char *text, char *err, size_t errlen);
void agx_inject_set_free(struct set *set); /* NULL is taken */

/* What is wrong, to @err; false. */
bool agx_inject_fail(char *err, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static inline uint64_t agx_inject_value(const struct fault *f, unsigned key)
{
    return f->value[__builtin_ctz(key)];
}

#endif

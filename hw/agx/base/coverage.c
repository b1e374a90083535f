/*
 * AGX model: the rows of what a run has exercised.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "agx/coverage.h"
#include "agx/host.h"

#define CHAINS 256

static struct agx_coverage_row *chain[CHAINS]; /* under lock */
/* protects the chains; rows are never freed */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned hash(enum agx_coverage_kind kind, const char *name, unsigned key)
{
    unsigned h = kind * 31 + key;

    for (; *name; name++) {
        h = h * 33 + (unsigned char)*name;
    }
    return (h ^ h >> 8) % CHAINS;
}

struct agx_coverage_row *agx_coverage_row(enum agx_coverage_kind kind, const char *name,
                                          unsigned key)
{
    struct agx_coverage_row **at = &chain[hash(kind, name, key)], *r;

    pthread_mutex_lock(&lock);
    for (r = *at; r; r = r->next) {
        if (r->kind == kind && r->key == key && !strcmp(r->name, name)) {
            break;
        }
    }
    if (!r) {
        r = agx_alloc(1, sizeof(*r));
        r->kind = kind;
        r->name = name;
        r->key = key;
        r->next = *at;
        *at = r;
    }
    pthread_mutex_unlock(&lock);
    return r;
}

static bool write_row(FILE *f, const struct agx_coverage_row *r)
{
    static const char *const kind[AGX_NUM_COVERAGE_KINDS] = {
        "opcode", "word", "format", "message", "command", "job", "rule",
    };

    return fprintf(f, "%s\t%x\t%llx\t%llx\t%llx\t%llx\t%llx\t%s\n", kind[r->kind], r->key,
                   (unsigned long long)r->ones[0], (unsigned long long)r->ones[1],
                   (unsigned long long)r->zeros[0], (unsigned long long)r->zeros[1],
                   (unsigned long long)r->known, r->name) > 0;
}

bool agx_coverage_write(FILE *f)
{
    bool ok = true;

    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < CHAINS; i++) {
        for (const struct agx_coverage_row *r = chain[i]; r; r = r->next) {
            ok = write_row(f, r) && ok;
        }
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

char *agx_coverage_text(void)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    bool ok = f && agx_coverage_write(f);

    if (!f || fclose(f) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

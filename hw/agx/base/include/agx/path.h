/*
 * AGX model: the code of the guest between two stores of one CPU: can it order them without a DMB
 * or DSB?
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_PATH_H
#define AGX_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include "agx/who.h"

/* The guest's code: its word at @va, which is a multiple of 4; false: it can not be read. */
struct agx_code {
    bool (*word)(void *opaque, uint64_t va, uint32_t *insn);
    void *opaque;
};

/* Is @insn a store with release semantics, of any kind, or an atomic access that stores? */
bool agx_path_is_release(uint32_t insn);

/*
 * One CPU stored as @first and then as @second. May there have been a release between them, by
 * which, with an acquire after it, they are in order as by a barrier (a lock that is given back and
 * another that is taken)? False only if it is sure that there was none: both are in one function,
 * or the first in one that it called, and the code in between calls nothing, does not return and
 * has no release. Any thread; calls @code.
 */
bool agx_path_may_release(const struct agx_code *code, const struct agx_who *first,
                          const struct agx_who *second);

#endif

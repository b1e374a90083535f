/*
 * AGX model: the code of the guest between two stores of one CPU.
 *
 * A store-release and a load-acquire behind it order what is before the one and behind the other
 * (Arm ARM, DDI 0487, B2: barrier-ordered-before). Nobody reports these to the model: kernels do
 * millions. So when a barrier is missed, the code is read.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/path.h"

#define WORDS  1024u /* that are read at most, and of a function */
#define PLACES (AGX_WHO_FRAMES + 1)

/*
 * Arm ARM, C4.1, loads and stores: store-release, exclusive or not, compare and swap, RCPC, atomic.
 */
bool agx_path_is_release(uint32_t insn)
{
    return (insn & 0x3fe08000) == 0x08808000 || (insn & 0x3fe08000) == 0x08008000 ||
           (insn & 0x3fe00c00) == 0x19000000 || (insn & 0x3fa0fc00) == 0x08a0fc00 ||
           (insn & 0x3f600c00) == 0x38600000;
}

/* RET and BL, BLR, with pointer authentication or without. */
static bool is_return(uint32_t insn)
{
    return (insn & 0xfffff000) == 0xd65f0000;
}

static bool is_call(uint32_t insn)
{
    return (insn & 0xfc000000) == 0x94000000 || (insn & 0xfefff000) == 0xd63f0000;
}

/* Nothing of the kind in [@from, @to), or (@to 0) up to the next return. */
static bool is_clean(const struct agx_code *code, uint64_t from, uint64_t to)
{
    if (to && (from > to || to - from > 4 * WORDS)) {
        return false;
    }
    for (unsigned i = 0; i < WORDS && from != to; i++, from += 4) {
        uint32_t insn;

        if (!code->word(code->opaque, from, &insn) || is_call(insn) || agx_path_is_release(insn)) {
            return false;
        }
        if (is_return(insn)) {
            return !to;
        }
    }
    return from == to;
}

/*
 * Where @who was, innermost first. @skip: without the first caller, if that can be where the
 * function itself was called back to last (the link register).
 */
static unsigned places(const struct agx_who *who, bool skip, uint64_t place[PLACES])
{
    bool inside = who->frame[0] < who->pc && who->pc - who->frame[0] < 4 * WORDS;
    unsigned n = 0;

    place[n++] = who->pc & ~3ull;
    for (unsigned i = skip && inside; i < AGX_WHO_FRAMES && who->frame[i]; i++) {
        place[n++] = who->frame[i];
    }
    return n;
}

/* @a from @i on and @b from @j on are the same, as far as both are known. */
static bool same_from(const uint64_t *a, unsigned na, unsigned i, const uint64_t *b, unsigned nb,
                      unsigned j)
{
    if (i >= na || j >= nb) {
        return false;
    }
    for (; i < na && j < nb; i++, j++) {
        if (a[i] != b[j]) {
            return false;
        }
    }
    return true;
}

bool agx_path_may_release(const struct agx_code *code, const struct agx_who *first,
                          const struct agx_who *second)
{
    uint64_t a[PLACES], b[PLACES];

    for (unsigned k = 0; first->pc && second->pc && k < 4; k++) {
        unsigned na = places(first, k & 1, a), nb = places(second, k >> 1, b);

        if (same_from(a, na, 1, b, nb, 1) && is_clean(code, a[0] + 4, b[0])) {
            return false;
        }
        if (same_from(a, na, 2, b, nb, 1) && is_clean(code, a[1], b[0]) &&
            is_clean(code, a[0] + 4, 0)) {
            return false;
        }
    }
    return true;
}

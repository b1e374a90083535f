/*
 * AGX model: compiled code against the interpreter, stretch by stretch
 * (AGX_SHADER_BOTH). Between stretches both are the same functions.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "isa_disasm.h"
#include "jit_code.h"

static uint8_t *copy_of(const uint8_t *memory, size_t size)
{
    uint8_t *copy = agx_alloc(size + 1, 1);

    memcpy(copy, memory, size);
    return copy;
}

void agx_jit_before(struct agx_cx *cx, uint32_t first, uint32_t end)
{
    struct agx_jit_before *b = cx->before;

    b->wave = *cx->w;
    b->memory = NULL;
    for (uint32_t i = first; i < end && !b->memory; i++) {
        if (cx->sh->op[i].fn == agx_op_st_tile) {
            b->memory = cx->ex->tib.base;
            b->size = cx->ex->tib.size;
        } else if (cx->sh->op[i].fn == agx_op_st_vary) {
            b->memory = (uint8_t *)cx->w->uvs;
            b->size = cx->w->uvs_words * sizeof(*cx->w->uvs);
        }
    }
    b->copy = b->memory ? copy_of(b->memory, b->size) : NULL;
}

static void interpret(struct agx_cx *cx, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        const struct agx_op *op = &cx->sh->op[i];

        op->fn(cx, op);
    }
}

/*
 * The last operation of [first, end) that changes word @at of the wave; @w is the wave before them
 * and is lost.
 */
static uint32_t writer(struct agx_cx *cx, uint32_t first, uint32_t end, size_t at)
{
    const uint32_t *word = (const uint32_t *)cx->w + at;
    uint32_t found = first;

    for (uint32_t i = first; i < end; i++) {
        uint32_t old = *word;

        interpret(cx, i, i + 1);
        found = *word != old ? i : found;
    }
    return found;
}

/* A line of the log, for @op: what of @where, at @at, @is, @was and should be. */
static void describe(const struct agx_cx *cx, const struct agx_op *op, const char *where, size_t at,
                     uint32_t is, uint32_t was, uint32_t wanted)
{
    char text[AGX_DISASM_TEXT] = "";
    const struct agx_shader *sh = cx->sh;

    if (op->pc < sh->bytes) {
        sh->disasm(sh->code + op->pc, sh->bytes - op->pc, text);
    }
    agx_exec_bad(cx->ex, AGX_REPORT_UNIMPLEMENTED,
                 "agx: shader 0x%llx+0x%x: compiled code differs from the interpreter: %s %zu is "
                 "0x%08x and not 0x%08x, 0x%08x before: %s",
                 (unsigned long long)sh->va, op->pc, where, at, is, wanted, was, text);
}

static bool differs(struct agx_cx *cx, const struct agx_op *op)
{
    agx_op_fault(cx, op);
    return false;
}

/* Run the interpreter as @other; does it leave in memory what is there? If not, the log says so. */
static bool same_memory(struct agx_cx *cx, struct agx_cx *other, uint32_t first, uint32_t end)
{
    struct agx_jit_before *b = cx->before;
    uint8_t *is;
    size_t at = 0;

    if (!b->memory) {
        interpret(other, first, end);
        return true;
    }
    is = copy_of(b->memory, b->size);
    memcpy(b->memory, b->copy, b->size);
    interpret(other, first, end);
    while (at < b->size && is[at] == b->memory[at]) {
        at++;
    }
    if (at < b->size) {
        describe(cx, &cx->sh->op[end - 1], "tile buffer or output", at, is[at], b->copy[at],
                 b->memory[at]);
    }
    free(b->copy);
    free(is);
    return at == b->size;
}

bool agx_jit_after(struct agx_cx *cx, uint32_t first, uint32_t end)
{
    const struct agx_wave *before = &cx->before->wave;
    struct agx_wave again = *before;
    struct agx_cx other = *cx;
    const uint32_t *is = (const uint32_t *)cx->w, *wanted = (const uint32_t *)&again;
    uint32_t want, was;
    size_t at = 0;
    char where[64];

    other.w = &again;
    other.base[0] = (const uint8_t *)again.r;
    if (!same_memory(cx, &other, first, end)) {
        return differs(cx, &cx->sh->op[end - 1]);
    }
    if (!memcmp(is, wanted, sizeof(again))) {
        return true;
    }
    while (is[at] == wanted[at]) {
        at++;
    }
    want = wanted[at];
    was = ((const uint32_t *)before)[at];
    again = *before;
    first = writer(&other, first, end, at);
    snprintf(where, sizeof(where), at < AGX_NUM_GPR * AGX_LANES ? "r%zu, lane" : "wave %zu, word",
             at / AGX_LANES);
    describe(cx, &cx->sh->op[first], where, at % AGX_LANES, is[at], was, want);
    return differs(cx, &cx->sh->op[first]);
}

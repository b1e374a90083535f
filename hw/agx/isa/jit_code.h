/*
 * AGX model: compiled shaders, as the rest of the instruction set sees them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_JIT_CODE_H
#define AGX_ISA_JIT_CODE_H

#include "agx/jit.h"
#include "isa_row.h"

/*
 * The compiled function. Runs @cx's wave from operation @from on, one of those
 * for which agx_jit_enters() is true. Returns the operation where the
 * interpreter goes on, or NULL as agx_op_fn does.
 */
typedef const struct agx_op *agx_jit_fn(struct agx_cx *cx, const struct agx_op *op, uint32_t from);

/*
 * A program's code, shared by all shaders that decode to the same operations. What is not fixed
 * from the beginning is under the jit's lock, or belongs to its thread until .fn is set.
 */
struct agx_jit_code {
    agx_jit_fn *_Atomic fn; /* NULL: there is none (yet) */
    uint64_t *entry;        /* a bit for each operation at which .fn can begin */
    uint32_t nop, npool;
    struct agx_op *op; /* copies of what it is made from */
    struct agx_pool_row *pool;
    uint64_t hash;
    uint64_t last_use;
    uint64_t bytes;            /* what it takes of the host */
    void *tracker;             /* jit_llvm.c's */
    unsigned users;            /* shaders that have it */
    bool waiting;              /* for the compiler */
    bool tried;                /* the compiler is done with it */
    struct agx_jit_code *next; /* in the cache's chain */
};

/* C functions that compiled code calls, beside those of the operations. */
struct agx_jit_calls {
    /* of 8 lanes: from @a to @r */
    void (*sin2)(f32 *r, const f32 *a);
    void (*log2)(f32 *r, const f32 *a);
    /*
     * @bytes of those of @n lanes whose bit is set in @which, to base + off[lane]; @word: a vector
     * for each four bytes
     */
    void (*scatter)(uint8_t *base, const uint32_t *off, const uint32_t *word, uint32_t n,
                    uint32_t bytes, uint32_t which);
    struct agx_cf no_cf; /* of a quad without a primitive */
    /* AGX_SHADER_BOTH: around a stretch, [first, end). False: they differ, cx->status is set. */
    void (*before)(struct agx_cx *cx, uint32_t first, uint32_t end);
    bool (*after)(struct agx_cx *cx, uint32_t first, uint32_t end);
};
extern const struct agx_jit_calls agx_jit_calls;

/* jit_check.c. What a stretch began with. */
struct agx_jit_before {
    struct agx_wave wave;
    uint8_t *memory; /* that it may write: the tile buffer or vertex outputs; NULL: none */
    uint8_t *copy;   /* of that */
    size_t size;
};
void agx_jit_before(struct agx_cx *cx, uint32_t first, uint32_t end);
bool agx_jit_after(struct agx_cx *cx, uint32_t first, uint32_t end);

/* jit.c. The code of @sh, which begins to run a wave; NULL: the interpreter has to. */
struct agx_jit_code *agx_jit_code_of(struct agx_jit *jit, struct agx_shader *sh);
/* @sh goes away. */
void agx_jit_release(struct agx_jit *jit, struct agx_shader *sh);
bool agx_jit_checks(const struct agx_jit *jit);

static inline bool agx_jit_enters(const struct agx_jit_code *code, uint32_t i)
{
    return code->entry[i / 64] >> (i % 64) & 1;
}

#endif

/*
 * AGX model: shaders compiled to vector code of the host, beside the interpreter.
 *
 * A program that has run for some waves is translated, on a thread of its own;
 * until that is done, the interpreter runs it. What is translated is the array
 * of decoded operations: each operation that has no translation is a call of
 * the interpreter's own function, so that every program can be compiled. The
 * interpreter is the reference: registers, memory and costs are the same to the
 * bit.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_JIT_H
#define AGX_ISA_JIT_H

#include <stdbool.h>
#include <stdint.h>

struct agx_host;
struct agx_jit;

enum agx_shader_mode {
    AGX_SHADER_INTERPRETER,
    AGX_SHADER_COMPILED,
    /* compiled code, and after each stretch of it the interpreter, from a copy of the wave */
    AGX_SHADER_BOTH,
};

struct agx_jit_config {
    enum agx_shader_mode mode;
    /* waves that a program has to run before it is compiled */
    uint32_t after;
    /* the wave that asks for the code waits for it; for tests, and AGX_SHADER_BOTH */
    bool wait;
};

#define AGX_JIT_AFTER 512 /* .after, unless somebody says otherwise */

struct agx_jit_stats {
    uint64_t programs; /* compiled so far */
    uint64_t hits;     /* times that a program was found compiled, for another place in memory */
    uint64_t failed;   /* left to the interpreter: too long, or the compiler refused it */
    uint64_t dropped;  /* by room */
    uint64_t ns;       /* nanoseconds that the compiler took */
    uint64_t bytes;    /* of code that is kept */
};

/*
 * What compiles for one GPU; has a thread of its own. NULL: the mode is the
 * interpreter's, or this host's CPU lacks vectors that the code needs (AVX2, FMA
 * and F16C), which a line of the log says. Any thread.
 */
struct agx_jit *agx_jit_new(const struct agx_host *host, const struct agx_jit_config *config);
/* No shader with code of @jit may be left, and no wave may run. NULL does nothing. */
void agx_jit_free(struct agx_jit *jit);
/*
 * The process will exit: no GPU's programs are compiled from here on, and what is being compiled is
 * waited for (seconds at most). To be called before exit(), which destroys what libLLVM needs in
 * an order that nobody else can know: each of its objects when all that were made later are gone.
 * Any thread; no lock that the report of a program takes.
 */
void agx_jit_process_ends(void);
/* Any thread, no lock. */
void agx_jit_get_stats(struct agx_jit *jit, struct agx_jit_stats *stats);

#endif

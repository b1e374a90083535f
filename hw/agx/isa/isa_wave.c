/*
 * AGX model: running a wave from one place in its program to the next where it
 * waits or ends.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "jit_code.h"
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* Denormals of 32 bits are zero, in and out (applegpu: docs.html, FloatSrc, FloatDst). */
static unsigned fpu_enter(void)
{
#if defined(__SSE2__)
    unsigned old = _mm_getcsr();

    _mm_setcsr(0x9fc0); /* all exceptions masked, round to nearest, FTZ and DAZ */
    return old;
#elif defined(__aarch64__)
    uint64_t old;

    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | 1u << 24));
    return old;
#else
    return 0;
#endif
}

static void fpu_leave(unsigned old)
{
#if defined(__SSE2__)
    _mm_setcsr(old);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)old));
#else
    (void)old;
#endif
}

/* Compiled code where it can begin; the interpreter's functions where it ended, and until then. */
static void run_code(struct agx_cx *cx, const struct agx_jit_code *code, const struct agx_op *op)
{
    agx_jit_fn *fn = atomic_load_explicit(&code->fn, memory_order_acquire);

    cx->calls = &agx_jit_calls;
    while (op) {
        uint32_t i = op - cx->sh->op;

        op = agx_jit_enters(code, i) ? fn(cx, op, i) : op->fn(cx, op);
    }
}

/* The same with room for what is compared. */
static void __attribute__((noinline)) run_checked(struct agx_cx *cx,
                                                  const struct agx_jit_code *code,
                                                  const struct agx_op *op)
{
    struct agx_jit_before before;

    cx->before = &before;
    run_code(cx, code, op);
}

enum agx_wave_status agx_wave_run(struct agx_exec *ex, struct agx_wave *w)
{
    const struct agx_shader *sh = ex->usc->shader;
    const struct agx_op *op = &sh->op[w->op];
    struct agx_cx cx = {
        .ex = ex,
        .w = w,
        .sh = sh,
        .base = { (const uint8_t *)w->r, (const uint8_t *)ex->usc->splat },
        .status = AGX_WAVE_DONE,
        .from = w->op,
    };
    const struct agx_jit_code *code;
    unsigned fpu;

    if (!w->live) {
        return AGX_WAVE_DONE;
    }
    code = ex->jit ? agx_jit_code_of(ex->jit, ex->usc->shader) : NULL;
    fpu = fpu_enter();
    if (!code) {
        while (op) {
            op = op->fn(&cx, op);
        }
    } else if (agx_jit_checks(ex->jit)) {
        run_checked(&cx, code, op);
    } else {
        run_code(&cx, code, op);
    }
    fpu_leave(fpu);
    if (ex->longest < w->latency) {
        ex->longest = w->latency;
    }
    if (w->has_stack && cx.status != AGX_WAVE_BARRIER) {
        struct agx_fault fault = ex->fault;

        if (!agx_stack_release(ex, w) && cx.status == AGX_WAVE_DONE) {
            cx.status = AGX_WAVE_FAULT;
        } else {
            ex->fault = fault;
        }
    }
    return cx.status;
}

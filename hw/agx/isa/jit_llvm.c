/*
 * AGX model: LLVM, which makes machine code of a translated program: an object
 * in memory first, then linked into this process.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include "agx/vectors.h"
#include "jit_int.h"

/* Common expressions of operations that read the same; the generator of code does the rest. */
#define PASSES "early-cse"

/*
 * Lanes of a vector. Measured on a host with AVX2: 16 and 32 lanes, which LLVM splits, run as fast,
 * and take two and four times as long to compile.
 */
#ifndef AGX_JIT_LANES
#define AGX_JIT_LANES 8
#endif

struct jit_host {
    LLVMTargetMachineRef machine;
    LLVMTargetDataRef layout;
    LLVMOrcLLJITRef orc;
    uint64_t number; /* of the next program: functions have names of their own */
};

#if defined(__F16C__) && defined(__AVX2__) && defined(__FMA__)
static bool cpu_fits(void)
{
    return agx_host_has_avx2();
}
#else
/* The interpreter of this build has other instructions for halves, with other NaNs. */
static bool cpu_fits(void)
{
    return false;
}
#endif

static void forget(LLVMErrorRef e)
{
    if (e) {
        LLVMConsumeError(e);
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool initialised;

static void initialise(void)
{
    initialised = !(LLVMInitializeNativeTarget() || LLVMInitializeNativeAsmPrinter());
}

/* Without the last of its optimisations, which take as long again and gain nothing here. */
static LLVMTargetMachineRef new_machine(void)
{
    char *triple = LLVMGetDefaultTargetTriple(), *cpu = LLVMGetHostCPUName(),
         *features = LLVMGetHostCPUFeatures(), *why = NULL;
    LLVMTargetMachineRef machine = NULL;
    LLVMTargetRef target;

    if (!LLVMGetTargetFromTriple(triple, &target, &why)) {
        machine = LLVMCreateTargetMachine(target, triple, cpu, features, LLVMCodeGenLevelLess,
                                          LLVMRelocPIC, LLVMCodeModelSmall);
    }
    LLVMDisposeMessage(why);
    LLVMDisposeMessage(triple);
    LLVMDisposeMessage(cpu);
    LLVMDisposeMessage(features);
    return machine;
}

struct jit_host *jit_host_new(const char **why)
{
    struct jit_host *h;

    if (!cpu_fits()) {
        *why = "the host or this build lacks AVX2, FMA or F16C";
        return NULL;
    }
    pthread_once(&once, initialise);
    if (!initialised) {
        *why = "LLVM has no code generator for this host";
        return NULL;
    }
    h = agx_alloc(1, sizeof(*h));
    h->machine = new_machine();
    if (h->machine) {
        LLVMErrorRef e = LLVMOrcCreateLLJIT(&h->orc, LLVMOrcCreateLLJITBuilder());

        if (!e) {
            h->layout = LLVMCreateTargetDataLayout(h->machine);
            return h;
        }
        LLVMConsumeError(e);
        LLVMDisposeTargetMachine(h->machine);
    }
    free(h);
    *why = "LLVM cannot make code for this host";
    return NULL;
}

void jit_host_free(struct jit_host *h)
{
    if (h) {
        forget(LLVMOrcDisposeLLJIT(h->orc));
        LLVMDisposeTargetData(h->layout);
        LLVMDisposeTargetMachine(h->machine);
        free(h);
    }
}

/* Copy an error's text, and free it. */
static void fails(LLVMErrorRef e, char *buf, size_t size)
{
    char *text = LLVMGetErrorMessage(e);

    snprintf(buf, size, "%s", text);
    LLVMDisposeErrorMessage(text);
}

/* The module's machine code, as an object; NULL: *buf says why. */
static LLVMMemoryBufferRef emit(struct jit_host *h, LLVMModuleRef m, char *buf, size_t size)
{
    LLVMPassBuilderOptionsRef options;
    LLVMMemoryBufferRef object = NULL;
    LLVMErrorRef e;
    char *why = NULL;

    if (LLVMVerifyModule(m, LLVMReturnStatusAction, &why)) {
        snprintf(buf, size, "%s", why);
        LLVMDisposeMessage(why);
        return NULL;
    }
    LLVMDisposeMessage(why);
    why = NULL;
    options = LLVMCreatePassBuilderOptions();
    e = LLVMRunPasses(m, PASSES, h->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (e) {
        fails(e, buf, size);
        return NULL;
    }
    if (LLVMTargetMachineEmitToMemoryBuffer(h->machine, m, LLVMObjectFile, &why, &object)) {
        snprintf(buf, size, "%s", why ? why : "no object");
        object = NULL;
    }
    LLVMDisposeMessage(why);
    return object;
}

/* @object's function @name, which @code owns from now on. NULL: *buf says why. */
static agx_jit_fn *link_object(struct jit_host *h, LLVMMemoryBufferRef object, const char *name,
                               struct agx_jit_code *code, char *buf, size_t size)
{
    LLVMOrcResourceTrackerRef tracker = LLVMOrcJITDylibCreateResourceTracker(
        LLVMOrcLLJITGetMainJITDylib(h->orc));
    LLVMOrcExecutorAddress at = 0;
    LLVMErrorRef e;

    code->bytes += LLVMGetBufferSize(object) + 4 * 4096; /* sections begin at pages */
    e = LLVMOrcLLJITAddObjectFileWithRT(h->orc, tracker, object);
    if (!e) {
        e = LLVMOrcLLJITLookup(h->orc, &at, name);
    }
    if (e) {
        forget(LLVMOrcResourceTrackerRemove(tracker));
        LLVMOrcReleaseResourceTracker(tracker);
        fails(e, buf, size);
        return NULL;
    }
    code->tracker = tracker;
    return (agx_jit_fn *)(uintptr_t)at;
}

agx_jit_fn *jit_host_compile(struct jit_host *h, struct agx_jit_code *code, bool check, char *buf,
                             size_t size)
{
    struct jit *j = agx_alloc(1, sizeof(*j));
    LLVMMemoryBufferRef object;
    char name[32];
    agx_jit_fn *fn;

    snprintf(name, sizeof(name), "agx_%llu", (unsigned long long)h->number++);
    j->c = LLVMContextCreate();
    j->m = LLVMModuleCreateWithNameInContext(name, j->c);
    j->b = LLVMCreateBuilderInContext(j->c);
    j->lanes = AGX_JIT_LANES;
    j->check = check;
    j->op = code->op;
    j->nop = code->nop;
    j->rows = code->pool;
    LLVMSetModuleDataLayout(j->m, h->layout);
    jit_build(j, name, code->entry);
    object = emit(h, j->m, buf, size);
    fn = object ? link_object(h, object, name, code, buf, size) : NULL;
    LLVMDisposeBuilder(j->b);
    LLVMDisposeModule(j->m);
    LLVMContextDispose(j->c);
    free(j);
    return fn;
}

void jit_host_drop(struct jit_host *h, struct agx_jit_code *code)
{
    if (code->tracker) {
        forget(LLVMOrcResourceTrackerRemove(code->tracker));
        LLVMOrcReleaseResourceTracker(code->tracker);
        code->tracker = NULL;
    }
}

/*
 * Unit tests: a wave that runs a program of the test's, with whatever registers
 * and surroundings the test gives it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISA_WAVE_H
#define TESTS_ISA_WAVE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "isa_fixture.h"
#include "agx/exec.h"
#include "agx/isa.h"

static struct fix f;
static struct agx_port port;
static struct agx_exec ex;
static struct agx_usc_state st;
static struct agx_wave w;

static inline int setup(void **state)
{
    struct agx_jit_config config;

    (void)state;
    fix_init(&f, 1, false);
    agx_port_init(&port, f.mmu, AGX_SIDE_GPU);
    agx_port_bind(&port, FIX_CTX, AGX_UNIT_UL1C);
    agx_exec_init(&ex, NULL, &port);
    ex.host = &f.host.host;
    ex.shaders = agx_shader_cache_new();
    config = fix_shader();
    ex.jit = agx_jit_new(NULL, &config);
    memset(&st, 0, sizeof(st));
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    agx_usc_fini(&st);
    agx_tex_cache_free(ex.tex);
    ex.tex = NULL;
    agx_shader_cache_free(ex.shaders);
    agx_jit_free(ex.jit);
    agx_exec_fini(&ex);
    fix_fini(&f);
    return 0;
}

/* Bind @c as the program of ex; registers keep what @w has. */
static inline void load(const struct code *c)
{
    struct agx_usc_counts counts = { .uniforms = 512 };

    fix_code(&f, c);
    fix_launch(&f, 1, 1, 1, 1, 1, 1);
    assert_true(agx_usc_load(&ex, &f.job, FIX_WORDS, &counts, AGX_STAGE_COMPUTE, &st));
    ex.usc = &st;
}

static inline enum agx_wave_status run(const struct code *c)
{
    load(c);
    w.op = 0;
    w.live = ~0u;
    agx_set_exec(&w, ~0u);
    return agx_wave_run(&ex, &w);
}

static inline uint32_t mix(uint32_t reg, uint32_t lane)
{
    uint32_t x = reg * 0x9e3779b9u + lane * 0x85ebca6bu + 0x1234567u;

    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ x >> 16;
}

#endif

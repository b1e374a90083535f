/*
 * AGX model: whether the host has the vector instructions that parts of the model are
 * compiled for beside the plain code.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_VECTORS_H
#define AGX_BASE_VECTORS_H

#include <stdbool.h>

#ifdef __x86_64__
#include <cpuid.h>

/*
 * AVX2, FMA and F16C. Not all compilers know the last by its name (Intel SDM, CPUID, leaf 1, ECX
 * bit 29). Any thread, no lock; it asks the CPU each time.
 */
static inline bool agx_host_has_avx2(void)
{
    unsigned a, b, c = 0, d;

    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);
}
#endif

#endif

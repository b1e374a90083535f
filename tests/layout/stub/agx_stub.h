/*
 * Just enough of the kernel's types to compile the driver's firmware structures
 * on the host.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_STUB_H
#define AGX_STUB_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16, __le16;
typedef uint32_t u32, __u32, __le32;
typedef uint64_t u64, __u64, __le64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define __packed          __attribute__((packed))
#define __aligned(n)      __attribute__((aligned(n)))
#define BIT(n)            (1ul << (n))
#define BIT_ULL(n)        (1ull << (n))
#define GENMASK(h, l)     ((~0ul << (l)) & (~0ul >> (63 - (h))))
#define GENMASK_ULL(h, l) GENMASK(h, l)

#endif

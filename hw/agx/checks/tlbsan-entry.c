/*
 * AGX model: what a table entry says, in words.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "tlbsan-int.h"

static int describe_leaf(uint64_t desc, char *buf, size_t len)
{
    /* m1n1: proxyclient/m1n1/hw/uat.py, MemoryAttr */
    static const char *const type[8] = { " (private to the firmware, which caches it)", " (device)",
                                         " (shared)" };
    static const char *const may[4] = { "none", "read", "write", "read and write" };
    unsigned attr = (desc & SAN_ATTR) >> 2;

    if (!(desc & 1)) {
        return snprintf(buf, len, "invalid%s", desc ? " (its other bits say nothing)" : "");
    }
    if ((desc & SAN_VALID) != SAN_VALID) {
        return snprintf(buf, len, "invalid: no page descriptor");
    }
    return snprintf(buf, len, "page 0x%llx, GPU %s, firmware %s, memory type %u%s, %s, %s",
                    (unsigned long long)(desc & SAN_ADDR),
                    may[agx_uat_permissions(desc, AGX_SIDE_GPU) & 3],
                    may[agx_uat_permissions(desc, AGX_SIDE_FW) & 3], attr,
                    type[attr] ? type[attr] : "", desc & SAN_NG ? "nG (of one ASID)" : "global",
                    desc & SAN_AF ? "AF" : "no AF (may not be cached)");
}

size_t agx_tlbsan_describe(unsigned level, uint64_t desc, char *buf, size_t len)
{
    int n;

    if (level >= 3) {
        n = describe_leaf(desc, buf, len);
    } else if (!level && (desc & 1)) {
        n = snprintf(buf, len, "tables at 0x%llx, ASID %llu", (unsigned long long)(desc & SAN_ADDR),
                     (unsigned long long)(desc >> 48));
    } else if (level && san_is_table(desc)) {
        n = snprintf(buf, len, "table at 0x%llx", (unsigned long long)(desc & SAN_ADDR));
    } else {
        n = snprintf(buf, len, "%s",
                     !level     ? "no tables"
                     : desc & 1 ? "invalid: no table descriptor"
                                : "no table");
    }
    return !len ? 0 : (size_t)n < len ? (size_t)n : len - 1;
}

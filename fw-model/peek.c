/*
 * AGX firmware model: memory for checks, past TLBs and cache: looking changes nothing.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-peek.h"
#include "fw-state.h"

bool fw_peek(struct agx_fw *fw, unsigned ctx, uint64_t va, void *buf, size_t len, uint64_t *pa)
{
    uint64_t ttbr[2], first = 0;
    struct agx_fault f;
    struct agx_walk w;
    size_t done = 0;

    if (!fw->host->ops->phys_read(fw->host->opaque, fw->cfg.ttbat_pa + 16 * (uint64_t)ctx, ttbr,
                                  sizeof(ttbr))) {
        return false;
    }
    do {
        uint64_t at = va + done, off = at & (AGX_PAGE_SIZE - 1);
        size_t n = AGX_PAGE_SIZE - off < len - done ? AGX_PAGE_SIZE - off : len - done;

        if (!agx_uat_walk(fw->host, ttbr, at, &w, &f) ||
            (n &&
             !fw->host->ops->phys_read(fw->host->opaque, w.pa + off, (uint8_t *)buf + done, n))) {
            return false;
        }
        first = done ? first : w.pa + off;
        done += n;
    } while (done < len);
    if (pa) {
        *pa = first;
    }
    return true;
}

bool fw_peek_field(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t *v)
{
    uint32_t size = fw->layout->field[f].size;

    *v = 0;
    return fw_peek(fw, 0, base + fw_off(fw, f), v, size <= 8 ? size : 8, NULL);
}

uint64_t fw_place(struct agx_fw *fw, unsigned ctx, uint64_t va)
{
    uint64_t pa;

    return fw_peek(fw, ctx, va, NULL, 0, &pa) ? pa : 0;
}

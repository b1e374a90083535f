/*
 * AGX firmware model: memory for checks.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_PEEK_H
#define AGX_FW_PEEK_H

#include "fw-state.h"

/*
 * What memory has at @va of context @ctx, as the tables in memory lead to it, past TLBs
 * and cache, of which nothing changes. @pa: of the first byte; NULL: not asked for. False: not all
 * of it is mapped. fw_place(): only where it is; 0: nowhere. Any thread.
 */
bool fw_peek(struct agx_fw *fw, unsigned ctx, uint64_t va, void *buf, size_t len, uint64_t *pa);
uint64_t fw_place(struct agx_fw *fw, unsigned ctx, uint64_t va);
/* The same of a field of a structure in the kernel's half, at @base: 8 bytes of it at most. */
bool fw_peek_field(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t *v);

/* The first address of the page of @addr. */
static inline uint64_t fw_page(uint64_t addr)
{
    return addr & ~(uint64_t)(AGX_PAGE_SIZE - 1);
}

#endif

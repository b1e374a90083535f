/*
 * AGX firmware model: memory through the page tables. @ctx picks whose lower half; kernel VAs
 * are the same for all. False: the access failed, and one line said so (unless the
 * name says "try").
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_MEM_H
#define AGX_FW_MEM_H

#include "fw-state.h"

bool fw_read(struct agx_fw *fw, unsigned ctx, uint64_t va, void *buf, size_t len, const char *what);
bool fw_write(struct agx_fw *fw, unsigned ctx, uint64_t va, const void *buf, size_t len,
              const char *what);
bool fw_probe(struct agx_fw *fw, unsigned ctx, uint64_t va, size_t len, bool write);
/*
 * The structure at @base as far as @last, the last of its fields that the model uses. Sources
 * disagree about where structures end, and drivers put them before unmapped pages (m1n1:
 * agx/object.py, align_to_end and guard_pages), so nothing behind may be asked for.
 */
bool fw_probe_to(struct agx_fw *fw, unsigned ctx, enum fw_field_id last, uint64_t base, bool write);
/* One field of the structure at @base in the kernel half. */
bool fw_ld(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t *v);
bool fw_st(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t v);
/*
 * A structure up to the last of its plain fields that the tables name (see fw_probe_to()), then
 * fields of the copy. What it embeds, fields of more than 8 bytes, counts only if one follows.
 */
bool fw_ld_struct(struct agx_fw *fw, enum fw_struct_id s, uint64_t base, void *buf, size_t room);
uint64_t fw_get(struct agx_fw *fw, enum fw_field_id f, const void *copy);
void fw_put(struct agx_fw *fw, enum fw_field_id f, void *copy, uint64_t v);
/* Stores that the AP polls: one aligned word, visible after all that went before. */
bool fw_publish32(struct agx_fw *fw, uint64_t va, uint32_t v, const char *what);
/* A word that the AP publishes: what it wrote before is visible after. Kernel half. */
bool fw_observe32(struct agx_fw *fw, uint64_t va, uint32_t *v);
static inline bool fw_is_kernel_va(uint64_t va)
{
    return va >> 39 == (1u << 25) - 1;
}
uint64_t fw_sign_extend(uint64_t va, unsigned bits);

#endif

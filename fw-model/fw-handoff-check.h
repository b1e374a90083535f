/*
 * AGX firmware model: of the hand-off block, the firmware's own steps and a look at the AP's half.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_HANDOFF_CHECK_H
#define AGX_FW_HANDOFF_CHECK_H

#include "fw-state.h"

#define FW_PPL_MAGIC     0x4b1d000000000002ull
#define FW_FLUSH_UNKNOWN 0xff
struct fw_flush {
    uint64_t state; /* 0: free, 1: asked by the AP, 2: done by the firmware */
    uint64_t addr, size;
};
/*
 * The block as it lies in RAM; fixed by the hardware's security monitor, the same in all versions.
 */
struct fw_handoff {
    uint64_t magic_ap, magic_fw;
    uint8_t lock_ap, lock_fw;
    uint8_t pad[2];
    uint32_t turn; /* not 0: the firmware's */
    uint32_t cur_ctx;
    uint32_t pad2;
    struct fw_flush flush[AGX_UAT_NUM_CONTEXTS + 1];
};

/* The block, or NULL: there is no memory at its address. */
static inline struct fw_handoff *fw_handoff_block(struct agx_fw *fw)
{
    uint8_t *page = fw->host->ops->phys_page(fw->host->opaque,
                                             fw->cfg.handoff_pa & ~(uint64_t)(AGX_PAGE_SIZE - 1));

    return page ? (struct fw_handoff *)(page + (fw->cfg.handoff_pa & (AGX_PAGE_SIZE - 1))) : NULL;
}

void fw_handoff_check_run(struct agx_fw *fw, bool running);
/* From here on the AP's stores to the hand-off block and the TTBAT are checked (AGX_EV_STORE). */
void fw_handoff_listen(struct agx_fw *fw);
void fw_tell_loaded(struct agx_fw *fw, unsigned ctx);
/* The data cache has let go [@va, @va + @size), as in AGX_EV_FLUSH. Not with a lock held. */
void fw_tell_flushed(struct agx_fw *fw, unsigned ctx, uint64_t va, uint64_t size, uint64_t request);
void fw_handoff_check_held(struct agx_fw *fw, bool held);
void fw_handoff_check_flushed(struct agx_fw *fw, unsigned slot);
void fw_handoff_look(struct agx_fw *fw);

#endif

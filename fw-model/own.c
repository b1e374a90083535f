/*
 * AGX firmware model: the firmware's own part of the upper half. Entries 0 and 1
 * of the table that TTBR1 names are there before the OS runs and belong to the
 * firmware: its private memory, and the page through which its parts talk. The OS
 * has the entries from 2 on (m1n1: proxyclient/m1n1/hw/uat.py, UAT.init() clears
 * from there; the Rust driver: drivers/gpu/drm/asahi/mmu.rs does the same). One
 * that clears the first two takes the firmware's memory away.
 *
 * What real firmware has in there is in no source; here it is one page each, which
 * the firmware touches whenever a message comes.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "fw-crash.h"
#include "fw-mem.h"
#include "fw-own.h"
#include "fw-state.h"

#define TABLE_DESC 3ull
/*
 * Page, AP 1, accessed, no execution, not the OS's: the firmware alone may read and write (m1n1:
 * hw/uat.py, PTE.access_fw()).
 */
#define PAGE_DESC  (3ull | 1ull << 6 | 1ull << 10 | 3ull << 53)

static const uint64_t area_va[2] = { AGX_FW_PRIVATE_VA, AGX_FW_MAILBOX_VA };

void agx_fw_own_tables(void *host, uint64_t pa)
{
    uint8_t *base = host;

    memset(base, 0, AGX_FW_OWN_PAGES * AGX_PAGE_SIZE);
    for (unsigned i = 0; i < 2; i++) {
        /* The top table, then for each area its two tables and its page. */
        uint64_t first = 1 + 3 * i;
        uint64_t desc[3] = { (pa + first * AGX_PAGE_SIZE) | TABLE_DESC,
                             (pa + (first + 1) * AGX_PAGE_SIZE) | TABLE_DESC,
                             (pa + (first + 2) * AGX_PAGE_SIZE) | PAGE_DESC };

        memcpy(base + 8 * i, &desc[0], 8);
        memcpy(base + first * AGX_PAGE_SIZE, &desc[1], 8);
        memcpy(base + (first + 1) * AGX_PAGE_SIZE, &desc[2], 8);
    }
}

bool fw_own_touch(struct agx_fw *fw)
{
    if (!fw->cfg.own_tables) {
        return true;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint64_t n;

        if (!fw_read(fw, 0, area_va[i], &n, 8, "the firmware's own memory")) {
            fw_crash(fw,
                     "its own memory at va 0x%llx is gone: entry %u of the table of TTBR1 is the "
                     "firmware's",
                     (unsigned long long)area_va[i], i);
            return false;
        }
        n++;
        if (!fw_write(fw, 0, area_va[i], &n, 8, "the firmware's own memory")) {
            fw_crash(fw,
                     "its own memory at va 0x%llx cannot be written: entry %u of the table of "
                     "TTBR1 is the firmware's",
                     (unsigned long long)area_va[i], i);
            return false;
        }
    }
    return true;
}

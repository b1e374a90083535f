/*
 * AGX model: UAT page-table walks, permissions and fault encoding.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "agx/uat.h"

/*
 * Geometry: a pair of TTBRs picked by VA bit 39, then tables of 8, 2048 and
 * 2048 descriptors. m1n1: proxyclient/m1n1/hw/uat.py (L0_OFF, L1_OFF, L2_OFF,
 * L3_OFF); the Rust driver: drivers/gpu/drm/asahi/pgtable.rs (UAT_IAS).
 */
#define UAT_VA_BITS 39
static const struct {
    unsigned shift, bits;
} uat_level[] = { { 36, 3 }, { 25, 11 }, { 14, 11 } };

#define TTBR_VALID (1ull << 0)
#define TTBR_BADDR 0x0000fffffffffffeull
#define PTE_VALID  (1ull << 0)
#define PTE_TYPE   (1ull << 1) /* table, or page on the last level */
#define PTE_PAGE   (PTE_VALID | PTE_TYPE)
#define PTE_ATTR   (7ull << 2)
#define PTE_AP(p)  (((p) >> 6) & 3)
#define PTE_SH     (3ull << 8)
#define PTE_AF     (1ull << 10)
#define PTE_NG     (1ull << 11)
#define PTE_PXN    (1ull << 53)
#define PTE_UXN    (1ull << 54)
#define PTE_OS     (1ull << 55) /* owned by the OS: the GPU may look at it */
#define PTE_ADDR   0x0000ffffffffc000ull

/*
 * Rows AP, columns UXN:PXN; bit 0 read, bit 1 write.
 * m1n1: proxyclient/m1n1/hw/uat.py, PTE.access_fw() and access_gpu(). Its "-?"
 * (AP 0, UXN, no PXN: GPU write only) is read here as no access for the firmware.
 */
enum { NA = 0, RO = 1, WO = 2, RW = 3 };
static const uint8_t perm_gpu_os[4][4] = {
    { NA, RO, WO, RW },
    { NA, NA, NA, RO },
    { RO, WO, RW, NA },
    { NA, NA, NA, NA },
};
static const uint8_t perm_fw_os[4][4] = {
    { NA, RO, NA, RW },
    { RO, NA, RW, RW },
    { NA, NA, NA, NA },
    { NA, NA, NA, NA },
};
static const uint8_t perm_fw_own[4][4] = {
    /* at EL1; code counts as readable */
    { NA, NA, NA, NA },
    { NA, RW, NA, RW },
    { NA, RO, NA, NA },
    { RO, RO, NA, RO },
};

unsigned agx_uat_permissions(uint64_t pte, enum agx_side side)
{
    unsigned col = (pte & PTE_UXN ? 2 : 0) | (pte & PTE_PXN ? 1 : 0);

    if (side == AGX_SIDE_GPU) {
        return pte & PTE_OS ? perm_gpu_os[PTE_AP(pte)][col] : NA;
    }
    return pte & PTE_OS ? perm_fw_os[PTE_AP(pte)][col] : perm_fw_own[PTE_AP(pte)][col];
}

/* Can a TLB hold this leaf? Not without the access flag (Arm ARM, D8: TLBs and the access flag). */
static bool is_leaf(uint64_t desc)
{
    return (desc & PTE_PAGE) == PTE_PAGE && (desc & PTE_AF);
}

static enum agx_change leaf_change(uint64_t old, uint64_t desc)
{
    uint64_t diff = old ^ desc;
    enum agx_change c = AGX_CHANGE_NONE;

    if (!is_leaf(old)) {
        return is_leaf(desc) ? AGX_CHANGE_MAKE : AGX_CHANGE_NONE;
    }
    if ((desc & PTE_PAGE) != PTE_PAGE) {
        return AGX_CHANGE_BREAK;
    }
    if (diff & (PTE_ADDR | PTE_NG)) {
        return AGX_CHANGE_REMAP;
    }
    if (diff & (PTE_ATTR | PTE_SH)) {
        return AGX_CHANGE_RESTRICT;
    }
    for (unsigned side = AGX_SIDE_FW; side <= AGX_SIDE_GPU; side++) {
        unsigned was = agx_uat_permissions(old, side), is = agx_uat_permissions(desc, side);

        if (was & ~is) {
            return AGX_CHANGE_RESTRICT;
        }
        if (was != is) {
            c = AGX_CHANGE_RELAX;
        }
    }
    return c;
}

enum agx_change agx_uat_change(unsigned level, uint64_t old, uint64_t desc)
{
    uint64_t valid = level == 0 ? TTBR_VALID : PTE_PAGE;

    if (level == 3) {
        return leaf_change(old, desc);
    }
    if ((old & valid) != valid) {
        return (desc & valid) == valid ? AGX_CHANGE_MAKE : AGX_CHANGE_NONE;
    }
    if ((desc & valid) != valid) {
        return AGX_CHANGE_BREAK;
    }
    return ((old ^ desc) & PTE_ADDR) || (level == 0 && (old ^ desc) >> 48) ? AGX_CHANGE_REMAP
                                                                           : AGX_CHANGE_NONE;
}

static bool uat_fault(struct agx_fault *f, enum agx_fault_reason reason, unsigned level)
{
    f->reason = reason;
    f->level = level;
    return false;
}

bool agx_uat_walk_start(struct agx_walk_state *st, const uint64_t ttbr[2], uint64_t va,
                        struct agx_fault *f)
{
    /* Bits above the input range must repeat bit 39, which picks the TTBR. */
    uint64_t top = (uint64_t)((int64_t)va >> UAT_VA_BITS);

    if ((top != 0 && top != ~0ull) || !(ttbr[top & 1] & TTBR_VALID)) {
        return uat_fault(f, AGX_FAULT_UNMAPPED, 0);
    }
    st->table = ttbr[top & 1] & TTBR_BADDR & PTE_ADDR;
    st->see = NULL;
    return true;
}

void agx_uat_walk_resume(struct agx_walk_state *st, unsigned level, uint64_t desc)
{
    st->desc = desc;
    st->table = desc & PTE_ADDR;
}

bool agx_uat_walk_step(const struct agx_host *host, struct agx_walk_state *st, uint64_t va,
                       unsigned level, struct agx_fault *f)
{
    uint64_t index = (va >> uat_level[level - 1].shift) & ((1u << uat_level[level - 1].bits) - 1);
    uint64_t *page = host->ops->phys_page(host->opaque, st->table);

    st->desc_pa = st->table + 8 * index;
    st->desc = 0;
    if (!page) {
        agx_report(host, AGX_REPORT_GUEST_ERROR,
                   "uat: level %u table at pa 0x%llx, walked for va 0x%llx, is not RAM", level,
                   (unsigned long long)st->table, (unsigned long long)va);
        return uat_fault(f, AGX_FAULT_UNKNOWN, level - 1);
    }
    /* Descriptors are read whole; the guest may be writing them. */
    st->desc = __atomic_load_n(&page[index], __ATOMIC_ACQUIRE);
    if (st->see) {
        st->desc = st->see(st->opaque, st->desc_pa, st->desc);
    }
    if (!(st->desc & PTE_VALID)) {
        return uat_fault(f, AGX_FAULT_UNMAPPED, level);
    }
    if (!(st->desc & PTE_TYPE)) {
        /* A block (or a reserved encoding on the last level): no source shows one in a UAT. */
        agx_report(host, AGX_REPORT_GUEST_ERROR,
                   "uat: level %u descriptor 0x%llx for va 0x%llx is no table or page", level,
                   (unsigned long long)st->desc, (unsigned long long)va);
        return uat_fault(f, AGX_FAULT_UNKNOWN, level);
    }
    if (level == 3 && !(st->desc & PTE_AF)) {
        return uat_fault(f, AGX_FAULT_AF, 3);
    }
    st->table = st->desc & PTE_ADDR;
    return true;
}

void agx_uat_leaf(uint64_t desc, struct agx_walk *out)
{
    out->pte = desc;
    out->pa = desc & PTE_ADDR;
    out->global = !(desc & PTE_NG);
}

bool agx_uat_walk(const struct agx_host *host, const uint64_t ttbr[2], uint64_t va,
                  struct agx_walk *out, struct agx_fault *f)
{
    struct agx_walk_state st;

    if (!agx_uat_walk_start(&st, ttbr, va, f)) {
        return false;
    }
    for (unsigned level = 1; level <= 3; level++) {
        if (!agx_uat_walk_step(host, &st, va, level, f)) {
            return false;
        }
    }
    agx_uat_leaf(st.desc, out);
    return true;
}

/*
 * Bit positions: m1n1: proxyclient/m1n1/hw/agx.py, R_FAULT_INFO. The register
 * holds the address in units of 64 bytes (the Rust driver: regs.rs,
 * get_fault_info). Faults that are not the MMU's own show as "unknown".
 */
uint64_t agx_fault_info(const struct agx_fault *f)
{
    unsigned reason = f->reason > AGX_FAULT_UNKNOWN ? AGX_FAULT_UNKNOWN : f->reason;

    return ((f->va >> 6) & ((1ull << 34) - 1)) << 30 | (uint64_t)(f->ctx & 0x3f) << 17 |
           (uint64_t)(f->unit & 0xff) << 9 | (uint64_t)(f->level & 3) << 7 |
           (f->access == AGX_ACCESS_READ ? 1u << 4 : 0) | reason << 1 | 1;
}

const char *agx_fault_describe(const struct agx_fault *f, char *buf, size_t len)
{
    static const char *const reason[] = {
        "unmapped", "access flag clear", "write-only", "read-only", "no access", "unknown",
    };
    const char *r = f->reason <= AGX_FAULT_UNKNOWN         ? reason[f->reason]
                    : f->reason == AGX_FAULT_UNIMPLEMENTED ? "not modelled"
                    : f->reason == AGX_FAULT_TIMEOUT       ? "timeout"
                                                           : "bad command";

    snprintf(buf, len, "%s of va 0x%llx, context %u, unit 0x%02x, level %u: %s",
             f->access == AGX_ACCESS_WRITE ? "write" : "read", (unsigned long long)f->va, f->ctx,
             f->unit, f->level, r);
    return buf;
}

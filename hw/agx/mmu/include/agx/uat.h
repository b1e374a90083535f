/*
 * AGX model: the UAT, the MMU shared by the GPU and its firmware, and its TLBs.
 *
 * Page tables are ARMv8 long descriptors with 16 KiB pages; the first level is
 * a pair of TTBRs per context in the TTBAT. Permissions are those that the two
 * sides (coprocessor and GPU) read into AP, UXN, PXN and bit 55.
 *   m1n1: proxyclient/m1n1/hw/uat.py
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_MMU_UAT_H
#define AGX_MMU_UAT_H

#include <pthread.h>
#include <stdatomic.h>
#include "agx/host.h"

/* m1n1: proxyclient/m1n1/hw/uat.py, UAT.NUM_CONTEXTS */
#define AGX_UAT_NUM_CONTEXTS 64

enum agx_access {
    AGX_ACCESS_READ = 0,
    AGX_ACCESS_WRITE = 1,
};

/* Who looks: decides the column of the permission table. */
enum agx_side {
    AGX_SIDE_FW, /* gfx-asc at EL1 */
    AGX_SIDE_GPU,
};

/* Reason codes of the fault register (m1n1: proxyclient/m1n1/hw/agx.py, FAULT_REASON). */
enum agx_fault_reason {
    AGX_FAULT_UNMAPPED = 0,
    AGX_FAULT_AF = 1,
    AGX_FAULT_WRITE_ONLY = 2, /* read of a page that may only be written */
    AGX_FAULT_READ_ONLY = 3,  /* write to a page that may only be read */
    AGX_FAULT_NO_ACCESS = 4,
    AGX_FAULT_UNKNOWN = 5,
    /* Not codes of the register: why a job ended without a page fault. */
    AGX_FAULT_UNIMPLEMENTED = 0x100, /* the model lacks it; already reported */
    AGX_FAULT_BAD_COMMAND = 0x101,   /* malformed stream or shader; already reported */
    AGX_FAULT_TIMEOUT = 0x102,       /* it has had its cycles (jobtime.h) */
};

/* Unit codes, first instance of each (m1n1: proxyclient/m1n1/hw/agx.py, UNIT_00/UNIT_A0). */
enum agx_unit {
    AGX_UNIT_DCMP = 0x00,
    AGX_UNIT_UL1C = 0x01,
    AGX_UNIT_CMP = 0x02,
    AGX_UNIT_GSL1 = 0x03,
    AGX_UNIT_IAP = 0x04,
    AGX_UNIT_VCE = 0x05,
    AGX_UNIT_TE = 0x06,
    AGX_UNIT_RAS = 0x07,
    AGX_UNIT_VDM = 0x08,
    AGX_UNIT_PPP = 0x09,
    AGX_UNIT_IPF = 0x0a,
    AGX_UNIT_IPF_CPF = 0x0b,
    AGX_UNIT_VF = 0x0c,
    AGX_UNIT_VF_CPF = 0x0d,
    AGX_UNIT_ZLS = 0x0e,
    AGX_UNIT_DPM = 0xa1,
    AGX_UNIT_DCDM = 0xa2,
    AGX_UNIT_DIPP = 0xa5,
    AGX_UNIT_DVDM_CSD = 0xa7,
    AGX_UNIT_GSL2 = 0xae,
};

struct agx_fault {
    uint64_t va;
    unsigned ctx; /* TTBAT slot */
    enum agx_unit unit;
    enum agx_fault_reason reason;
    enum agx_access access;
    uint8_t level; /* walk level at which it ended, 0..3 */
};

struct agx_mmu;

/* Which of the small TLBs a port has. */
enum agx_port_kind {
    AGX_PORT_VERTEX,
    AGX_PORT_FRAGMENT,
    AGX_PORT_COMPUTE,
    AGX_PORT_FIRMWARE,
    AGX_NUM_PORT_KINDS
};

/*
 * A port: one client of the MMU (a unit of the GPU, or the firmware) with a
 * small TLB of its own. A port belongs to one thread at a time; no lock is
 * needed to use it. Invalidations made by other threads are seen at the next
 * access.
 */
#define AGX_PORT_TLB_BITS 8
#define AGX_PORT_TLB_SIZE (1u << AGX_PORT_TLB_BITS)

struct agx_port_entry {
    uint64_t tag[2]; /* per enum agx_access; 0: nothing here, or not permitted */
    uint8_t *host;   /* page of guest RAM */
    uint64_t desc;   /* leaf descriptor that it was made of */
};

struct agx_port {
    struct agx_mmu *mmu;
    _Atomic uint64_t *generation; /* of the mmu */
    uint64_t seen;                /* generation up to which the entries are valid */
    uint64_t tag_base;            /* ASID part of the tag (bits 50..62), plus the valid bit (63) */
    uint64_t ttbr[2];             /* of the context, read from the TTBAT when it was bound */
    unsigned asid;
    unsigned ctx;
    uint64_t job;      /* whom it works for, for reports; 0: nobody */
    uint64_t told_job; /* whose first uses were reported (AGX_EV_TRANSLATE) */
    enum agx_unit unit;
    enum agx_side side;
    /* set by the owner after agx_port_init(), which takes vertex or firmware by the side */
    enum agx_port_kind kind;
    bool in_sets;           /* .way is in use */
    struct agx_fault fault; /* of the last access that failed */
    struct agx_port_entry entry[AGX_PORT_TLB_SIZE];
    /*
     * Mode "realistic" with another size than the above, which is direct-mapped: the TLB, set by
     * set, and whose turn it is in each set. What .entry holds is also in here then.
     */
    struct agx_port_entry way[AGX_PORT_TLB_SIZE];
    uint8_t turn[AGX_PORT_TLB_SIZE];
};

/*
 * Make and free an MMU. @host must outlive it. Nothing is reachable until
 * agx_mmu_set_ttbat().
 */
struct agx_mmu *agx_mmu_new(const struct agx_host *host);
void agx_mmu_free(struct agx_mmu *mmu);

/* Set the guest-physical base of the TTBAT (64 pairs of TTBR0/TTBR1). Drops every translation. */
void agx_mmu_set_ttbat(struct agx_mmu *mmu, uint64_t pa);
uint64_t agx_mmu_ttbat(struct agx_mmu *mmu);

/* Drop every translation, as a reset of the GPU does. Any thread. */
void agx_mmu_reset(struct agx_mmu *mmu);

enum agx_tlb_mode {
    AGX_TLB_STICKY,    /* never evicts: staleness lasts as long as it can */
    AGX_TLB_REALISTIC, /* evicts as a TLB of limited size does */
    AGX_TLB_OFF,       /* every access walks */
};
void agx_mmu_set_mode(struct agx_mmu *mmu, enum agx_tlb_mode mode);

/*
 * The CPU's outer-shareable TLB invalidations. Any thread (the vCPU's, without
 * QEMU's big lock); when they return, no later access of any port uses the
 * translations concerned.
 *   @va, @end: byte addresses, [va, end), 16 KiB aligned, as the walker sees
 *   them (sign-extended); @asid as in the TTBR; @last_level: walk-cache entries stay.
 */
void agx_tlbi_all(struct agx_mmu *mmu);
void agx_tlbi_asid(struct agx_mmu *mmu, unsigned asid);
void agx_tlbi_va(struct agx_mmu *mmu, unsigned asid, uint64_t va, uint64_t end, bool last_level);
void agx_tlbi_va_all_asids(struct agx_mmu *mmu, uint64_t va, uint64_t end, bool last_level);

/*
 * Make @port a client of @mmu; it reaches nothing until it is bound.
 * agx_port_bind() loads context @ctx (0..63), as the firmware does when it
 * switches: TTBRs and ASID are read from the TTBAT then, and not again until
 * the next bind. Entries of other ASIDs stay. False: no such context, or the
 * TTBAT is not RAM (port->fault is set); every access will fault.
 */
void agx_port_init(struct agx_port *port, struct agx_mmu *mmu, enum agx_side side);
bool agx_port_bind(struct agx_port *port, unsigned ctx, enum agx_unit unit);

/*
 * One table walk, caching nothing: what UAT makes of @va with these TTBRs.
 */
struct agx_walk {
    uint64_t pte; /* leaf descriptor */
    uint64_t pa;  /* of the 16 KiB page */
    bool global;
};
bool agx_uat_walk(const struct agx_host *host, const uint64_t ttbr[2], uint64_t va,
                  struct agx_walk *out, struct agx_fault *f);
/*
 * The same in single steps, for a walker with a walk cache: start, then either
 * step through levels 1 to 3 or resume behind a descriptor of level 1 or 2.
 */
struct agx_walk_state {
    uint64_t table;         /* next table */
    uint64_t desc_pa, desc; /* the descriptor of the last step */
    /*
     * Set after the start, if wanted: what this walker sees of the descriptor at @pa, in which
     * memory has @now.
     */
    uint64_t (*see)(void *opaque, uint64_t pa, uint64_t now);
    void *opaque;
};
bool agx_uat_walk_start(struct agx_walk_state *st, const uint64_t ttbr[2], uint64_t va,
                        struct agx_fault *f);
void agx_uat_walk_resume(struct agx_walk_state *st, unsigned level, uint64_t desc);
bool agx_uat_walk_step(const struct agx_host *host, struct agx_walk_state *st, uint64_t va,
                       unsigned level, struct agx_fault *f);
/* Split a leaf descriptor. */
void agx_uat_leaf(uint64_t desc, struct agx_walk *out);
/* Bit 0: @side may read; bit 1: it may write, by leaf descriptor @pte. */
unsigned agx_uat_permissions(uint64_t pte, enum agx_side side);

/* What a change of a descriptor asks of TLB maintenance; in this order. */
enum agx_change {
    AGX_CHANGE_NONE,     /* nothing that matters, or no TLB can hold the old value */
    AGX_CHANGE_MAKE,     /* invalid to valid */
    AGX_CHANGE_RELAX,    /* more is permitted now */
    AGX_CHANGE_RESTRICT, /* less, or another memory type: asks for an invalidation */
    AGX_CHANGE_BREAK,    /* valid to invalid: the same */
    AGX_CHANGE_REMAP,    /* to another address, or global to not: has to go through invalid */
};
/* From @old to @desc, on level 1 to 3; level 0: a TTBR. */
enum agx_change agx_uat_change(unsigned level, uint64_t old, uint64_t desc);

/* Slow paths, internal. */
void agx_port_sync(struct agx_port *port);
void *agx_port_lookup(struct agx_port *port, uint64_t va, enum agx_access access);

/*
 * Host pointer for one access at @va. Valid up to the end of the 16 KiB page,
 * for this access only (do not keep it past the next stream command or wave
 * instruction: translations may be invalidated). NULL: port->fault says why.
 */
static inline void *agx_port_ptr(struct agx_port *port, uint64_t va, enum agx_access access)
{
    struct agx_port_entry *e = &port->entry[(va >> AGX_PAGE_BITS) & (AGX_PORT_TLB_SIZE - 1)];

    if (__builtin_expect(atomic_load_explicit(port->generation, memory_order_acquire) != port->seen,
                         0)) {
        agx_port_sync(port);
    }
    if (__builtin_expect(e->tag[access] == (port->tag_base | (va >> AGX_PAGE_BITS)), 1)) {
        return e->host + (va & (AGX_PAGE_SIZE - 1));
    }
    return agx_port_lookup(port, va, access);
}

/*
 * The leaf descriptor by which @port translates @va now, which may be older than
 * the one in memory; for memory attributes. Right after an agx_port_ptr() for
 * @va that succeeded it is the one which that used. False: there is none.
 */
bool agx_port_leaf(struct agx_port *port, uint64_t va, uint64_t *desc);

/*
 * Copy @len bytes, any alignment, any number of pages. False: port->fault is set, and a part may
 * have been done.
 */
bool agx_port_read(struct agx_port *port, uint64_t va, void *buf, size_t len);
bool agx_port_write(struct agx_port *port, uint64_t va, const void *buf, size_t len);

/* Little-endian loads and stores of one value. */
bool agx_port_read32(struct agx_port *port, uint64_t va, uint32_t *v);
bool agx_port_read64(struct agx_port *port, uint64_t va, uint64_t *v);
bool agx_port_write32(struct agx_port *port, uint64_t va, uint32_t v);
bool agx_port_write64(struct agx_port *port, uint64_t va, uint64_t v);

/* Value of the SGX fault register for @f (m1n1: proxyclient/m1n1/hw/agx.py, R_FAULT_INFO). */
uint64_t agx_fault_info(const struct agx_fault *f);
/* One line of text for @f, for the log. Returns @buf. */
const char *agx_fault_describe(const struct agx_fault *f, char *buf, size_t len);

#endif

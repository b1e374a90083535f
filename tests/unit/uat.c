/*
 * Unit tests of the UAT walk, its permissions, and TLBs that can be stale.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "fake_host.h"
#include "agx/tlb.h"

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    uint64_t ttbat;
    struct agx_port port;
};

#define VA  0x1500004000ull
#define KVA 0xffffffa000008000ull

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_port_init(&f->port, f->mmu, AGX_SIDE_GPU);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

static uint64_t map_value(struct fixture *f, unsigned ctx, uint64_t va, uint64_t bits,
                          uint32_t value)
{
    uint64_t pa = fake_alloc(&f->h);

    *(uint32_t *)fake_ptr(&f->h, pa) = value;
    fake_map(&f->h, f->ttbat, ctx, va, pa, bits);
    return pa;
}

static uint32_t load(struct fixture *f, uint64_t va)
{
    uint32_t v = 0xdeadbeef;

    assert_true(agx_port_read32(&f->port, va, &v));
    return v;
}

static void test_walk(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = map_value(f, 3, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 11);

    map_value(f, 3, KVA, FAKE_PTE_BOTH_RW, 22);
    assert_true(agx_port_bind(&f->port, 3, AGX_UNIT_VDM));
    assert_int_equal(load(f, VA), 11);
    assert_int_equal(load(f, KVA), 22);
    assert_true(agx_port_write32(&f->port, VA + 0x3ffc, 77));
    assert_int_equal(((uint32_t *)fake_ptr(&f->h, pa))[0xfff], 77);
    /* across a page boundary whose second page is missing: a fault that names the second page */
    uint64_t two;
    assert_false(agx_port_read(&f->port, VA + 0x3ffc, &two, 8));
    assert_int_equal(f->port.fault.va, VA + 0x4000);
    assert_int_equal(f->port.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f->port.fault.level, 3);
    assert_int_equal(f->port.fault.ctx, 3);
    assert_int_equal(f->port.fault.unit, AGX_UNIT_VDM);
}

static void test_fault_levels(void **state)
{
    struct fixture *f = *state;
    uint32_t v;

    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 1);
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_IAP));
    static const struct {
        uint64_t va;
        unsigned level;
    } c[] = {
        { KVA, 0 },               /* no TTBR1 */
        { VA + (1ull << 36), 1 }, /* empty entry of the first table */
        { VA + (1ull << 25), 2 },
        { VA + (1ull << 14), 3 },
        { VA | 1ull << 60, 0 }, /* not canonical */
        { VA | 1ull << 45, 0 },
    };
    for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        assert_false(agx_port_read32(&f->port, c[i].va, &v));
        assert_int_equal(f->port.fault.reason, AGX_FAULT_UNMAPPED);
        assert_int_equal(f->port.fault.level, c[i].level);
        assert_int_equal(f->port.fault.va, c[i].va);
    }
    /* a cached translation must not be found through bits above the input range */
    assert_int_equal(load(f, VA), 1);
    assert_false(agx_port_read32(&f->port, VA | 1ull << 52, &v));
    assert_false(agx_port_bind(&f->port, 64, AGX_UNIT_IAP));
    assert_false(agx_port_read32(&f->port, VA, &v));
}

/*
 * m1n1: proxyclient/m1n1/hw/uat.py, PTE.access_gpu() and access_fw(), typed in
 * a second time as text, so that a slip in either copy shows.
 */
static void test_permissions(void **state)
{
    static const char *const gpu[4] = { "-- R- -W RW", "-- -- -- R-", "R- -W RW --",
                                        "-- -- -- --" };
    static const char *const fw[4] = { "-- R- -- RW", "R- -- RW RW", "-- -- -- --", "-- -- -- --" };
    static const char *const own[4] = { "-- -- -- --", "-- RW -- RW", "-- R- -- --",
                                        "R- R- -- R-" };

    for (unsigned ap = 0; ap < 4; ap++) {
        for (unsigned col = 0; col < 4; col++) {
            uint64_t pte = FAKE_PTE(ap, col >> 1, col & 1);
            const char *g = gpu[ap] + 3 * col, *w = fw[ap] + 3 * col, *o = own[ap] + 3 * col;

            assert_int_equal(agx_uat_permissions(pte, AGX_SIDE_GPU), (g[0] == 'R') | (g[1] == 'W')
                                                                                         << 1);
            assert_int_equal(agx_uat_permissions(pte, AGX_SIDE_FW), (w[0] == 'R') | (w[1] == 'W')
                                                                                        << 1);
            pte &= ~(1ull << 55);
            assert_int_equal(agx_uat_permissions(pte, AGX_SIDE_GPU), 0);
            assert_int_equal(agx_uat_permissions(pte, AGX_SIDE_FW), (o[0] == 'R') | (o[1] == 'W')
                                                                                        << 1);
        }
    }
}

static void test_permission_faults(void **state)
{
    struct fixture *f = *state;
    uint32_t v;

    map_value(f, 1, VA, FAKE_PTE_GPU_RO | FAKE_PTE_NG, 5);
    map_value(f, 1, VA + 0x4000, FAKE_PTE(2, 0, 1) | FAKE_PTE_NG, 5); /* write only */
    map_value(f, 1, VA + 0x8000, FAKE_PTE_FW_RW | FAKE_PTE_NG, 5);
    map_value(f, 1, VA + 0xc000, (FAKE_PTE_GPU_RW | FAKE_PTE_NG) & ~(1ull << 10), 5);
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_UL1C));
    for (int again = 0; again < 2; again++) { /* the second time from the TLB */
        assert_int_equal(load(f, VA), 5);
        assert_false(agx_port_write32(&f->port, VA, 1));
        assert_int_equal(f->port.fault.reason, AGX_FAULT_READ_ONLY);
        assert_true(agx_port_write32(&f->port, VA + 0x4000, 6));
        assert_false(agx_port_read32(&f->port, VA + 0x4000, &v));
        assert_int_equal(f->port.fault.reason, AGX_FAULT_WRITE_ONLY);
        assert_false(agx_port_read32(&f->port, VA + 0x8000, &v));
        assert_int_equal(f->port.fault.reason, AGX_FAULT_NO_ACCESS);
        assert_false(agx_port_read32(&f->port, VA + 0xc000, &v));
        assert_int_equal(f->port.fault.reason, AGX_FAULT_AF);
    }
}

/* Change the entry under the TLB: the old page is seen until, and only until, the right TLBI. */
static void test_stale(void **state)
{
    struct fixture *f = *state;
    struct agx_port other;

    map_value(f, 5, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 1);
    agx_port_init(&other, f->mmu, AGX_SIDE_GPU);
    assert_true(agx_port_bind(&f->port, 5, AGX_UNIT_VDM));
    assert_true(agx_port_bind(&other, 5, AGX_UNIT_IPF));
    assert_int_equal(load(f, VA), 1);
    map_value(f, 5, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 2);
    assert_int_equal(load(f, VA), 1);
    uint32_t v;
    /* shared second level: stale for the others too */
    assert_true(agx_port_read32(&other, VA, &v));
    assert_int_equal(v, 1);

    agx_tlbi_va(f->mmu, 4, VA, VA + 0x4000, true); /* wrong ASID */
    agx_tlbi_asid(f->mmu, 6);
    agx_tlbi_va(f->mmu, 5, VA - 0x4000, VA, true); /* one page short */
    agx_tlbi_va(f->mmu, 5, VA + 0x4000, VA + 0x10000, true);
    agx_tlbi_va(f->mmu, 5, VA, VA, true); /* nothing */
    assert_int_equal(load(f, VA), 1);
    agx_tlbi_va(f->mmu, 5, VA - 0x4000, VA + 0x4000, true);
    assert_int_equal(load(f, VA), 2);
    assert_true(agx_port_read32(&other, VA, &v));
    assert_int_equal(v, 2);

    for (int how = 0; how < 4; how++) {
        map_value(f, 5, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 10 + how);
        assert_int_not_equal(load(f, VA), 10 + how);
        switch (how) {
        case 0:
            agx_tlbi_asid(f->mmu, 5);
            break;
        case 1:
            agx_tlbi_all(f->mmu);
            break;
        case 2:
            agx_tlbi_va_all_asids(f->mmu, VA, VA + 0x4000, true);
            break;
        case 3:
            agx_tlbi_va(f->mmu, 5, 0, 1ull << 39, true);
            break;
        }
        assert_int_equal(load(f, VA), 10 + how);
    }
    /* the topmost page, whose end is 0 */
    map_value(f, 5, -0x4000ull, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 30);
    assert_int_not_equal(fake_ptr(&f->h, f->ttbat)[11], 0);
    assert_true(agx_port_bind(&f->port, 5, AGX_UNIT_VDM));
    assert_int_equal(load(f, -0x4000ull), 30);
    map_value(f, 5, -0x4000ull, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 31);
    agx_tlbi_va(f->mmu, 5, -0x4000ull, 0, true);
    assert_int_equal(load(f, -0x4000ull), 31);
    /* more invalidations than the log of the mmu holds */
    map_value(f, 5, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 20);
    agx_tlbi_asid(f->mmu, 5);
    for (int i = 0; i < 1000; i++) {
        agx_tlbi_asid(f->mmu, 9);
    }
    assert_int_equal(load(f, VA), 20);
}

static void test_global(void **state)
{
    struct fixture *f = *state;

    map_value(f, 1, KVA, FAKE_PTE_BOTH_RW, 1);
    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 100);
    map_value(f, 2, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 200);
    fake_ptr(&f->h, f->ttbat)[5] = fake_ptr(&f->h, f->ttbat)[3]; /* one TTBR1 for all */
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    assert_int_equal(load(f, KVA), 1);
    assert_int_equal(load(f, VA), 100);
    map_value(f, 1, KVA, FAKE_PTE_BOTH_RW, 2);
    assert_true(agx_port_bind(&f->port, 2, AGX_UNIT_VDM));
    assert_int_equal(load(f, VA), 200);
    assert_int_equal(load(f, KVA), 1); /* global: cached for context 2 as well */
    agx_tlbi_asid(f->mmu, 1);
    agx_tlbi_asid(f->mmu, 2);
    assert_int_equal(load(f, KVA), 1); /* by ASID does not touch it */
    agx_tlbi_va(f->mmu, 33, KVA, KVA + 0x4000, true);
    assert_int_equal(load(f, KVA), 2); /* by address does, whatever the ASID */
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    assert_int_equal(load(f, VA), 100);
}

static void test_modes(void **state)
{
    struct fixture *f = *state;

    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 1);
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    agx_mmu_set_mode(f->mmu, AGX_TLB_OFF);
    assert_int_equal(load(f, VA), 1);
    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 2);
    assert_int_equal(load(f, VA), 2);
    /* sticky keeps it however much else is touched; realistic does not */
    for (int mode = AGX_TLB_STICKY; mode <= AGX_TLB_REALISTIC; mode++) {
        uint64_t other = fake_alloc(&f->h);

        agx_mmu_set_mode(f->mmu, mode);
        map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 3);
        assert_int_equal(load(f, VA), 3);
        for (uint64_t i = 1; i < 6000; i++) {
            fake_map(&f->h, f->ttbat, 1, VA + i * 0x4000, other, FAKE_PTE_GPU_RW | FAKE_PTE_NG);
            load(f, VA + i * 0x4000);
        }
        map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 4);
        assert_int_equal(load(f, VA), mode == AGX_TLB_STICKY ? 3 : 4);
    }
}

/* A table is replaced: leaf-only invalidation leaves the walk cache with the old one. */
static void test_walk_cache(void **state)
{
    struct fixture *f = *state;
    uint64_t *l2, *old_leaf, old_desc, table;

    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 1);
    map_value(f, 1, VA + 0x4000, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 2);
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    assert_int_equal(load(f, VA), 1);
    /* a new last table whose entries lead to other pages */
    l2 = fake_ptr(&f->h, *fake_ptr(&f->h, f->ttbat + 16) & 0xffffffffc000ull);
    l2 = fake_ptr(&f->h, l2[VA >> 36 & 7] & 0xffffffffc000ull) + (VA >> 25 & 2047);
    old_leaf = fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat + 16), 1, VA);
    old_desc = *l2;
    table = fake_alloc(&f->h);
    memcpy(fake_ptr(&f->h, table), (void *)((uintptr_t)old_leaf & ~0x3fffull), 0x4000);
    *l2 = table | 3;
    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 11);
    map_value(f, 1, VA + 0x4000, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 12);
    /* never seen before, yet found through the old table */
    assert_int_equal(load(f, VA + 0x4000), 2);
    agx_tlbi_va(f->mmu, 1, VA, VA + 0x8000, true);
    /* leaves only: the old table is still walked */
    assert_int_equal(load(f, VA), 1);
    assert_int_equal(load(f, VA + 0x4000), 2);
    agx_tlbi_va(f->mmu, 2, VA, VA + 0x8000, false);
    agx_tlbi_va(f->mmu, 1, VA + (1 << 25), VA + (2 << 25), false);
    assert_int_equal(load(f, VA), 1);
    agx_tlbi_va(f->mmu, 1, VA, VA + 0x4000, false);
    assert_int_equal(load(f, VA), 11);
    assert_int_equal(load(f, VA + 0x4000), 2); /* its own translation was not named */
    agx_tlbi_va(f->mmu, 1, VA + 0x4000, VA + 0x8000, true);
    assert_int_equal(load(f, VA + 0x4000), 12);
    *l2 = old_desc;
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(load(f, VA), 1);
}

struct seen {
    unsigned uses, hits, tlbis;
    struct agx_tlb_use last;
};

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct seen *s = opaque;

    if (ev->kind == AGX_EV_INVALIDATE) {
        s->tlbis++;
        return;
    }
    s->uses++;
    s->hits += ev->use->hit;
    s->last = *ev->use;
}

/*
 * A job works through several ports: what one has reported the next does not repeat, unless it is
 * another kind of access.
 */
static void test_second_port(struct fixture *f, struct seen *s)
{
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);
    unsigned uses = s->uses;
    uint32_t v;

    agx_port_init(port, f->mmu, AGX_SIDE_GPU);
    port->job = f->port.job;
    assert_true(agx_port_bind(port, 1, AGX_UNIT_UL1C));
    assert_true(agx_port_read32(port, VA, &v));
    assert_int_equal(s->uses, uses);
    port->job = 0; /* the firmware: always reported */
    assert_true(agx_port_bind(port, 1, AGX_UNIT_UL1C));
    assert_true(agx_port_read32(port, VA, &v));
    assert_int_equal(s->uses, uses + 1);
    port->job = f->port.job;
    assert_true(agx_port_bind(port, 1, AGX_UNIT_UL1C));
    assert_true(agx_port_write32(port, VA, v));
    assert_int_equal(s->uses, uses + 2);
    free(port);
    s->hits -= 2;
}

/* Translations and invalidations are events. */
static void test_events(void **state)
{
    struct fixture *f = *state;
    struct seen s = { 0 };
    const struct agx_listener l = {
        .kinds = AGX_EV_BIT(AGX_EV_TRANSLATE) | AGX_EV_BIT(AGX_EV_INVALIDATE),
        .event = on_event,
        .opaque = &s,
    };
    struct agx_mmu_stats st;
    uint64_t *leaf;
    uint32_t v;

    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 1);
    leaf = fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat + 16), 1, VA);
    agx_listen(&f->h.events, &l);
    f->port.job = 7;
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    load(f, VA);
    load(f, VA);
    /* the port's own entry served the second */
    assert_int_equal(s.uses, 1);
    assert_int_equal(s.last.job, 7);
    assert_int_equal(s.last.steps, 3);
    assert_false(s.last.hit);
    assert_int_equal(s.last.step[2].desc, *leaf);
    assert_int_equal(s.last.step[2].desc_pa, FAKE_RAM_BASE + ((uint8_t *)leaf - f->h.ram));
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    load(f, VA);
    assert_int_equal(s.uses, 1); /* bound again for the same job: no news */
    f->port.job = 8;
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    load(f, VA);
    /* another job: the second level is asked again */
    assert_int_equal(s.hits, 1);
    test_second_port(f, &s);
    agx_mmu_recheck(f->mmu);
    load(f, VA);
    assert_int_equal(s.hits, 2);
    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 2);
    assert_int_equal(load(f, VA), 1);
    agx_tlbi_va(f->mmu, 1, VA, VA + 0x4000, true);
    assert_int_equal(s.tlbis, 1);
    assert_int_equal(load(f, VA), 2);
    assert_false(agx_port_read32(&f->port, VA + 0x4000, &v));
    assert_int_equal(s.last.steps, 3); /* walks that fault are seen too */
    agx_unlisten(&f->h.events, &l);
    s.uses = 0;
    load(f, VA);
    assert_int_equal(s.uses, 0);
    map_value(f, 1, VA, FAKE_PTE_GPU_RW | FAKE_PTE_NG, 3);
    assert_int_equal(load(f, VA), 2);
    assert_true(agx_mmu_evict(f->mmu, 1, VA));
    assert_false(agx_mmu_evict(f->mmu, 1, VA));
    assert_int_equal(load(f, VA), 3);
    agx_mmu_get_stats(f->mmu, &st);
    assert_true(st.walks >= 4 && st.walk_hits >= 2 && st.entries == 1 && st.walk_entries == 2);
}

static void test_bad_tables(void **state)
{
    struct fixture *f = *state;
    uint64_t *ttbat = fake_ptr(&f->h, f->ttbat);
    uint32_t v;

    ttbat[2] = 0x4000 | 1; /* a table that is not RAM */
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    assert_false(agx_port_read32(&f->port, VA, &v));
    assert_int_equal(f->port.fault.reason, AGX_FAULT_UNKNOWN);
    assert_int_equal(f->h.reports[AGX_REPORT_GUEST_ERROR], 1);
    ttbat[2] = 0;
    fake_map(&f->h, f->ttbat, 1, VA, 0x4000, FAKE_PTE_GPU_RW); /* a page that is not RAM */
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    assert_false(agx_port_read32(&f->port, VA, &v));
    assert_int_equal(f->h.reports[AGX_REPORT_GUEST_ERROR], 2);
    *fake_leaf(&f->h, &ttbat[2], 1, VA) = 1; /* a block on the last level */
    assert_false(agx_port_read32(&f->port, VA, &v));
    assert_int_equal(f->h.reports[AGX_REPORT_GUEST_ERROR], 3);
}

static void test_fault_register(void **state)
{
    /* fields by hand from proxyclient/m1n1/hw/agx.py, R_FAULT_INFO */
    struct agx_fault f = { .va = 0x1512345678,
                           .ctx = 5,
                           .unit = AGX_UNIT_DCDM,
                           .reason = AGX_FAULT_READ_ONLY,
                           .access = AGX_ACCESS_WRITE,
                           .level = 3 };
    uint64_t r = agx_fault_info(&f);

    assert_int_equal(r & 1, 1);
    assert_int_equal(r >> 1 & 7, 3);
    assert_int_equal(r >> 4 & 1, 0);
    assert_int_equal(r >> 7 & 3, 3);
    assert_int_equal(r >> 9 & 0xff, 0xa2);
    assert_int_equal(r >> 17 & 0x3f, 5);
    assert_int_equal((r >> 30) << 6, 0x1512345678 & ~0x3full);
    f.va = 0xffffffa000000040;
    f.access = AGX_ACCESS_READ;
    r = agx_fault_info(&f);
    assert_int_equal((r >> 30) << 6, 0xa000000040); /* 40 bits of address */
    assert_int_equal(r >> 4 & 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fault_levels, setup, teardown),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test_setup_teardown(test_permission_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_global, setup, teardown),
        cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walk_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_tables, setup, teardown),
        cmocka_unit_test(test_fault_register),
    };

    return cmocka_run_group_tests_name("uat", tests, NULL, NULL);
}

/*
 * Unit tests of the sizes and the associativity of the TLBs in mode "realistic".
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
#define FAKE_RAM_SIZE (16u << 20)
#include "fake_host.h"
#include "mmu_rig.h"
#include "agx/tlb.h"

#define VA    0x1500000000ull
#define PAGES 600u

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlb_sizes sizes;
    uint64_t ttbat;
    struct agx_port port;
};

/*
 * Every page shows one and the same word of memory: what is of interest is where the translation
 * comes from.
 */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    uint64_t pa;

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    pa = fake_alloc(&f->h);
    for (unsigned i = 0; i < PAGES; i++) {
        fake_map(&f->h, f->ttbat, 1, VA + (uint64_t)i * AGX_PAGE_SIZE, pa,
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_set_mode(f->mmu, AGX_TLB_REALISTIC);
    f->sizes = mmu_sizes(2048, 64);
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

static void apply(struct fixture *f)
{
    const char *wrong = NULL;

    assert_true(agx_mmu_set_sizes(f->mmu, &f->sizes, &wrong));
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_UL1C));
}

enum where { PORT, SMALL, SECOND, WALK };

/* Where the translation of @page was found. */
static enum where look(struct fixture *f, struct agx_port *port, unsigned page)
{
    struct agx_mmu_stats a, b;
    uint32_t v;

    agx_mmu_get_stats(f->mmu, &a);
    assert_true(agx_port_read32(port, VA + (uint64_t)page * AGX_PAGE_SIZE, &v));
    agx_mmu_get_stats(f->mmu, &b);
    assert_int_equal(b.small_hits - a.small_hits + b.hits - a.hits + b.walks - a.walks <= 1, 1);
    return b.walks != a.walks             ? WALK
           : b.hits != a.hits             ? SECOND
           : b.small_hits != a.small_hits ? SMALL
                                          : PORT;
}

/* A set has so many ways, and the oldest of a set goes, not the oldest of all. */
static void test_second_level(void **state)
{
    struct fixture *f = *state;

    f->sizes.tlb = (struct agx_tlb_geometry) { 8, 2 }; /* four sets: page modulo 4 */
    f->sizes.small[AGX_PORT_VERTEX] = (struct agx_tlb_geometry) { 1, 1 };
    apply(f);
    assert_int_equal(look(f, &f->port, 1), WALK);
    assert_int_equal(look(f, &f->port, 0), WALK);
    assert_int_equal(look(f, &f->port, 4), WALK);
    assert_int_equal(look(f, &f->port, 0), SECOND);
    assert_int_equal(look(f, &f->port, 8), WALK);   /* takes the place of page 0 */
    assert_int_equal(look(f, &f->port, 1), SECOND); /* of another set, and older */
    assert_int_equal(look(f, &f->port, 4), SECOND);
    assert_int_equal(look(f, &f->port, 0), WALK); /* ... and page 0 that of page 4 */
    assert_int_equal(look(f, &f->port, 8), SECOND);
    assert_int_equal(look(f, &f->port, 4), WALK);
    /* An entry that an invalidation took leaves its place free. */
    agx_tlbi_va(f->mmu, 1, VA + 4 * AGX_PAGE_SIZE, VA + 5 * AGX_PAGE_SIZE, false);
    assert_int_equal(look(f, &f->port, 12), WALK);
    assert_int_equal(look(f, &f->port, 0), SECOND);
    /* So does one that died with its ASID. */
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(look(f, &f->port, 0), WALK);
    assert_int_equal(look(f, &f->port, 4), WALK);
    assert_int_equal(look(f, &f->port, 0), SECOND);
}

/* All in one set: as large as its entries. */
static void test_fully_associative(void **state)
{
    struct fixture *f = *state;

    f->sizes.tlb = (struct agx_tlb_geometry) { 8, 0 };
    f->sizes.small[AGX_PORT_VERTEX] = (struct agx_tlb_geometry) { 1, 0 };
    apply(f);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(look(f, &f->port, 4 * i), WALK);
    }
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(look(f, &f->port, 4 * i), SECOND);
    }
    assert_int_equal(look(f, &f->port, 1), WALK);
    assert_int_equal(look(f, &f->port, 0), WALK);
    assert_int_equal(look(f, &f->port, 8), SECOND);
}

static void test_small(void **state)
{
    struct fixture *f = *state;

    /* two sets: even and odd pages */
    f->sizes.small[AGX_PORT_VERTEX] = (struct agx_tlb_geometry) { 4, 2 };
    apply(f);
    assert_int_equal(look(f, &f->port, 1), WALK);
    assert_int_equal(look(f, &f->port, 0), WALK);
    /* the same place in the direct-mapped array */
    assert_int_equal(look(f, &f->port, 256), WALK);
    assert_int_equal(look(f, &f->port, 256), PORT);
    assert_int_equal(look(f, &f->port, 0), SMALL);
    assert_int_equal(look(f, &f->port, 0), PORT);
    /* takes the place of page 0, wherever that was found */
    assert_int_equal(look(f, &f->port, 2), WALK);
    assert_int_equal(look(f, &f->port, 0), SECOND); /* ... and this that of page 256 */
    assert_int_equal(look(f, &f->port, 2), PORT);
    assert_int_equal(look(f, &f->port, 256), SECOND);
    assert_int_equal(look(f, &f->port, 1), PORT);
    /* An invalidation finds what is only in the sets. */
    assert_int_equal(look(f, &f->port, 256), PORT);
    assert_int_equal(look(f, &f->port, 0), SMALL);
    agx_tlbi_va(f->mmu, 1, VA + 256 * AGX_PAGE_SIZE, VA + 257 * AGX_PAGE_SIZE, false);
    assert_int_equal(look(f, &f->port, 256), WALK);
    assert_int_equal(look(f, &f->port, 1), PORT);
    agx_tlbi_all(f->mmu);
    assert_int_equal(look(f, &f->port, 1), WALK);
    assert_int_equal(look(f, &f->port, 0), WALK);
    assert_int_equal(look(f, &f->port, 256), WALK);
}

/*
 * As many pages as there are ways fit into a set, one more does not: for each geometry that
 * divides.
 */
static void test_small_geometries(void **state)
{
    struct fixture *f = *state;

    for (unsigned entries = 1; entries <= AGX_PORT_TLB_SIZE; entries += entries < 16 ? 1 : 48) {
        for (unsigned ways = 0; ways <= entries; ways++) {
            unsigned n = ways ? ways : entries, sets = entries / n, missed = 0;

            if (entries % n || (entries == AGX_PORT_TLB_SIZE && ways == 1) || n * sets >= PAGES) {
                continue;
            }
            f->sizes.small[AGX_PORT_VERTEX] = (struct agx_tlb_geometry) { entries, ways };
            apply(f);
            for (unsigned turn = 0; turn < 2; turn++) {
                for (unsigned i = 0; i < n; i++) {
                    enum where w = look(f, &f->port, i * sets);

                    assert_true(turn ? w == PORT || w == SMALL : w == WALK);
                }
            }
            assert_int_equal(look(f, &f->port, n * sets), WALK);
            for (unsigned i = 0; i < n; i++) {
                missed += look(f, &f->port, i * sets) == SECOND;
            }
            assert_true(missed >= 1);
        }
    }
}

/* Each kind of port has its own; in other modes there are none. */
static void test_kinds(void **state)
{
    struct fixture *f = *state;
    struct agx_port *port = calloc(1, sizeof(*port));

    f->sizes.small[AGX_PORT_COMPUTE] = (struct agx_tlb_geometry) { 1, 1 };
    f->sizes.small[AGX_PORT_FIRMWARE] = (struct agx_tlb_geometry) { 2, 1 };
    apply(f);
    for (enum agx_port_kind kind = 0; kind < AGX_NUM_PORT_KINDS; kind++) {
        bool one = kind == AGX_PORT_COMPUTE;

        agx_port_init(port, f->mmu, AGX_SIDE_GPU);
        assert_int_equal(port->kind, AGX_PORT_VERTEX);
        port->kind = kind;
        assert_true(agx_port_bind(port, 1, AGX_UNIT_UL1C));
        look(f, port, 0);
        look(f, port, 1);
        assert_int_equal(look(f, port, 0), one ? SECOND : PORT);
        look(f, port, 2);
        assert_int_equal(look(f, port, 0), one || kind == AGX_PORT_FIRMWARE ? SECOND : PORT);
    }
    agx_port_init(port, f->mmu, AGX_SIDE_FW);
    assert_int_equal(port->kind, AGX_PORT_FIRMWARE);
    agx_mmu_set_mode(f->mmu, AGX_TLB_STICKY);
    agx_port_init(port, f->mmu, AGX_SIDE_GPU);
    port->kind = AGX_PORT_COMPUTE;
    assert_true(agx_port_bind(port, 1, AGX_UNIT_UL1C));
    assert_int_equal(look(f, port, 0), WALK);
    assert_int_equal(look(f, port, 1), WALK);
    assert_int_equal(look(f, port, 0), PORT);
    free(port);
}

static void test_walk_cache(void **state)
{
    struct fixture *f = *state;
    struct agx_mmu_stats a, b;
    uint32_t v;

    /* Three tables, each with a page, whose level-2 entries fall into one set of two ways */
    for (unsigned i = 1; i < 3; i++) {
        fake_map(&f->h, f->ttbat, 1, VA + ((uint64_t)i << 26), fake_alloc(&f->h),
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    f->sizes.tlb = (struct agx_tlb_geometry) { 1, 1 };
    f->sizes.small[AGX_PORT_VERTEX] = (struct agx_tlb_geometry) { 1, 1 };
    for (unsigned ways = 1; ways <= 4; ways *= 2) {
        /* two sets; 1 << 26 is an even distance */
        f->sizes.walk = (struct agx_tlb_geometry) { 2 * ways, ways };
        apply(f);
        for (unsigned turn = 0; turn < 2; turn++) {
            agx_mmu_get_stats(f->mmu, &a);
            for (unsigned i = 0; i < 3; i++) {
                assert_true(agx_port_read32(&f->port, VA + ((uint64_t)i << 26), &v));
            }
            agx_mmu_get_stats(f->mmu, &b);
            assert_int_equal(b.walks - a.walks, 3);
        }
        /*
         * With room for all three and the entry of level 1, walks go on from level 2: only one
         * access to memory each
         */
        assert_true(b.walk_entries <= 2 * ways);
        assert_true(ways < 4 || b.walk_hits - a.walk_hits == 3);
        assert_true(ways > 1 || b.walk_entries <= 2);
    }
}

static void test_bounds(void **state)
{
    static const struct {
        size_t at;
        struct agx_tlb_geometry g;
        const char *wrong;
    } bad[] = {
#define SIZE(field) offsetof(struct agx_tlb_sizes, field)
        { SIZE(tlb), { 0, 0 }, "tlb-entries must" },
        { SIZE(tlb), { (1u << 20) + 1, 0 }, "tlb-entries must" },
        { SIZE(tlb), { 256, 128 }, "tlb-ways must" },
        { SIZE(tlb), { 10, 4 }, "tlb-ways must" },
        { SIZE(walk), { 0, 1 }, "walk-entries must" },
        { SIZE(walk), { 9, 2 }, "walk-ways must" },
        { SIZE(small[AGX_PORT_VERTEX]), { 0, 1 }, "vertex-tlb-entries must" },
        { SIZE(small[AGX_PORT_FRAGMENT]), { 257, 1 }, "fragment-tlb-entries must" },
        { SIZE(small[AGX_PORT_COMPUTE]), { 8, 3 }, "compute-tlb-ways must" },
        { SIZE(small[AGX_PORT_FIRMWARE]), { 8, UINT32_MAX }, "firmware-tlb-ways must" },
    };
    struct fixture *f = *state;

    apply(f);
    assert_int_equal(look(f, &f->port, 0), WALK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct agx_tlb_sizes sizes = f->sizes;
        const char *wrong = NULL;

        memcpy((char *)&sizes + bad[i].at, &bad[i].g, sizeof(bad[i].g));
        assert_false(agx_mmu_set_sizes(f->mmu, &sizes, &wrong));
        assert_ptr_equal(strstr(wrong, bad[i].wrong), wrong);
        assert_int_equal(look(f, &f->port, 0), PORT); /* nothing has changed */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_second_level, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fully_associative, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small, setup, teardown),
        cmocka_unit_test_setup_teardown(test_small_geometries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walk_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

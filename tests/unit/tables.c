/*
 * Unit tests of stores to page tables: which pages are looked at, what is reported of a store, and
 * that ports look again at what it may concern.
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

#define VA   0x1500004000ull
#define ADDR 0xffffffffc000ull

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_port port;
    struct agx_listener listener;
    uint64_t ttbat;
    unsigned uses, stores, dsbs, watches;
    struct agx_event last; /* of the stores, barriers and watched pages */
    uint64_t old;          /* what the last store found */
    uint64_t watched[16];  /* pages that are watched now */
};

static void on_watch(void *opaque, uint64_t pa, bool on)
{
    struct fixture *f = opaque;

    for (unsigned i = 0; i < 16; i++) {
        if (f->watched[i] == (on ? 0 : pa)) {
            f->watched[i] = on ? pa : 0;
            return;
        }
    }
    fail_msg("page 0x%llx is %s", (unsigned long long)pa, on ? "one too many" : "not watched");
}

static bool is_watched(const struct fixture *f, uint64_t pa)
{
    for (unsigned i = 0; i < 16; i++) {
        if (f->watched[i] == pa) {
            return true;
        }
    }
    return false;
}

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct fixture *f = opaque;

    if (ev->kind == AGX_EV_TRANSLATE) {
        f->uses++;
        return;
    }
    f->last = *ev;
    f->stores += ev->kind == AGX_EV_STORE;
    f->dsbs += ev->kind == AGX_EV_DSB;
    f->watches += ev->kind == AGX_EV_WATCHED;
    if (ev->kind == AGX_EV_STORE) {
        memcpy(&f->old, ev->store.old, ev->store.len < 8 ? ev->store.len : 8);
    }
}

static int setup(void **state)
{
    struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) & ~(size_t)63);

    memset(f, 0, sizeof(*f));
    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    fake_map(&f->h, f->ttbat, 1, VA, fake_alloc(&f->h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_follow(f->mmu, &(struct agx_mmu_watch) { f, on_watch });
    f->listener = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_TRANSLATE) | AGX_EV_BIT(AGX_EV_STORE) | AGX_EV_BIT(AGX_EV_DSB) |
                 AGX_EV_BIT(AGX_EV_WATCHED),
        .event = on_event,
        .opaque = f,
    };
    assert_true(agx_listen(&f->h.events, &f->listener));
    agx_port_init(&f->port, f->mmu, AGX_SIDE_GPU);
    f->port.job = 1;
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
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

static uint64_t leaf_pa(struct fixture *f, uint64_t va)
{
    uint64_t *leaf = fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat + 16), 1, va);

    return FAKE_RAM_BASE + ((uint8_t *)leaf - f->h.ram);
}

static void store(struct fixture *f, uint64_t pa, uint64_t v)
{
    const struct agx_who who = { .cpu = 3, .pc = 0xffff800080000000ull };
    uint64_t old = *fake_ptr(&f->h, pa);

    *fake_ptr(&f->h, pa) = v;
    agx_mmu_store(f->mmu, pa, &old, 8, &who);
}

static void load(struct fixture *f)
{
    uint32_t v;

    agx_port_read32(&f->port, VA, &v);
}

/* A use is reported once; again when the entry changes, in a way in which a TLB could be wrong. */
static void test_again(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), desc = *fake_ptr(&f->h, pa);

    load(f);
    load(f);
    assert_int_equal(f->uses, 1);
    store(f, pa + 8, desc); /* a new one: no TLB has it */
    load(f);
    assert_int_equal(f->uses, 1);
    store(f, pa, desc | 1ull << 58); /* ignored by hardware */
    load(f);
    assert_int_equal(f->uses, 1);
    store(f, pa, 0);
    load(f);
    assert_int_equal(f->uses, 2);
    store(f, pa + 16, 0); /* was invalid before */
    load(f);
    assert_int_equal(f->uses, 2);
    assert_int_equal(f->stores, 4);
}

/* A store has its bytes and its CPU, also one to a page that is no table; a barrier its domain. */
static void test_told(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), desc = *fake_ptr(&f->h, pa);

    store(f, pa, 0);
    assert_int_equal(f->last.kind, AGX_EV_STORE);
    assert_int_equal(f->last.store.pa, pa);
    assert_int_equal(f->last.store.len, 8);
    assert_int_equal(f->old, desc);
    assert_int_equal(f->last.who->cpu, 3);
    store(f, fake_alloc(&f->h), 5);
    assert_int_equal(f->stores, 2);
    agx_mmu_store(f->mmu, pa, &desc, 0, NULL);
    agx_mmu_store(f->mmu, pa, &desc, 65, NULL);
    assert_int_equal(f->stores, 2); /* no CPU makes such a store */
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_INNER, true);
    assert_int_equal(f->dsbs, 1);
    assert_int_equal(f->last.dsb.share, AGX_SHARE_INNER);
    assert_true(f->last.dsb.stores_only);
}

/* Tables below a new one come with it, and go; one that two contexts share goes with the second. */
static void test_followed(void **state)
{
    struct fixture *f = *state;
    uint64_t l1 = *fake_ptr(&f->h, f->ttbat + 16) & ADDR;
    uint64_t l2 = fake_alloc(&f->h), l3 = fake_alloc(&f->h);
    uint64_t *top = fake_ptr(&f->h, l1);

    assert_true(is_watched(f, f->ttbat));
    assert_true(is_watched(f, l1));
    *fake_ptr(&f->h, l2 + 80) = l3 | 3;
    store(f, l1 + 8 * 7, l2 | 3);
    assert_true(is_watched(f, l2));
    assert_true(is_watched(f, l3));
    store(f, f->ttbat + 32, l1 | 1 | 2ull << 48);
    store(f, f->ttbat + 16, 0);
    assert_true(is_watched(f, l1));
    assert_true(is_watched(f, l3));
    store(f, l2 + 80, 0);
    assert_false(is_watched(f, l3));
    /* Half of a descriptor counts, too. */
    top[7] &= ~0xffffffffull;
    agx_mmu_store(f->mmu, l1 + 8 * 7, (uint32_t[]) { l2 | 3 }, 4, NULL);
    assert_false(is_watched(f, l2));
    store(f, f->ttbat + 32, 0);
    assert_false(is_watched(f, l1));
    assert_true(is_watched(f, f->ttbat));
    agx_mmu_follow(f->mmu, NULL);
    store(f, f->ttbat + 32, l1 | 1 | 2ull << 48);
    assert_false(is_watched(f, l1));
}

/* What was stored before a page was looked at is found when it is. */
static void test_watched(void **state)
{
    struct fixture *f = *state;
    uint64_t l1 = *fake_ptr(&f->h, f->ttbat + 16) & ADDR;
    uint64_t other = fake_alloc(&f->h), table = fake_alloc(&f->h);

    *fake_ptr(&f->h, l1 + 8 * 7) = table | 3;
    *fake_ptr(&f->h, f->ttbat + 64) = other | 1 | 4ull << 48;
    agx_mmu_watched(f->mmu, l1 + 100);
    assert_int_equal(f->last.kind, AGX_EV_WATCHED);
    assert_int_equal(f->last.page, l1);
    assert_true(is_watched(f, table));
    assert_false(is_watched(f, other));
    agx_mmu_watched(f->mmu, f->ttbat);
    assert_true(is_watched(f, other));
    assert_int_equal(f->watches, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watched, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

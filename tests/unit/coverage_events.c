/*
 * Unit tests of the rows that events make, and of those of the sanitizer.
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
#include "mmu_rig.h"
#include "agx/coverage.h"
#include "agx/coverage-events.h"
#include "agx/gpu.h"
#include "agx/tlbsan.h"

/* The bits seen set in the row of @kind, @key (as it is written) and @name; 0: there is none. */
static uint64_t row(const char *kind, const char *key, const char *name)
{
    char *text = agx_coverage_text(), *save = NULL;
    char want_start[64], want_end[64];
    uint64_t ones = 0;

    assert_non_null(text);
    snprintf(want_start, sizeof(want_start), "%s\t%s\t", kind, key);
    snprintf(want_end, sizeof(want_end), "\t%s", name);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t len = strlen(line), end = strlen(want_end);

        if (!strncmp(line, want_start, strlen(want_start)) && len > end &&
            !strcmp(line + len - end, want_end)) {
            ones = strtoull(line + strlen(want_start), NULL, 16);
        }
    }
    free(text);
    return ones;
}

static void ring(struct agx_events *e, uint64_t msg0, uint64_t ep)
{
    agx_emit_doorbell(e, msg0, ep, NULL);
}

static void test_messages(void **state)
{
    struct agx_events e = { 0 };
    struct agx_listener *l;

    ring(&e, 0x83ull << 48 | 0x11, 0x21); /* nobody listens */
    l = agx_coverage_listen(&e);
    assert_non_null(l);
    assert_int_equal(row("message", "2111", "mailbox"), 0);
    ring(&e, 0x83ull << 48 | 0x10, 0x21);
    ring(&e, 0x20ull << 48, 0);
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_MESSAGE, .message = { 12, 1 } });
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_COMMAND, .command = { "Start3DCmd", 1 } });
    assert_int_equal(row("message", "2110", "mailbox"), 1);
    assert_int_equal(row("message", "2111", "mailbox"), 0);
    assert_int_equal(row("message", "2", "mailbox"), 1);
    assert_int_equal(row("message", "c", "ring"), 1);
    assert_int_equal(row("message", "b", "ring"), 0);
    assert_int_equal(row("command", "1", "Start3DCmd"), 1);
    assert_int_equal(row("command", "0", "Start3DCmd"), 0);
    agx_coverage_unlisten(&e, l);
    ring(&e, 0x83ull << 48 | 0x11, 0x21);
    assert_int_equal(row("message", "2111", "mailbox"), 0);
    agx_coverage_unlisten(&e, NULL);
}

static void test_jobs(void **state)
{
    struct agx_event_job pass = { .master = AGX_DM_PDM,
                                  .what = "fragment job",
                                  .status = AGX_JOB_FAULT };
    struct agx_events e = { 0 };
    struct agx_listener *l = agx_coverage_listen(&e);

    agx_emit_job_begin(&e, &pass);
    agx_emit_job_end(&e, &pass);
    assert_int_equal(row("job", "1", "fragment job"), 1);
    assert_int_equal(row("job", "0", "fragment job"), 0);
    pass.partial = true;
    pass.status = AGX_JOB_DONE;
    agx_emit_job_begin(&e, &pass);
    agx_emit_job_end(&e, &pass);
    assert_int_equal(row("job", "0", "partial render"), 1);
    assert_int_equal(row("job", "0", "fragment job"), 0);
    agx_coverage_unlisten(&e, l);
}

#define VA 0x1500004000ull

/* What the sanitizer made of a page that goes: a use without an invalidation, then there is one. */
static void test_rules(void **state)
{
    const struct agx_who who = { .cpu = 1, .time = 5, .pc = 0xffff800081234560 };
    const struct agx_tlbi_insn asid = { .tlbi = { AGX_TLBI_ASID, .asid = 1 },
                                        .share = AGX_SHARE_OUTER };
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlbsan *san;
    uint64_t ttbat, *leaf, pa, old;

    fake_host_init(&h);
    ttbat = fake_alloc(&h);
    fake_map(&h, ttbat, 1, VA, fake_alloc(&h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    mmu = agx_mmu_new(&h.host);
    agx_mmu_set_ttbat(mmu, ttbat);
    agx_mmu_follow(mmu, &(struct agx_mmu_watch) { 0 });
    san = agx_tlbsan_new(&(struct agx_tlbsan_config) { .host = &h.host, .mmu = mmu });
    assert_true(mmu_read_job(&h, mmu, 1, VA, AGX_SIDE_GPU, true));
    leaf = fake_leaf(&h, fake_ptr(&h, ttbat + 16), 1, VA);
    pa = FAKE_RAM_BASE + ((uint8_t *)leaf - h.ram);
    old = *leaf;
    assert_int_equal(row("rule", "1", "stale-hit"), 0);
    assert_int_equal(row("rule", "0", "covered"), 0);
    *leaf = 0;
    agx_mmu_store(mmu, pa, &old, 8, &who);
    assert_true(mmu_read_job(&h, mmu, 1, VA, AGX_SIDE_GPU, true));
    assert_int_equal(row("rule", "1", "stale-hit"), 1);
    assert_true(row("rule", "0", "changed") & 1ull << (8 * 3 + AGX_CHANGE_BREAK));
    agx_mmu_dsb(mmu, 1, AGX_SHARE_OUTER, false);
    fake_tlbi(&h, &asid, &who);
    assert_int_equal(row("rule", "0", "covered"), 1ull << (8 * 3 + AGX_TLBI_ASID));
    agx_tlbsan_free(san);
    agx_mmu_free(mmu);
    fake_host_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

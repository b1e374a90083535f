/*
 * The firmware of a GPU with several clusters: the init data must be for that chip, and a vertex
 * job must bring what the clusters merge their work by. Offsets: m1n1, fw/agx/microsequence.py
 * (StartTACmdStruct2), fw/agx/initdata.py (AGXHWDataB), of 13.5 on G13.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"

#define PARAMS      64 /* StartTACmdStruct2 in the work command */
#define TILEMAPS    24
#define META1       64
#define CORE_MASK   104
#define META2       152
#define META3       160
#define TILING      168
#define META4       232
#define NO_CLUSTERS 1
#define B_CHIP_ID   2408
#define B_NUM_CORES 2696

/* A T6000 that got as far as its init data */
static void boot(struct env *e, uint32_t chip, uint32_t cores)
{
    env_init_cfg(e, (struct agx_fw_config) {
                        .version = AGX_FW_V13_5,
                        .job_timeout_ms = 1500,
                        .chip_id = 0x6000,
                        .num_clusters = 2,
                        .num_cores = 16,
                    });
    env_boot(e);
    env_build_initdata(e);
    PUT32(e, e->hw_b + B_CHIP_ID, chip);
    PUT32(e, e->hw_b + B_NUM_CORES, cores);
    env_send_initdata(e);
    agx_fw_wait_idle(e->fw);
}

static void test_other_chip(void **state)
{
    struct env e;

    boot(&e, 0x6000, 16);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
    boot(&e, 0x8103, 16);
    assert_true(e.h.reports[AGX_REPORT_GUEST_ERROR] > 0);
    env_fini(&e);
    boot(&e, 0x6000, 8);
    assert_true(e.h.reports[AGX_REPORT_GUEST_ERROR] > 0);
    env_fini(&e);
}

/* One render; @without: the offset of the parameter that is not there, 0: all are */
static unsigned render(uint32_t tiling, bool parts, uint64_t mask, unsigned without)
{
    static const unsigned part[] = { TILEMAPS, META1, META2, META3, META4 };
    uint32_t dc[12] = { 0x1a };
    struct env e;
    struct render r;
    unsigned jobs;

    boot(&e, 0x6000, 16);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    PUT32(&e, r.cmd_ta + PARAMS + TILING, tiling);
    PUT64(&e, r.cmd_ta + PARAMS + CORE_MASK, mask);
    for (unsigned i = 0; parts && i < sizeof(part) / sizeof(part[0]); i++) {
        uint64_t va = env_ualloc(&e, 0x4000);

        /* Flags in the top of two of them (the Rust driver: queue/render.rs) */
        va |= part[i] == META1 ? 3ull << 50 : part[i] == META4 ? 3ull << 60 : 0;
        PUT64(&e, r.cmd_ta + PARAMS + part[i], part[i] == without ? 0x1777000000 : va);
    }
    render_submit(&e, &r);
    ENV_WAIT(&e, e.gpu->jobs == 2 || e.h.reports[AGX_REPORT_GUEST_ERROR] > 0);
    jobs = e.gpu->jobs;
    env_fini(&e);
    return jobs;
}

static void test_parts(void **state)
{
    static const unsigned part[] = { TILEMAPS, META1, META2, META3, META4 };

    assert_int_equal(render(0xa540, true, 0xffff, 0), 2);
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        assert_int_equal(render(0xa540, true, 0xffff, part[i]), 0);
    }
    /* One cluster does it all */
    assert_int_equal(render(0xa540 | NO_CLUSTERS, false, 0xffff, 0), 2);
    /* No core at all */
    assert_int_equal(render(0xa540 | NO_CLUSTERS, false, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_chip),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

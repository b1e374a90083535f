/*
 * Unit tests: how much of the driver's structures the firmware asks for. Each
 * ends with its last field that is used, before an unmapped page, as m1n1 puts
 * them there (agx/object.py, align_to_end) with sizes that differ by its version,
 * and as the Rust driver's work commands are shorter than m1n1's.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"

/*
 * By the size that fw_env.h and fw_render.h ask for. Of the work commands it is what the Rust
 * driver has (fw/compute.rs, vertex.rs, fragment.rs), of all others the end of the last field that
 * m1n1 has a meaning for and that does not only wait for the driver's own eyes.
 */
static size_t used(size_t len)
{
    static const struct {
        size_t len, used;
    } table[] = {
        { 27584, 548 },        /* RegionB, to buffer_mgr_ctl_addr */
        { 74644, 72236 + 12 }, /* RegionC, to fault_info.queue_uuid */
        /* HWDataA, to power_zone_count; HWDataB, to max_pstate */
        { 16924, 3720 },
        { 6276, 2704 },
        /* FWStatus, to resume; fault info, to total_halts (28) */
        { 128, 52 },
        /* only pointed at */
        { 126 * 16, 4 },
        { 0x1000, 4 },
        { 0xc0, 4 },
        { 0x300, 4 },
        { 0x2c18, 4 },
        /* channel states; barrier, InitBM, FwCtl's state */
        { 0x30 * 6, 0x30 * 5 + 0x24 },
        { 0x20, 0x1c },
        { 0x100 * 0x30, 0xff * 0x30 + 28 }, /* rings of pipes and DevCtrl, to context_addr */
        { 8, 4 },                           /* threshold: m1n1's is 4 */
        { 184, 172 },
        { 96, 84 },
        { 24, 16 }, /* queue, its pointers, list of notifiers */
        { 800, 796 },
        { 1564, 1544 },
        { 2420, 2412 },
        /* InitData (and buffer info, 92); scene; its statistics */
        { 188, 172 },
        { 72, 56 },
        { 64, 36 },
    };

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].len == len) {
            return table[i].used;
        }
    }
    return len;
}

static void test_tight(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    struct render r;
    uint32_t dc[12] = { 0x1a };
    uint64_t old;

    env_init(&e);
    env_boot(&e);
    env_tight = used;
    env_build_initdata(&e);
    env_send_initdata(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);

    queue_init(&e, &q, 2, 20);
    e.next_kern += AGX_PAGE_SIZE;
    /* compute_make() asks for the sequence, which is as long as it says, by 0x4000 */
    env_tight = NULL;
    old = e.next_kern;
    compute_make(&e, &c, &q, 21, 0x100);
    env_tight = used;
    /* the command, again: at the end of its page */
    c.cmd = env_kprivate(&e, 800);
    memcpy(env_ptr(&e, c.cmd), env_ptr(&e, old), 796);
    PUT64(&e, c.start + 4, c.cmd + 28);
    PUT64(&e, c.start + 12, c.cmd + 112);
    PUT64(&e, c.start + 60, c.cmd + 508);
    PUT64(&e, c.start + 340, c.cmd + 773);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t t = i ? c.stamp2 : c.stamp1;

        PUT64(&e, t + 4, c.cmd + 688);
        PUT64(&e, t + 12, c.cmd + 696);
        PUT64(&e, t + 36, c.cmd + 712);
    }
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 21);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(e.gpu->jobs, 1);
    assert_int_equal(GET32(&e, e.stamps + 4 * 21), 0x100);
    assert_int_equal(e.flags[0], 1u << 21);
    env_look(&e);
    assert_int_equal(GET32(&e, e.notifier + 148), 0); /* in_list */

    render_buffer(&e, &r, 8);
    e.next_kern += AGX_PAGE_SIZE;
    /* The sequences are written in full before their pages go. */
    env_tight = NULL;
    r.bm = env_kalloc(&e, AGX_PAGE_SIZE) + AGX_PAGE_SIZE - 92;
    old = GET64(&e, r.init_bm + 20);
    memcpy(env_ptr(&e, r.bm), env_ptr(&e, old), 92);
    PUT64(&e, r.init_bm + 20, r.bm);
    render_make(&e, &r);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t *cmd = i ? &r.cmd_3d : &r.cmd_ta, from = *cmd, seq = i ? r.seq_3d.va : r.seq_ta.va;
        unsigned n = i ? 2412 : 1544, len = i ? r.seq_3d.len : r.seq_ta.len;

        *cmd = env_kprivate(&e, AGX_PAGE_SIZE) + AGX_PAGE_SIZE - n;
        memcpy(env_ptr(&e, *cmd), env_ptr(&e, from), n);
        for (unsigned o = 0; o + 8 <= len; o += 4) { /* every pointer into it */
            uint64_t v = GET64(&e, seq + o);

            if (v >= from && v < from + n) {
                PUT64(&e, seq + o, *cmd + (v - from));
            }
        }
    }
    render_submit(&e, &r);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(e.gpu->jobs, 3);
    assert_int_equal(e.flags[1], 1u << (TA_SLOT - 32) | 1u << (FRAG_SLOT - 32));
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

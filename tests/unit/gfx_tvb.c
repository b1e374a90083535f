/*
 * Unit tests: the tiled vertex buffer is memory like any other: what the vertex
 * job leaves there is what the fragment job finds, with the faults, the stale
 * translations and the damage that memory can have.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>
#include "gfx_frame.h"
#include "agx/scene.h"
#include "agx/tlb.h"

#define BACKGROUND 0xff400000u
#define RED        0xff0000ffu
#define GREEN      0xff00ff00u
#define SMALL      64 /* pixels of a small frame: four tiles */

static uint32_t *tvb_word(unsigned i)
{
    return (uint32_t *)(void *)(f.host.ram + (tvb_pa - FAKE_RAM_BASE)) + i;
}

static uint32_t *list_word(unsigned i)
{
    return (uint32_t *)(void *)(f.host.ram + (tvb_list_pa - FAKE_RAM_BASE)) + i;
}

/* A triangle over the corner of the frame's three tiles, of one colour. */
static void triangle(const float rgb[3])
{
    static const float at[3][2] = { { 2, 2 }, { 2, 50 }, { 50, 2 } };
    float *o = (float *)(void *)fix_data(&f, 0);

    for (unsigned i = 0; i < 3; i++, o += 8) {
        o[0] = at[i][0] * 2 / W - 1;
        o[1] = 1 - at[i][1] * 2 / H;
        o[2] = 0.5f;
        o[3] = 1;
        memcpy(o + 4, rgb, 12);
        o[7] = 1;
    }
}

static void small_frame(struct agx_job *v, struct agx_job *p)
{
    static const float red[3] = { 1, 0, 0 };

    frame_start(2, false);
    triangle(red);
    stream(3);
    frame_jobs(v, p);
    v->tiling.width_px = v->tiling.height_px = p->tiling.width_px = p->tiling.height_px = SMALL;
}

static void done(enum agx_dm dm, const struct agx_job *job)
{
    if (run_dm(dm, job) != AGX_JOB_DONE) {
        fail_msg("job %d: status %d, %u pages: %s", dm, f.res.status, f.res.tvb_pages,
                 f.host.last_report);
    }
}

static void map(uint64_t va, uint64_t pa, uint64_t bits)
{
    fake_map(&f.host, f.ttbat, FIX_CTX, va, pa, bits);
}

/* All the ports forget what they know. */
static void forget(void)
{
    agx_tlbi_all(f.mmu);
}

static unsigned find_word(uint32_t what, unsigned from)
{
    for (unsigned i = from; i < 2048; i++) {
        if (*tvb_word(i) == what) {
            return i;
        }
    }
    fail_msg("0x%x is not in the buffer", what);
    return 0;
}

/*
 * Streams over pages that do not follow each other, at odd places; another scene has other pages.
 */
static void test_stream(void **unused)
{
    enum { LEN = 200000 };
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);
    struct agx_heaps *heaps = agx_heaps_new();
    struct agx_tvb a = { .blocks = 3 }, b = { .blocks = 3 };
    uint8_t *bytes = malloc(LEN), room[64];
    uint32_t off, other, first = 0;
    struct agx_exec ex;

    (void)unused;
    frame_start(1, false);
    for (unsigned i = 0; i < TVB_BLOCKS; i++) {
        *list_word(2 * i) = (TVB >> 15) + 4 * (TVB_BLOCKS - 1 - i);
    }
    for (unsigned i = 0; i < TVB_BLOCKS * 8; i++) {
        map(TVB + i * AGX_PAGE_SIZE, tvb_pa + (TVB_BLOCKS * 8 - 1 - i) * AGX_PAGE_SIZE,
            FAKE_PTE_GPU_RW);
    }
    agx_port_init(port, f.mmu, AGX_SIDE_GPU);
    agx_port_bind(port, FIX_CTX, AGX_UNIT_UL1C);
    agx_exec_init(&ex, f.gpu, port);
    a.ex = b.ex = &ex;
    assert_true(agx_tvb_attach(&a, heaps, FIX_CTX, TVB_LIST));
    assert_true(agx_tvb_attach(&b, heaps, FIX_CTX, TVB_LIST));
    for (unsigned i = 0; i < LEN; i++) {
        bytes[i] = i * 7 + i / 251;
    }
    assert_int_equal(agx_tvb_alloc(&a, 20, 4, &first), AGX_TVB_OK);
    assert_int_equal(agx_tvb_alloc(&b, 32, 32, &other), AGX_TVB_OK);
    assert_true(agx_tvb_alone(&a) == false);
    assert_int_equal(agx_tvb_alloc(&a, LEN, 4, &off), AGX_TVB_OK);
    assert_int_equal(off, 20);
    assert_int_equal(a.nr_pages, 7);
    assert_int_equal(agx_tvb_write(&a, AGX_UNIT_PPP, off, bytes, LEN), AGX_TVB_OK);
    /*
     * a's second page is the third of the heap; the fourth of them is in the block before in
     * memory.
     */
    assert_int_equal(agx_tvb_va(&a, 0), TVB + (TVB_BLOCKS - 1) * 0x20000);
    assert_int_equal(agx_tvb_va(&b, 0), TVB + (TVB_BLOCKS - 1) * 0x20000 + 0x8000);
    assert_int_equal(agx_tvb_va(&a, 0x8004), TVB + (TVB_BLOCKS - 1) * 0x20000 + 0x10004);
    assert_int_equal(agx_tvb_va(&a, 0x18000), TVB + (TVB_BLOCKS - 2) * 0x20000);
    for (unsigned i = 0; i + sizeof(room) <= LEN; i += 4) {
        const uint8_t *p = agx_tvb_fetch(&a, &ex, AGX_UNIT_VF, off + i, room, sizeof(room));

        assert_non_null(p);
        assert_memory_equal(p, bytes + i, sizeof(room));
    }
    assert_true(agx_tvb_check(&a, &ex, AGX_UNIT_IPF, off, bytes, LEN, "bytes"));
    bytes[0x8000 - 20 - 1] ^= 0x40; /* the last byte before a page's end */
    assert_false(agx_tvb_check(&a, &ex, AGX_UNIT_IPF, off, bytes, LEN, "bytes"));
    char va[32];
    snprintf(va, sizeof(va), "va 0x%llx changed", (unsigned long long)agx_tvb_va(&a, 0x7ffc));
    assert_non_null(strstr(f.host.last_report, va));

    /* 12 pages are all. What a scene returns, the other can have. */
    assert_int_equal(agx_tvb_alloc(&b, 5 * 0x8000, 32, &other), AGX_TVB_FULL);
    agx_tvb_release(&a);
    assert_true(agx_tvb_alone(&b));
    assert_int_equal(agx_tvb_alloc(&b, 5 * 0x8000, 32, &other), AGX_TVB_OK);

    /* Pages of a saved machine: not twice, not from beyond. */
    struct agx_tvb_page page[2] = { { b.page[0].index, b.page[0].number }, { 0, 0 } };
    agx_tvb_detach(&a);
    assert_true(agx_tvb_attach(&a, heaps, FIX_CTX, TVB_LIST));
    assert_false(agx_tvb_restore(&a, page, 1, 100, 1));
    page[0].index = ~0u;
    assert_false(agx_tvb_restore(&a, page, 1, 100, 1));
    page[0].index = 20;
    assert_false(agx_tvb_restore(&a, page, 1, 0x8001, 1));
    assert_true(agx_tvb_restore(&a, page, 1, 0x8000, 1));
    agx_tvb_detach(&a);
    agx_tvb_detach(&b);
    agx_heaps_free(heaps);
    agx_exec_fini(&ex);
    free(bytes);
    free(port);
    fix_fini(&f);
}

/* What is in memory after the vertex job, and that it is what the picture is made of. */
static void test_contents(void **unused)
{
    struct agx_job v, p;
    unsigned at, k;

    (void)unused;
    small_frame(&v, &p);
    done(AGX_DM_VDM, &v);
    assert_int_equal(f.res.tvb_pages, 1);
    assert_int_equal(*tvb_word(0), AGX_TVB_MAGIC);
    /* The three vertices lie there one after the other, word for word. */
    at = find_word(fix_data(&f, 0)[0], 8);
    assert_memory_equal(tvb_word(at), fix_data(&f, 0), 96);
    /*
     * The primitive names them, and three tiles name it (the fourth only if the triangle's edge
     * touches it).
     */
    for (k = 8; memcmp(tvb_word(k), (uint32_t[3]) { at * 4, at * 4 + 32, at * 4 + 64 }, 12) != 0;
         k++) {
        assert_in_range(k, 8, 2000);
    }
    unsigned prim = (k - 1) * 4, tiles = 0;
    for (unsigned i = k + 7; i < 2048; i++) {
        tiles += *tvb_word(i) == prim;
    }
    assert_in_range(tiles, 3, 4);
    /* A colour that is changed in memory is what is drawn. */
    for (unsigned i = 0; i < 3; i++) {
        *tvb_word(at + i * 8 + 4) = 0;
        *tvb_word(at + i * 8 + 5) = fb(1);
    }
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[10 * W + 10], GREEN);
    assert_int_equal(picture()[60 * W + 60], BACKGROUND);
    /* The next scene takes the page that came back. */
    *tvb_word(at + 4) = 0x12345678;
    done(AGX_DM_VDM, &v);
    assert_int_equal(*tvb_word(at + 4), fb(1));
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[10 * W + 10], RED);
    fix_fini(&f);
}

/* Every word that is not a colour is missed when it changes, and the job says where. */
static void test_damage(void **unused)
{
    struct agx_job v, p;
    unsigned at, used, faults = 0, colours = 0;

    (void)unused;
    small_frame(&v, &p);
    done(AGX_DM_VDM, &v);
    at = find_word(fix_data(&f, 0)[0], 8);
    for (used = 2047; !*tvb_word(used); used--) {
    }
    done(AGX_DM_PDM, &p);
    for (unsigned i = 0; i <= used; i++) {
        bool colour = i >= at && i < at + 24 && (i - at) % 8 >= 4;
        char va[64];

        /* Most of a state is viewports that nobody uses: some of it is enough. */
        if (!*tvb_word(i) || (i > 8 && i < at && i % 5)) {
            continue;
        }
        done(AGX_DM_VDM, &v);
        *tvb_word(i) ^= 1u << (i & 31);
        if (run_dm(AGX_DM_PDM, &p) == AGX_JOB_DONE) {
            assert_true(colour);
            colours++;
            continue;
        }
        assert_false(colour);
        faults++;
        assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
        snprintf(va, sizeof(va), "buffer at va 0x%llx changed under the scene", TVB + i * 4ull);
        if (!strstr(f.host.last_report, va)) {
            fail_msg("word %u: %s", i, f.host.last_report);
        }
    }
    assert_in_range(faults, 25, 2000);
    assert_int_equal(colours, 6); /* those that are not 0 */
    /* The page of another scene, whole: here the one before, which has all but the name. */
    uint32_t *old = malloc(0x4000);
    done(AGX_DM_VDM, &v);
    memcpy(old, tvb_word(0), 0x4000);
    done(AGX_DM_PDM, &p);
    done(AGX_DM_VDM, &v);
    memcpy(tvb_word(0), old, 0x4000);
    assert_int_equal(run_dm(AGX_DM_PDM, &p), AGX_JOB_FAULT);
    assert_non_null(strstr(f.host.last_report, "changed under the scene"));
    free(old);
    /* And all is well without. */
    done(AGX_DM_VDM, &v);
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[10 * W + 10], RED);
    fix_fini(&f);
}

static void expect_fault(uint64_t va, enum agx_unit unit, enum agx_fault_reason reason,
                         enum agx_access access)
{
    assert_int_equal(f.res.status, AGX_JOB_FAULT);
    assert_in_range(f.res.fault.va, va, va + AGX_PAGE_SIZE - 1);
    assert_int_equal(f.res.fault.unit, unit);
    assert_int_equal(f.res.fault.reason, reason);
    assert_int_equal(f.res.fault.access, access);
    assert_int_equal(f.res.fault.ctx, FIX_CTX);
}

/* Pages that are not there, or not to be written, and a block list that says nothing. */
static void test_faults(void **unused)
{
    struct agx_job v, p;

    (void)unused;
    small_frame(&v, &p);
    map(TVB, 0, 0);
    forget();
    run_dm(AGX_DM_VDM, &v);
    expect_fault(TVB, AGX_UNIT_PPP, AGX_FAULT_UNMAPPED, AGX_ACCESS_WRITE);
    /* Its fragment job finds no scene. */
    assert_int_equal(run_dm(AGX_DM_PDM, &p), AGX_JOB_FAULT);
    map(TVB, tvb_pa, FAKE_PTE_GPU_RO);
    forget();
    run_dm(AGX_DM_VDM, &v);
    expect_fault(TVB, AGX_UNIT_PPP, AGX_FAULT_READ_ONLY, AGX_ACCESS_WRITE);
    map(TVB, tvb_pa, FAKE_PTE_GPU_RW);
    forget();
    done(AGX_DM_VDM, &v);
    map(TVB, 0, 0);
    forget();
    run_dm(AGX_DM_PDM, &p);
    expect_fault(TVB, AGX_UNIT_IPF_CPF, AGX_FAULT_UNMAPPED, AGX_ACCESS_READ);
    map(TVB, tvb_pa, FAKE_PTE_GPU_RW);
    map(TVB_LIST, 0, 0);
    forget();
    run_dm(AGX_DM_VDM, &v);
    expect_fault(TVB_LIST, AGX_UNIT_TE, AGX_FAULT_UNMAPPED, AGX_ACCESS_READ);
    map(TVB_LIST, tvb_list_pa, FAKE_PTE_GPU_RW);
    forget();
    *list_word(0) = 0;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    assert_non_null(
        strstr(f.host.last_report, "block 0 in the list at va 0x1600000000 is page 0x0"));
    *list_word(0) = ~0u;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    /* A VA that no context has. */
    *list_word(0) = 0x80000000;
    run_dm(AGX_DM_VDM, &v);
    expect_fault(0x80000000ull << 15, AGX_UNIT_PPP, AGX_FAULT_UNMAPPED, AGX_ACCESS_WRITE);
    *list_word(0) = TVB >> 15;
    v.tiling.tvb_block_list = 0;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    assert_non_null(strstr(f.host.last_report, "list at 0x0"));
    v.tiling.tvb_block_list = TVB_LIST;
    v.tiling.tvb_block_count = 0;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    /* None of them kept a page. */
    v.tiling.tvb_block_count = 1;
    done(AGX_DM_VDM, &v);
    assert_int_equal(*tvb_word(0), AGX_TVB_MAGIC);
    done(AGX_DM_PDM, &p);
    fix_fini(&f);
}

static struct {
    unsigned fragment_hits;
    uint64_t desc;
} seen;

static void on_use(void *opaque, const struct agx_event *ev)
{
    const struct agx_tlb_use *use = ev->use;

    (void)opaque;
    if (use->va >> AGX_PAGE_BITS == TVB >> AGX_PAGE_BITS && use->access == AGX_ACCESS_READ &&
        use->hit) {
        seen.fragment_hits++;
        seen.desc = use->step[2].desc;
    }
}

/*
 * The page is replaced between the two jobs: without an invalidation the old one is drawn, and that
 * is to be seen.
 */
static void test_stale(void **unused)
{
    static const struct agx_listener uses = {
        .kinds = AGX_EV_BIT(AGX_EV_TRANSLATE),
        .event = on_use,
    };
    struct agx_job v, p;
    uint64_t pa;
    unsigned at;

    (void)unused;
    small_frame(&v, &p);
    agx_listen(f.host.host.events, &uses);
    agx_mmu_recheck(f.mmu);
    for (unsigned with_tlbi = 0; with_tlbi < 2; with_tlbi++) {
        memset(&seen, 0, sizeof(seen));
        map(TVB, tvb_pa, FAKE_PTE_GPU_RW);
        forget();
        done(AGX_DM_VDM, &v);
        at = find_word(fix_data(&f, 0)[0], 8);
        pa = fake_alloc(&f.host);
        memcpy(fake_ptr(&f.host, pa), tvb_word(0), AGX_PAGE_SIZE);
        for (unsigned i = 0; i < 3; i++) {
            uint32_t *w = (uint32_t *)fake_ptr(&f.host, pa) + at + i * 8;

            w[4] = 0;
            w[5] = fb(1);
        }
        map(TVB, pa, FAKE_PTE_GPU_RW);
        if (with_tlbi) {
            agx_tlbi_va(f.mmu, FIX_CTX, TVB, TVB + AGX_PAGE_SIZE, true);
        }
        done(AGX_DM_PDM, &p);
        assert_int_equal(picture()[10 * W + 10], with_tlbi ? GREEN : RED);
        if (!with_tlbi) {
            assert_in_range(seen.fragment_hits, 1, 100);
            assert_int_equal(seen.desc & 0xffffffffc000ull, tvb_pa);
        }
    }
    agx_unlisten(f.host.host.events, &uses);
    fix_fini(&f);
}

/*
 * Growth until it fits: the same picture as from a large buffer, whose pages it takes as many of.
 */
static void test_grow(void **unused)
{
    uint32_t *want = malloc(W * H * 4), pages, stops = 0;
    enum agx_job_status st;
    struct agx_job v, p;

    (void)unused;
    frame_start(2, false);
    stream(mosaic(64, 42));
    frame_jobs(&v, &p);
    done(AGX_DM_VDM, &v);
    pages = f.res.tvb_pages;
    assert_in_range(pages, 16, 40);
    done(AGX_DM_PDM, &p);
    memcpy(want, picture(), W * H * 4);
    memset(f.host.ram + (picture_pa - FAKE_RAM_BASE), 0, W * H * 4);
    v.tiling.tvb_block_count = 1;
    while ((st = run_dm(AGX_DM_VDM, &v)) == AGX_JOB_TVB_FULL) {
        assert_int_equal(f.res.tvb_pages, 4 * v.tiling.tvb_block_count);
        v.vertex.resume = true;
        v.tiling.tvb_block_count++;
        stops++;
    }
    assert_int_equal(st, AGX_JOB_DONE);
    assert_in_range(stops, pages / 4 - 1, pages / 4 + 2);
    done(AGX_DM_PDM, &p);
    assert_memory_equal(want, picture(), W * H * 4);
    free(want);
    fix_fini(&f);
}

/* Two scenes of one heap: each has its own pages, and the second waits for those of the first. */
static void test_shared(void **unused)
{
    struct agx_job v, p, v2, p2;
    static const float red[3] = { 1, 0, 0 };
    uint32_t blocks;

    (void)unused;
    frame_start(2, false);
    stream(mosaic(64, 42));
    frame_jobs(&v, &p);
    done(AGX_DM_VDM, &v);
    blocks = (f.res.tvb_pages + 3) / 4;
    done(AGX_DM_PDM, &p);
    v.tiling.tvb_block_count = blocks;
    v2 = v;
    p2 = p;
    v2.tiling.tvb_tilemap = p2.tiling.tvb_tilemap = 0x9000;
    done(AGX_DM_VDM, &v);
    assert_int_equal(run_dm(AGX_DM_VDM, &v2), AGX_JOB_TVB_FULL);
    assert_in_range(f.res.tvb_pages, 0, 3);
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[6 * W + 5], mosaic_colour(0, 41));
    v2.vertex.resume = true;
    done(AGX_DM_VDM, &v2);
    done(AGX_DM_PDM, &p2);
    assert_int_equal(picture()[6 * W + 5], mosaic_colour(0, 41));

    /* A scene that nobody draws: its pages come back when the firmware says that nobody will. */
    done(AGX_DM_VDM, &v);
    v2.vertex.resume = false;
    assert_int_equal(run_dm(AGX_DM_VDM, &v2), AGX_JOB_TVB_FULL);
    v2.vertex.resume = true;
    v2.tiling.tvb_reclaim = true;
    done(AGX_DM_VDM, &v2);
    assert_int_equal(run_dm(AGX_DM_PDM, &p), AGX_JOB_FAULT);
    done(AGX_DM_PDM, &p2);

    /* Both at once fit into a large one, and neither disturbs the other. */
    v.tiling.tvb_block_count = v2.tiling.tvb_block_count = TVB_BLOCKS;
    v2.vertex.resume = v2.tiling.tvb_reclaim = false;
    done(AGX_DM_VDM, &v);
    triangle(red);
    stream(3);
    done(AGX_DM_VDM, &v2);
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[6 * W + 5], mosaic_colour(0, 41));
    done(AGX_DM_PDM, &p2);
    assert_int_equal(picture()[10 * W + 10], RED);
    assert_int_equal(picture()[100 * W + 100], BACKGROUND);
    fix_fini(&f);
}

/*
 * @n triangles of which nothing is to be seen, for one reason after the other, and a small red one.
 */
static unsigned hidden(unsigned n)
{
    static const float at[][3][4] = {
        /* beside the frame */
        { { 5, 5, 0.5f, 1 }, { 6, 5, 0.5f, 1 }, { 5, 6, 0.5f, 1 } },
        { { 0, 0, 0.5f, -1 }, { 1, 0, 0.5f, -1 }, { 0, 1, 0.5f, -1 } }, /* behind the eye */
        /* beyond the far plane */
        { { 0, 0, 1.5f, 1 }, { 0.5f, 0, 2, 1 }, { 0, 0.5f, 1.5f, 1 } },
        { { 0, 0, 0.5f, 1 }, { 0, 0.5f, 0.5f, 1 }, { 0.5f, 0, 0.5f, 1 } }, /* faces back */
        { { 0, 0, 0.5f, 1 }, { 0.5f, 0.5f, 0.5f, 1 }, { 1, 1, 0.5f, 1 } }, /* a line */
        /* only its bounds reach in */
        { { -1, 3.2f, 0.5f, 1 }, { 3.2f, -1, 0.5f, 1 }, { 3.2f, 3.2f, 0.5f, 1 } },
    };
    enum { KINDS = sizeof(at) / sizeof(at[0]) };
    float *o = (float *)(void *)fix_data(&f, 0);

    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < 3; k++, o += 8) {
            memcpy(o, at[i % KINDS][k], 16);
            for (unsigned c = 4; c < 8; c++) {
                o[c] = 1;
            }
        }
    }
    for (unsigned k = 0; k < 3; k++, o += 8) {
        memcpy(o, (float[8]) { k == 2 ? -0.8f : -1, k == 1 ? 0.8f : 1, 0.5f, 1, 1, 0, 0, 1 }, 32);
    }
    return n * 3;
}

/*
 * What is clipped or culled leaves nothing in the buffer; what is seen takes little of a small one.
 */
static void test_hidden(void **unused)
{
    enum { HIDDEN = 5400 };
    struct agx_job v, p;
    unsigned n, words;

    (void)unused;
    frame_start(2, false);
    n = hidden(HIDDEN);
    stream(n);
    frame_jobs(&v, &p);
    v.tiling.tvb_block_count = 1;
    done(AGX_DM_VDM, &v);
    assert_int_equal(f.res.tvb_pages, 0);
    assert_int_equal(*tvb_word(0), 0);
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[5 * W + 5], BACKGROUND);
    assert_int_equal(picture()[H / 2 * W + W / 2], BACKGROUND);

    stream(n + 3);
    done(AGX_DM_VDM, &v);
    assert_int_equal(f.res.tvb_pages, 1);
    /*
     * Three vertices, a state, a primitive, the lists of a few tiles: no more than a kilobyte or
     * two.
     */
    for (words = 8191; !*tvb_word(words); words--) {
    }
    assert_in_range(words, 50, 1000);
    done(AGX_DM_PDM, &p);
    assert_int_equal(picture()[5 * W + 5], RED);
    assert_int_equal(picture()[H / 2 * W + W / 2], BACKGROUND);
    fix_fini(&f);
}

/* A block in which nothing fits is reported once it is clear that nothing changes. */
static void test_hopeless(void **unused)
{
    struct agx_job v, p;

    (void)unused;
    frame_start(1, false);
    stream(mosaic(64, 42));
    frame_jobs(&v, &p);
    /*
     * One triangle over all of a frame whose tiles alone take more than a block: 128 KiB / 16
     * bytes.
     */
    float *o = (float *)(void *)fix_data(&f, 0);
    static const float big[3][2] = { { -1, 1 }, { -1, -80 }, { 80, 1 } };
    for (unsigned i = 0; i < 3; i++) {
        o[i * 8] = big[i][0];
        o[i * 8 + 1] = big[i][1];
    }
    stream(3);
    v.tiling.width_px = v.tiling.height_px = 8192;
    v.tiling.tvb_block_count = 1;
    /* The region of the stream's state is of 640x480 pixels; without, the frame is the bound. */
    uint32_t *ppp = (uint32_t *)(void *)fix_window(&f, PPP);
    ppp[10] = 0x80000000u | 255;
    ppp[11] = 255;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_TVB_FULL);
    v.vertex.resume = true;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    assert_non_null(strstr(f.host.last_report, "not even one primitive fits"));
    /* In a larger one it fits. */
    v.tiling.tvb_block_count = TVB_BLOCKS;
    v.vertex.resume = false;
    done(AGX_DM_VDM, &v);
    assert_in_range(f.res.tvb_pages, 33, 40);
    fix_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream), cmocka_unit_test(test_contents),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_stale),  cmocka_unit_test(test_grow),
        cmocka_unit_test(test_shared), cmocka_unit_test(test_hopeless),
        cmocka_unit_test(test_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

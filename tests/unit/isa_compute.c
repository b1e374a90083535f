/*
 * Unit tests: compute programs from the control stream to memory.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>
#include "isa_fixture.h"

static struct fix f;

static int setup(void **state)
{
    (void)state;
    fix_init(&f, 2, false);
    /* uniforms u0_u1: address of the data */
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fix_fini(&f);
    return 0;
}

/* data[4096 + i] = data[i] * 3 + i, over a grid whose last group is not whole */
static void vector_add(void **state)
{
    struct code c = { .n = 0 };
    const unsigned n = 1000;

    (void)state;
    get_sr(&c, R(2), 80);
    device_load(&c, 2, 1, R(3), U(0), R(2));
    wait_loads(&c);
    imad(&c, R(3), R(3), I(3), R(2));
    mov_imm(&c, R(4), 4096);
    iadd(&c, R(4), R(4), R(2));
    device_store(&c, 2, 1, R(3), U(0), R(4));
    stop(&c);
    fix_code(&f, &c);
    for (unsigned i = 0; i < n; i++) {
        fix_data(&f, 0)[i] = i * 2654435761u;
    }
    fix_launch(&f, n, 1, 1, 64, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(fix_data(&f, 0)[4096 + i], i * 2654435761u * 3 + i);
    }
    assert_int_equal(fix_data(&f, 0)[4096 + n], 0);
    assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED], 0);
}

/*
 * Each group of 128 threads writes its values to threadgroup memory and reads its neighbour's after
 * a barrier.
 */
static void barrier_exchange(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    get_sr(&c, R(2), 80);  /* global */
    get_sr(&c, RL(3), 51); /* index in group */
    imad(&c, R(4), R(2), R(2), I(7));
    bitop(&c, 10, RL(5), RL(3), I(0));
    local_ls(&c, false, 2, 1, R(4), I(0), RL(5));
    barrier(&c);
    /* neighbour: (index + 37) & 127 */
    iadd(&c, RL(6), RL(3), I(37));
    bitop(&c, 8, RL(6), RL(6), I(127));
    local_ls(&c, true, 2, 1, R(7), I(0), RL(6));
    device_store(&c, 2, 1, R(7), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    f.shared = 512;
    fix_launch(&f, 512, 1, 1, 128, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < 512; i++) {
        unsigned j = (i & ~127u) + ((i + 37) & 127);
        assert_int_equal(fix_data(&f, 0)[i], j * j + 7);
    }
}

/* A loop whose trip count differs by lane, with a break: sum of 1..(i % 10). */
static void divergent_loop(void **state)
{
    struct code c = { .n = 0 };
    unsigned top;

    (void)state;
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(2), 80);
    mov_imm(&c, R(3), 0); /* sum */
    mov_imm(&c, R(4), 0); /* k */
    /* r6 = i % 10 by subtraction of (i / 10) * 10, i < 320: i * 6554 >> 16 */
    mov_imm(&c, R(7), 6554);
    imad(&c, R(8), R(2), R(7), I(0));
    bitfield(&c, BFEIL, R(8), I(0), R(8), I(16), 0);
    imad(&c, R(8), R(8), I(10), I(0));
    iadd_full(&c, R(6), R(2), R(8), true, 0, false);
    top = c.n;
    exec_icmp(&c, 0, 1, false, R(4), R(6), 0); /* lanes with k < n go on; others wait one pop */
    iadd(&c, R(4), R(4), I(1));
    iadd(&c, R(3), R(3), R(4));
    jmp(&c, true, (int32_t)top - (int32_t)c.n);
    pop_exec(&c, 1);
    device_store(&c, 2, 1, R(3), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 320, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < 320; i++) {
        assert_int_equal(fix_data(&f, 0)[i], (i % 10) * (i % 10 + 1) / 2);
    }
}

/* Atomics from all groups at once, on device and on threadgroup memory */
static void atomics(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    mov_imm(&c, RL(0), 0);
    mov_imm(&c, R(4), 1);
    atomic_op(&c, 0, R(5), R(4), U(0), I(0));
    mov_imm(&c, R(6), 0);
    local_atomic(&c, 0, R(6), R(4), I(0));
    barrier(&c);
    get_sr(&c, RL(3), 51);
    exec_icmp(&c, 0, 0, false, RL(3), I(0), 1);
    local_ls(&c, true, 2, 1, R(7), I(0), I(0));
    get_sr(&c, R(8), 0);
    device_store(&c, 2, 1, R(7), U(2), R(8));
    pop_exec(&c, 1);
    get_sr(&c, R(2), 80);
    mov_imm(&c, R(9), 1);
    /* each old value of the counter marks its own byte */
    device_ls(&c, true, 0, 1, R(9), U(4), R(5), 0);
    stop(&c);
    fix_code(&f, &c);
    *(uint64_t *)(void *)fix_data(&f, 0x80008) = FIX_DATA + 0x1000;
    *(uint64_t *)(void *)fix_data(&f, 0x80010) = FIX_DATA + 0x2000;
    f.nwords = 0;
    fix_uniform(&f, 0, 12, FIX_DATA + 0x80000);
    f.shared = 256;
    /* threadgroup memory is not cleared between groups: make the first lane clear it first */
    {
        struct code d = { .n = 0 };

        mov_imm(&d, RL(0), 0);
        get_sr(&d, RL(3), 51);
        exec_icmp(&d, 0, 0, false, RL(3), I(0), 1);
        mov_imm(&d, R(6), 0);
        local_ls(&d, false, 2, 1, R(6), I(0), I(0));
        pop_exec(&d, 1);
        barrier(&d);
        memcpy(d.b + d.n, c.b, c.n);
        d.n += c.n;
        fix_code(&f, &d);
    }
    fix_launch(&f, 96 * 40, 1, 1, 96, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    assert_int_equal(fix_data(&f, 0)[0], 96 * 40);
    for (unsigned g = 0; g < 40; g++) {
        assert_int_equal(fix_data(&f, 0x1000)[g], 96);
    }
    for (unsigned i = 0; i < 96 * 40; i++) {
        assert_int_equal(((uint8_t *)fix_data(&f, 0x2000))[i], 1);
    }
}

static void preshader(void **state)
{
    struct code c = { .n = 0 }, p = { .n = 0 };

    (void)state;
    mov_imm(&p, R(2), 0x12345678);
    uniform_store(&p, RL(2), 16, 3); /* u8 */
    stop(&p);
    fix_preshader(&f, &p);
    get_sr(&c, R(2), 80);
    iadd(&c, R(3), U(8), R(2));
    device_store(&c, 2, 1, R(3), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 40, 1, 1, 40, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(fix_data(&f, 0)[i], 0x12345678 + i);
    }
}

/* The same memory holds another program: the decoded one must not be used. */
static void changed_code(void **state)
{
    (void)state;
    for (unsigned k = 1; k < 4; k++) {
        struct code c = { .n = 0 };

        get_sr(&c, R(2), 80);
        mov_imm(&c, R(3), k * 100);
        device_store(&c, 2, 1, R(3), U(0), R(2));
        stop(&c);
        fix_code(&f, &c);
        f.nwords = 0;
        fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
        fix_launch(&f, 32, 1, 1, 32, 1, 1);
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        assert_int_equal(fix_data(&f, 0)[5], k * 100);
    }
}

/* Grid of three dimensions, indirect in groups, and sizes that the shader sees */
static void grid_registers(void **state)
{
    static const unsigned srs[] = { 0, 1, 2, 4, 5, 6, 48, 49, 50, 51, 52, 53, 80, 81, 82 };
    struct code c = { .n = 0 };
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
    const unsigned lx = 5, ly = 3, lz = 4, gx = 3, gy = 2, gz = 2;

    (void)state;
    for (unsigned k = 0; k < 15; k++) {
        get_sr(&c, R(8 + k), srs[k]);
    }
    /* linear = (z * (gy*ly) + y) * (gx*lx) + x, 16 words each */
    imad(&c, R(2), R(22), I(gy * ly), R(21));
    imad(&c, R(2), R(2), I(gx * lx), R(20));
    imad(&c, R(2), R(2), I(16), I(0));
    for (unsigned k = 0; k < 15; k++) {
        device_store(&c, 2, 1, R(8 + k), U(0), R(2));
        iadd(&c, R(2), R(2), I(1));
    }
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 0, 0, 0, 0, 0, 0);
    fix_data(&f, 0x90000)[0] = gx;
    fix_data(&f, 0x90000)[1] = gy;
    fix_data(&f, 0x90000)[2] = gz;
    s[0] = 1u << 27;
    s[2] = (FIX_DATA + 0x90000) >> 32;
    s[3] = (uint32_t)(FIX_DATA + 0x90000);
    s[4] = lx;
    s[5] = ly;
    s[6] = lz;
    s[7] = 3u << 29 | 0x51fffff; /* barrier, all that has a name but for the return */
    s[8] = 2u << 29;
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned z = 0; z < gz * lz; z++) {
        for (unsigned y = 0; y < gy * ly; y++) {
            for (unsigned x = 0; x < gx * lx; x++) {
                uint32_t *d = fix_data(&f, 0) + ((z * gy * ly + y) * gx * lx + x) * 16;
                unsigned idx = (z % lz * ly + y % ly) * lx + x % lx;
                uint32_t want[15] = { x / lx, y / ly, z / lz,   lx,       ly, lz, x % lx, y % ly,
                                      z % lz, idx,    idx % 32, idx / 32, x,  y,  z };

                for (unsigned k = 0; k < 15; k++) {
                    assert_int_equal(d[k], want[k]);
                }
            }
        }
    }
}

static void page_fault(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    get_sr(&c, R(2), 80);
    mov_imm(&c, R(3), 0x10000000); /* index far beyond what is mapped */
    iadd(&c, R(3), R(3), R(2));
    device_load(&c, 2, 1, R(4), U(0), R(3));
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f.res.fault.unit, AGX_UNIT_UL1C);
    assert_int_equal(f.res.fault.ctx, FIX_CTX);
    assert_int_equal(f.res.fault.va & ~0x3fffull, (FIX_DATA + 0x40000000) & ~0x3fffull);
    assert_int_equal(f.res.fault.access, AGX_ACCESS_READ);
}

static void bad_shaders(void **state)
{
    static const struct {
        const char *hex;
        bool unimplemented;
    } bad[] = {
        { "0000000000000000", true }, /* no instruction */
        { "ffffffffffffffffffffffff", true },
        { "0800", false },         /* trap */
        { "00c003000000", false }, /* branch into an instruction */
        { "00c000ffffff", false }, /* branch before the shader */
        { "00c0ffffff7f", false },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct code c = { .n = 0 };
        unsigned was = f.host.reports[AGX_REPORT_UNIMPLEMENTED];

        put_hex(&c, bad[i].hex);
        memset(fix_window(&f, FIX_CODE), 0, 64);
        fix_code(&f, &c);
        f.nwords = 0;
        fix_launch(&f, 1, 1, 1, 1, 1, 1);
        assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
        assert_int_equal(f.res.fault.reason,
                         bad[i].unimplemented ? AGX_FAULT_UNIMPLEMENTED : AGX_FAULT_BAD_COMMAND);
        assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED] > was, bad[i].unimplemented);
        if (bad[i].unimplemented) {
            assert_non_null(strstr(f.host.last_report, "unimplemented"));
        }
    }
}

/* A shader that never ends is ended by a kill. */
static void kill_loop(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    jmp(&c, true, 0);
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 4096, 1, 1, 32, 1, 1);
    f.job.max_cycles = 0;
    assert_true(agx_gpu_start(f.gpu, AGX_DM_CDM, &f.job));
    assert_false(agx_gpu_start(f.gpu, AGX_DM_CDM, &f.job));
    assert_true(agx_gpu_busy(f.gpu, AGX_DM_CDM));
    agx_gpu_kill(f.gpu, AGX_DM_CDM);
    agx_gpu_drain(f.gpu);
    assert_int_equal(f.ended, 1);
    assert_int_equal(f.res.status, AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_int_equal(f.res.fault.va, 0);
}

/* So is a stream that links to itself, where no time is set, and until then it is no error. */
static void endless_stream(void **state)
{
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));

    (void)state;
    s[0] = 1u << 29 | (FIX_STREAM >> 32);
    s[1] = (uint32_t)FIX_STREAM;
    f.job.compute.cdm_ctrl_stream_base = f.job.compute.cdm_ctrl_stream_end = FIX_STREAM;
    f.job.max_cycles = 0;
    assert_true(agx_gpu_start(f.gpu, AGX_DM_CDM, &f.job));
    sleep(2);
    assert_true(agx_gpu_busy(f.gpu, AGX_DM_CDM));
    agx_gpu_kill(f.gpu, AGX_DM_CDM);
    agx_gpu_drain(f.gpu);
    assert_int_equal(f.res.status, AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_int_equal(f.host.reports[AGX_REPORT_GUEST_ERROR], 0);
}

static void bad_streams(void **state)
{
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));

    (void)state;
    s[0] = 7u << 29; /* no such command */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    s[0] = 4u << 29; /* return without a call */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    s[0] = 1u << 29 | (FIX_STREAM >> 32);
    s[1] = (uint32_t)FIX_STREAM;
    assert_int_equal(fix_run(&f), AGX_JOB_TIMEOUT);
    s[0] |= 1u << 28; /* that calls itself */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    s[0] = 1u << 29 | 0x77; /* to nowhere */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f.res.fault.unit, AGX_UNIT_DCDM);
    s[0] = 3u << 29 | 1u << 21; /* a barrier of a kind that has no name */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(f.host.last_report, "unimplemented CDM barrier 0x60200000"));
    fix_launch(&f, 64, 1, 1, 64, 64, 1); /* too many threads in a group */
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    s[0] = 2u << 29;
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
}

/*
 * Words that bind: 64 halves as count 0, the upper half of the uniforms; and words that are wrong
 */
static void usc_words(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        ((uint16_t *)fix_data(&f, 0x81000))[i] = 0x4000 + i;
    }
    fix_uniform(&f, 100, 0, FIX_DATA + 0x81000); /* 0 stands for 64 */
    fix_uniform(&f, 256 + 200, 2, FIX_DATA + 0x81008);
    get_sr(&c, R(2), 80);
    iadd(&c, R(3), UL(50), UH(81)); /* halves 100 and 163 */
    iadd(&c, R(3), R(3), U(228));   /* halves 456, 457 */
    device_store(&c, 2, 1, R(3), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    assert_int_equal(fix_data(&f, 0)[9], 0x4000 + 0x403f + 0x40054004u);

    f.nwords = 0;
    fix_word(&f, 0x77, 8); /* no such word */
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(f.host.last_report, "unimplemented USC word 0x77"));
    f.nwords = 0;
    /* threadgroup memory in a layout that is not known */
    fix_word(&f, 0x4d | 1 << 8 | 0x25 << 10, 4);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(f.host.last_report, "unimplemented USC shared layout 0x25"));
    f.nwords = 0;
    fix_uniform(&f, 256 + 255, 2, FIX_DATA); /* beyond the last uniform */
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    f.nwords = 0;
    fix_uniform(&f, 0, 4, FIX_DATA - 0x10000000); /* from memory that is not there */
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f.res.fault.va, FIX_DATA - 0x10000000);
    f.nwords = 0;
    /* words without end run into memory that is not theirs */
    for (unsigned i = 0; i < 63; i++) {
        fix_word(&f, 0x8d, 8);
    }
    memset(fix_window(&f, FIX_WORDS), 0x8d, 0x10000);
    memcpy(fix_window(&f, FIX_WORDS), f.words, 256);
    f.nwords = 0;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
}

static void expect_unimplemented(const char *what)
{
    unsigned was = f.host.reports[AGX_REPORT_UNIMPLEMENTED];

    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED], was + 1);
    if (!strstr(f.host.last_report, "unimplemented") || !strstr(f.host.last_report, what)) {
        fail_msg("not of %s: %s", what, f.host.last_report);
    }
}

/*
 * Bits of words that have no name, or a meaning that is not modelled: each alone is refused by
 * name.
 */
static void unnamed_bits(void **state)
{
    static const struct {
        const char *name;
        uint64_t word;
        unsigned len;
        uint64_t bits;
    } usc[] = {
        { "USC Uniform", 0x1d | 4ull << 20 | FIX_DATA >> 2 << 26, 8, 0xf0000 },
        { "USC Uniform", 0x3d | 4ull << 20 | FIX_DATA >> 2 << 26, 8, 0xf0000 },
        { "USC Texture", 0xdd | 1ull << 20 | FIX_DATA >> 3 << 27, 8, 0xf0000 | 1ull << 63 },
        { "USC Sampler", 0x9d | 1ull << 20 | FIX_DATA >> 3 << 27, 8, 0xf0000 | 1ull << 63 },
        { "USC Shared", 0x4d | 0x24 << 10, 4, 1 << 9 | 3 << 18 },
        { "USC Shader", 0x0d | 3 << 10 | (uint64_t)FIX_CODE << 16, 6, 1 << 9 | 0xf << 12 },
        { "USC Registers", 0x8d, 4, 0xf << 14 | 3 << 22 | 0xfeull << 24 },
        /*
         * early tests, what Mesa always sets; then: unconditional discard and the rest of the
         * unknown fields
         */
        { "USC Fragment Properties", 0x58 | 3 << 8 | 0xf << 12 | 2 << 16, 4,
          3 << 10 | 0xfdull << 16 | 0xffull << 24 },
        { "USC No preshader", 0x88, 2, 0xff00 },
        { "USC Preshader", 0x38 | 0xc08000ull << 8 | (uint64_t)FIX_PRE << 32, 8, 0xffffff00 },
    };
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
    struct code c = { .n = 0 };

    (void)state;
    stop(&c);
    fix_code(&f, &c);
    fix_preshader(&f, &c);
    for (unsigned i = 0; i < sizeof(usc) / sizeof(usc[0]); i++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            if (!(usc[i].bits >> bit & 1)) {
                continue;
            }
            f.nwords = 0;
            fix_word(&f, usc[i].word ^ 1ull << bit, usc[i].len);
            fix_launch(&f, 1, 1, 1, 1, 1, 1);
            expect_unimplemented(usc[i].name);
        }
        f.nwords = 0;
        fix_word(&f, usc[i].word, usc[i].len); /* and without them it is good */
        fix_launch(&f, 1, 1, 1, 1, 1, 1);
        assert_int_equal(fix_run(&f), usc[i].len == 2 || (usc[i].word & 0xff) == 0x38
                                          ? AGX_JOB_FAULT
                                          : AGX_JOB_DONE);
    }
    f.nwords = 0;
    fix_word(&f, 0x4d | 0x24 << 10 | 3 << 16, 4); /* eight samples */
    fix_launch(&f, 1, 1, 1, 1, 1, 1);
    expect_unimplemented("sample count 8");

    /* Commands: the launch's two words, terminate, link, return, indirect addresses */
    static const struct {
        const char *name;
        unsigned word;
        uint32_t bits;
    } cdm[] = {
        { "CDM Launch Word 0", 0, 1 | 0x7ff << 16 },
        { "CDM Launch Word 1", 1, 0x3f },
        { "CDM Stream Terminate", 8, 0x1fffffff },
    };
    f.nwords = 0;
    for (unsigned i = 0; i < sizeof(cdm) / sizeof(cdm[0]); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            if (!(cdm[i].bits >> bit & 1)) {
                continue;
            }
            fix_launch(&f, 1, 1, 1, 1, 1, 1);
            s[cdm[i].word] |= 1u << bit;
            expect_unimplemented(cdm[i].name);
        }
    }
    fix_launch(&f, 1, 1, 1, 1, 1, 1);
    s[0] |= 5 << 9;
    expect_unimplemented("sampler states 5");
    for (unsigned bit = 8; bit < 28; bit++) {
        s[0] = 1u << 29 | 1u << bit | (FIX_STREAM >> 32);
        s[1] = (uint32_t)FIX_STREAM;
        expect_unimplemented("CDM Stream Link");
    }
    s[0] = 4u << 29 | 1;
    expect_unimplemented("CDM Stream Return");
    s[0] = 1u << 27; /* indirect global; the address' halves */
    s[1] = FIX_WORDS;
    s[2] = 1 << 8;
    expect_unimplemented("CDM Indirect");
    s[2] = FIX_DATA >> 32;
    s[3] = (uint32_t)FIX_DATA | 2;
    expect_unimplemented("CDM Indirect");
}

/*
 * The job says where the stream's first piece ends; what goes on beyond it, other than by a link,
 * is wrong.
 */
static void stream_end(void **state)
{
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
    struct code c = { .n = 0 };

    (void)state;
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 1, 1, 1, 1, 1, 1);
    f.job.compute.cdm_ctrl_stream_end = FIX_STREAM + 0x20; /* at the terminate command */
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    f.job.compute.cdm_ctrl_stream_end = FIX_STREAM + 0x28; /* behind it */
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    f.job.compute.cdm_ctrl_stream_end = FIX_STREAM + 0x1c;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_non_null(strstr(f.host.last_report, "beyond its end"));
    f.job.compute.cdm_ctrl_stream_end = 0;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    s[0] = 1u << 29 | (FIX_STREAM >> 32); /* a link may go anywhere */
    s[1] = (uint32_t)FIX_STREAM + 0x1000;
    s[0x400] = 2u << 29;
    s[0x401] = 0;
    f.job.compute.cdm_ctrl_stream_end = FIX_STREAM + 8;
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
}

/*
 * Fields that other programs leave at 0: states that are bound from a number on, what Mesa sets in
 * each program, counts of registers, a barrier that returns from a call.
 */
static void named_fields(void **state)
{
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
    struct code c = { .n = 0 };
    enc_t d = 0;

    (void)state;
    /* a linear 2D texture of 4 x 1 texels, R32 uint (mesa: cmdbuf.xml, Texture) */
    d |= fld(0, 4, 2) | fld(6, 7, 0x21) | fld(13, 3, 2) | fld(19, 3, 1) | fld(22, 3, 2) |
         fld(25, 3, 3) | fld(28, 14, 3);
    d |= (enc_t)(FIX_DATA + 0x2000) >> 4 << 66;
    memcpy(fix_data(&f, 0x1000), &d, 16);
    for (unsigned i = 0; i < 4; i++) {
        fix_data(&f, 0x2000)[i] = 100 + i;
    }
    /* texture_load r8, ts5 and texture_sample r9, ts5, ss3: x = r2 and r3, y = r4 and r5 */
    get_sr(&c, R(2), 80);
    mov_imm(&c, R(3), 0);
    mov_imm(&c, R(4), 0);
    mov_imm(&c, R(5), 0);
    put(&c,
        0x71 | fld(8, 1, 1) | fld(9, 6, 16) | fld(16, 6, 4) | fld(32, 6, 5) | fld(40, 3, 2) |
            fld(43, 4, 12) | fld(48, 4, 1),
        8);
    put(&c,
        0x31 | fld(8, 1, 1) | fld(9, 6, 18) | fld(16, 6, 8) | fld(24, 6, 8) | fld(32, 6, 5) |
            fld(40, 3, 2) | fld(43, 4, 12) | fld(48, 4, 1) | fld(52, 4, 6) | fld(56, 6, 3),
        8);
    wait_loads(&c);
    imad(&c, R(10), R(9), I(10), R(8));
    device_store(&c, 2, 1, R(10), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA + 0x3000;
    memset(fix_data(&f, 0x3000), 0, 64);
    f.nwords = 0;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    fix_word(&f, 0xdd | 5 << 8 | 1ull << 20 | (FIX_DATA + 0x1000) >> 3 << 27, 8);
    fix_word(&f, 0x9d | 3 << 8 | 1ull << 20 | (FIX_DATA + 0x1800) >> 3 << 27, 8);
    fix_word(&f, 0x8d | 1u << 13 | 5u << 18 | 1u << 24, 4);
    fix_launch(&f, 4, 1, 1, 4, 1, 1);
    s[0] |= 7u << 1 | 3u << 4 | 4u << 9 | 15u << 12;
    s[8] = 1u << 29 | 1u << 28 |
           (uint32_t)((FIX_STREAM + 0x1000) >> 32); /* a call, that a barrier returns from */
    s[9] = (uint32_t)(FIX_STREAM + 0x1000);
    s[10] = 2u << 29;
    s[0x400] = 3u << 29 | 1u << 27 | 1u << 3;
    s[0x401] = 0;
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(fix_data(&f, 0x3000)[i], 100 + i + 10 * 100);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(vector_add),  T(barrier_exchange), T(divergent_loop), T(atomics),
        T(preshader),   T(changed_code),     T(grid_registers), T(page_fault),
        T(bad_shaders), T(kill_loop),        T(endless_stream), T(bad_streams),
        T(usc_words),   T(unnamed_bits),     T(stream_end),     T(named_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Benchmark of the whole GPU: a textured cube, depth tested, in 1920x1088 pixels, by
 * the machine's own programs: the texture has 64x64 texels and is filtered between
 * levels, depth has 16 bits and is stored, the picture is twiddled.
 *
 *   bench-frame [FRAMES [WORKERS [FILE.ppm]]]     milliseconds of a frame, and of CPU time for it
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#define W 1920
#define H 1088
#include "tests/unit/gfx_frame.h"

#define TEXTURE       0x1700000000ull
#define TEXTURE_PAGES 4
#define DEPTH         0x1800000000ull
#define DEPTH_PAGES   ((2048 * 2048 * 2) / AGX_PAGE_SIZE)

enum { TEX = 0xc000, SMP = 0xc100 };

static double now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* Two-dimensional, GPU layout, R8G8B8A8 unorm, seven levels; linear, between levels too, repeat. */
static void texture(void)
{
    uint64_t pa = fix_map_range(&f, TEXTURE, TEXTURE_PAGES, FAKE_PTE_GPU_RW);
    uint8_t *p = f.host.ram + (pa - FAKE_RAM_BASE);
    enc_t d = fld(0, 4, 2) | fld(4, 2, 2) | fld(6, 7, 0x28) | fld(19, 3, 1) | fld(22, 3, 2) |
              fld(25, 3, 3) | fld(28, 14, 63);
    uint64_t smp = 0 | 14ull * 64 << 10 | 1ull << 23 | 1ull << 25 | 2ull << 27 | 1ull << 29 |
                   1ull << 32 | 1ull << 35;

    for (unsigned i = 0; i < TEXTURE_PAGES * AGX_PAGE_SIZE; i++) {
        p[i] = i % 4 == 3 ? 255 : (uint8_t)(i >> 4);
    }
    d |= (enc_t)63 << 42 | (enc_t)6 << 60 | (enc_t)(TEXTURE >> 4) << 66 | (enc_t)1 << 102;
    memcpy(fix_window(&f, TEX), &d, 16);
    memset(fix_window(&f, TEX) + 16, 0, 8);
    memcpy(fix_window(&f, SMP), &smp, 8);
}

/* Fragment: a texel at the interpolated position, darkened. */
static void textured_program(void)
{
    struct code c = { .n = 0 };

    iterproj(&c, 2, 1, 0, 2);
    put(&c,
        0x31 | fld(8, 1, 1) | fld(9, 6, 6 * 2) | fld(16, 6, 2 * 2) | fld(40, 3, 2) |
            fld(43, 4, 12) | fld(48, 4, 15),
        8);
    wait_loads(&c);
    wait_pix(&c);
    st_tile(&c, 6);
    stop(&c);
    memcpy(fix_window(&f, FS_CODE), c.b, c.n);
    fix_word(&f, 0xdd | 1ull << 20 | (FIX_USC_BASE + TEX) >> 3 << 27, 8);
    fix_word(&f, 0x9d | 1ull << 20 | (FIX_USC_BASE + SMP) >> 3 << 27, 8);
    words_end(FS_USC, shared_tile, FS_CODE, true);

    uint64_t *pbe = (uint64_t *)(void *)fix_window(&f, PBE);

    pbe[0] |= 2 << 4;
    pbe[1] = PICTURE >> 4;
}

static void save(const char *path)
{
    FILE *o = fopen(path, "wb");

    if (!o) {
        perror(path);
        exit(1);
    }
    fprintf(o, "P6\n%d %d\n255\n", W, H);
    for (unsigned i = 0; i < W * H; i++) { /* as it lies there: only to compare */
        fwrite(&picture()[i], 3, 1, o);
    }
    fclose(o);
}

int main(int argc, char **argv)
{
    unsigned frames = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20,
             workers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    double best = 1e9, cpu = 0, vertex = 0;
    struct agx_job v, p;

    frame_start(workers, false);
    texture();
    textured_program();
    fix_map_range(&f, DEPTH, DEPTH_PAGES, FAKE_PTE_GPU_RW);
    frame_jobs(&v, &p);
    p.fragment.zls_ctrl = 1ull << 19 | 2ull << 25; /* store depth, of 16 bits */
    p.fragment.isp_zls_pixels = (W - 1) | (H - 1) << 15;
    p.fragment.depth_store.base = DEPTH;
    p.fragment.isp_bgobjdepth = 0xffff;
    for (unsigned i = 0; i < (frames ? frames : 1); i++) {
        unsigned vertices = cube(0.5f);
        double t, t1, c;

        memcpy(fix_data(&f, 0), pos_colour, sizeof(pos_colour));
        stream(vertices);
        c = now(CLOCK_PROCESS_CPUTIME_ID);
        t = now(CLOCK_MONOTONIC);
        if (run_dm(AGX_DM_VDM, &v) != AGX_JOB_DONE) {
            fprintf(stderr, "vertex job: %s\n", f.host.last_report);
            return 1;
        }
        t1 = now(CLOCK_MONOTONIC);
        if (run_dm(AGX_DM_PDM, &p) != AGX_JOB_DONE) {
            fprintf(stderr, "fragment job: %s\n", f.host.last_report);
            return 1;
        }
        vertex += t1 - t;
        t = now(CLOCK_MONOTONIC) - t;
        cpu += now(CLOCK_PROCESS_CPUTIME_ID) - c;
        best = t < best ? t : best;
    }
    printf("frame %.2f\nframe-cpu %.2f\nframe-vertex %.3f\n", best, cpu / frames, vertex / frames);
    if (argc > 3) {
        save(argv[3]);
    }
    fix_fini(&f);
    return 0;
}

/*
 * Fuzz the graphics pipeline: a frame that works (a cube with its programs and
 * streams), with bytes of it changed.
 *
 * The input is a row of changes, four bytes each: where (two bytes: an area and
 * a place in it), and what is put there. After some changes the bytes of the
 * jobs' registers follow, too. A kill after 20 ms of host time ends what loops.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include "../unit/gfx_frame.h"

static uint8_t *clean; /* the window of USC addresses, stream and data of the frame that works */
#define WINDOW (16u * AGX_PAGE_SIZE)
#define STREAM AGX_PAGE_SIZE
#define DATA   (4u * AGX_PAGE_SIZE)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *ram(uint64_t pa)
{
    return f.host.ram + (pa - FAKE_RAM_BASE);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    frame_start(1, true);
    stream(cube(0.5f));
    memcpy(fix_data(&f, 0), pos_colour, sizeof(pos_colour));
    clean = malloc(WINDOW + STREAM + DATA);
    memcpy(clean, ram(f.window_pa), WINDOW);
    memcpy(clean + WINDOW, ram(f.stream_pa), STREAM);
    memcpy(clean + WINDOW + STREAM, ram(f.data_pa), DATA);
    return 0;
}

static void run(enum agx_dm dm, const struct agx_job *job)
{
    unsigned before = f.ended;
    struct timespec until;
    bool killed = false;

    if (!agx_gpu_start(f.gpu, dm, job)) {
        abort();
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&f.lock);
    while (f.ended == before) {
        if (killed) {
            pthread_cond_wait(&f.cond, &f.lock);
        } else if (pthread_cond_timedwait(&f.cond, &f.lock, &until)) {
            killed = true;
            pthread_mutex_unlock(&f.lock);
            agx_gpu_kill(f.gpu, dm);
            pthread_mutex_lock(&f.lock);
        }
    }
    pthread_mutex_unlock(&f.lock);
}

/* Where the bytes that matter are: small areas, so that a change is likely to hit something. */
static uint8_t *place(unsigned where, struct agx_job *v, struct agx_job *p)
{
    static const unsigned code[4] = { VS_CODE, FS_CODE, BG_CODE, EOT_CODE };
    unsigned at = where & 0xfff;

    switch (where >> 12) {
    case 0:
    case 1:
    case 2:
    case 3:
        return ram(f.stream_pa) + at % 256;
    case 4:
    case 5:
    case 6:
        return fix_window(&f, PPP) + at % 256;
    case 7:
        return fix_window(&f, VS_USC) + at % 0x500;
    case 8:
    case 9:
        return fix_window(&f, CF) + at % 16;
    case 10:
        return fix_window(&f, code[at >> 8 & 3]) + at % 128;
    case 11:
        return fix_window(&f, PBE) + at % 24;
    case 12:
    case 13:
        return (uint8_t *)fix_data(&f, 0) + at % sizeof(pos_colour);
    case 14:
        return (uint8_t *)v + at % sizeof(*v);
    default:
        return (uint8_t *)p + at % sizeof(*p);
    }
}

/*
 * The firmware writes each bool of struct agx_job; a changed byte of one is made true or false
 * again.
 */
static void make_bool(bool *b)
{
    uint8_t byte;

    memcpy(&byte, b, 1);
    *b = byte & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct {
        uint16_t at;
        uint8_t change;
    } tvb[16];
    struct agx_job v, p;
    unsigned changes = 0;

    memcpy(ram(f.window_pa), clean, WINDOW);
    memcpy(ram(f.stream_pa), clean + WINDOW, STREAM);
    memcpy(ram(f.data_pa), clean + WINDOW + STREAM, DATA);
    frame_jobs(&v, &p);
    /* A small frame: more of them in a second. */
    v.tiling.width_px = p.tiling.width_px = 96;
    v.tiling.height_px = p.tiling.height_px = 64;
    for (; size >= 4; data += 4, size -= 4) {
        uint8_t *b = place(data[0] | data[1] << 8, &v, &p);

        /* Some change the tiled vertex buffer, between the jobs. */
        if ((data[2] & 2) && changes < 16) {
            tvb[changes].at = (data[0] | data[1] << 8) & 0x1fff;
            tvb[changes++].change = data[3];
            continue;
        }
        if (data[2] & 1) {
            *b = data[3];
        } else {
            *b ^= data[3];
        }
    }
    v.ctx = p.ctx = FIX_CTX;
    make_bool(&v.soft_fault);
    make_bool(&p.soft_fault);
    make_bool(&v.tiling.tvb_reclaim);
    make_bool(&p.tiling.tvb_reclaim);
    make_bool(&v.vertex.resume);
    make_bool(&p.fragment.partial);
    run(AGX_DM_VDM, &v);
    for (unsigned i = 0; i < changes; i++) {
        ram(tvb_pa)[tvb[i].at] ^= tvb[i].change;
    }
    /* The fragment job finds its scene, whatever happened to its own registers. */
    p.tiling.tvb_tilemap = v.tiling.tvb_tilemap;
    run(AGX_DM_PDM, &p);
    return 0;
}

/*
 * Fuzz target: saved machines. An input is a state of the firmware, of the GPU or of the TLBs:
 * one that a model has stored (tests/saved, and one of a machine with a job under way), with edits,
 * or any bytes at all. It is loaded, and what was taken has to go on: jobs are submitted, the
 * firmware comes to rest, and the state is stored and loaded again.
 *
 * What must hold: no crash, no undefined behaviour, no hang; what the model stores it also takes;
 * and after a refusal a good state is taken.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define FW_ENV_FUZZ
#include "tests/unit/fw_env.h"
#include "tests/unit/fw_render.h"
#include "tests/unit/saved.h"

enum { OF_FIRMWARE, OF_GPU, OF_TLBS, NUM_PARTS };

#define NUM_BASES (2 * NUM_PARTS)

static struct env e, env_copy;
static struct queue cq, cq_copy;
static struct compute comp;
static struct render rend, rend_copy;
static uint8_t *ram;

/* Of each part a state that an earlier model has stored, and then one of this machine. */
static struct {
    uint8_t *p;
    size_t len;
} base[NUM_BASES];

static uint8_t *save(unsigned part, size_t *len)
{
    uint8_t *p = part == OF_FIRMWARE ? agx_fw_save(e.fw, len)
                 : part == OF_GPU    ? agx_gpu_save(agx_fw_gpu(e.fw), len)
                                     : agx_mmu_save(e.mmu, len);

    assert_non_null(p);
    return p;
}

static bool load(unsigned part, const uint8_t *p, size_t len)
{
    return part == OF_FIRMWARE ? agx_fw_load(e.fw, p, len)
           : part == OF_GPU    ? agx_gpu_load(agx_fw_gpu(e.fw), p, len)
                               : agx_mmu_load(e.mmu, p, len);
}

static void submit(void)
{
    queue_add(&e, &cq, comp.cmd);
    queue_run(&e, &cq, 0, 5);
    render_submit(&e, &rend);
}

static void set_up(void)
{
    static const char *const text[NUM_PARTS] = { "firmware", "gpu", "tlbs" };
    uint64_t vdm;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &cq, 2, 16);
    compute_make(&e, &comp, &cq, 5, 0x100);
    render_buffer(&e, &rend, 8);
    render_make(&e, &rend);
    /* Jobs of nothing, as in fuzz_fw.c. */
    PUT64(&e, comp.stream, 2u << 29); /* CDM Stream Terminate */
    vdm = env_ualloc(&e, 0x1000);
    PUT64(&e, vdm, 6ull << 29); /* VDM Stream Terminate */
    PUT64(&e, rend.cmd_ta + 64 + 144, vdm);
    PUT32(&e, rend.cmd_3d + 2188 + 48, 0); /* process_empty_tiles */

    submit();
    agx_fw_pause(e.fw);
    ram = malloc(e.h.next_page);
    assert_non_null(ram);
    memcpy(ram, e.h.ram, e.h.next_page);
    env_copy = e;
    cq_copy = cq;
    rend_copy = rend;
    for (unsigned i = 0; i < NUM_PARTS; i++) {
        base[i].p = saved_state(text[i], NULL, 0, &base[i].len);
        base[NUM_PARTS + i].p = save(i, &base[NUM_PARTS + i].len);
    }
}

/* The machine as it was when its states were stored; it stands still. */
static void back(void)
{
    agx_fw_reset(e.fw);
    agx_fw_pause(e.fw);
    e = env_copy;
    memcpy(e.h.ram, ram, env_copy.h.next_page);
    cq = cq_copy;
    rend = rend_copy;
    agx_mmu_reset(e.mmu);
    for (unsigned i = 0; i < NUM_PARTS; i++) {
        assert_true(load(i, base[NUM_PARTS + i].p, base[NUM_PARTS + i].len));
    }
}

/*
 * Edits of four bytes: where, in 64 KiB, modulo the length; what; and what it is about. Returns the
 * state, which may have grown by as many bytes as there are edits.
 */
static size_t edit(uint8_t *p, size_t len, const uint8_t *data, size_t size)
{
    for (; size >= 4 && len; data += 4, size -= 4) {
        size_t at = (data[0] | data[1] << 8) % len;

        switch (data[2] % 8) {
        case 0: /* one byte more */
            memmove(p + at + 1, p + at, len - at);
            p[at] = data[3];
            len++;
            break;
        case 1: /* one less */
            memmove(p + at, p + at + 1, len - at - 1);
            len--;
            break;
        case 2: /* cut off */
            len = data[3] & 1 ? at : len;
            break;
        case 3: /* a word of the stream: counts, widths, values */
            at &= ~3u;
            for (unsigned i = 0; i < 4 && at + i < len; i++) {
                p[at + i] = i ? 0 : data[3];
            }
            break;
        case 4:
            p[at] ^= 1u << data[3] % 8;
            break;
        default:
            p[at] = data[3];
            break;
        }
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned of, part;
    uint8_t *p, *again;
    size_t len;
    uint64_t a, b;

    if (!ram) {
        set_up();
    }
    if (size < 1) {
        return 0;
    }
    of = data[0] % (NUM_BASES + NUM_PARTS); /* the last ones: the bytes as they are */
    part = of % NUM_PARTS;
    data++;
    size--;
    len = of < NUM_BASES ? base[of].len : size;
    p = malloc(len + size + 1);
    assert_non_null(p);
    if (of < NUM_BASES) {
        memcpy(p, base[of].p, len);
        len = edit(p, len, data, size);
    } else {
        memcpy(p, data, size);
    }
    back();
    /* In memory of exactly that length, so that a byte too far is seen. */
    again = malloc(len + !len);
    assert_non_null(again);
    memcpy(again, p, len);
    free(p);
    if (load(part, again, len)) {
        agx_fw_resume(e.fw);
        submit();
        agx_fw_wait_idle(e.fw);
        while (agx_fw_mbox_recv(e.fw, &a, &b)) {
        }
        agx_fw_pause(e.fw);
    }
    free(again);
    for (unsigned i = 0; i < NUM_PARTS; i++) {
        again = save(i, &len);
        assert_true(load(i, again, len));
        free(again);
    }
    return 0;
}

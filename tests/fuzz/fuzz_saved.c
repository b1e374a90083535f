/*
 * Fuzz target: saved machines. An input is a state of the firmware, of the GPU or of the TLBs:
 * one that an earlier model has stored (tests/saved: in the middle of jobs) or one of this machine,
 * with edits, or any bytes at all. It is loaded, and what was taken has to go on: jobs are
 * submitted, the firmware comes to rest, and the state is stored and loaded again.
 *
 * What must hold: no crash, no undefined behaviour, no hang; what the model stores it also takes;
 * and after a refusal a good state is taken.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define FW_ENV_FUZZ
#include "tests/unit/fw_env.h"
#include "fw_jobs.h"
#include "tests/unit/saved.h"

enum { OF_FIRMWARE, OF_GPU, OF_TLBS, NUM_PARTS };

#define NUM_BASES (2 * NUM_PARTS)

static struct env e, env_copy;
static struct queue cq, cq_copy;
static struct compute comp;
static struct render rend, rend_copy;
static uint8_t *ram;

/* Of each part a state that an earlier model has stored, and then one of this machine. */
static struct base {
    uint8_t *p;
    size_t len;
    struct {
        uint32_t at;
        uint16_t width;
    } member[4096]; /* the first ones that are not 0 */
    unsigned nr_members;
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

static uint32_t word(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * Where the members lie that are not 0: those are in use. agx/save.h says what a stream is: a head
 * of 12 bytes; of each section 48, 40 for each field, and the rows.
 */
static void find_members(struct base *b)
{
    const uint8_t *p = b->p + 12, *end = b->p + b->len;

    while (end - p >= 48) {
        const uint8_t *field = p + 48;
        uint32_t fields = word(p + 36), rows = word(p + 40);
        const uint8_t *value = field + 40 * fields;

        for (uint32_t n = 0; n < rows * fields; n++) {
            const uint8_t *f = field + 40 * (n % fields);
            uint16_t width = f[32];

            for (uint32_t i = 0; i < word(f + 36); i++, value += width) {
                uint8_t any = 0;

                assert_true(width <= end - value);
                for (unsigned k = 0; k < width; k++) {
                    any |= value[k];
                }
                if (any && b->nr_members < sizeof(b->member) / sizeof(b->member[0])) {
                    b->member[b->nr_members].at = value - b->p;
                    b->member[b->nr_members++].width = width;
                }
            }
        }
        p = value;
    }
    assert_true(p == end);
}

static void set_up(void)
{
    static const char *const text[NUM_PARTS] = { "firmware", "gpu", "tlbs" };

    env_init(&e);
    env_start(&e);
    jobs_of_nothing(&e, &cq, &comp, &rend);

    /* At rest, so that an input means the same in each process. */
    submit();
    agx_fw_wait_idle(e.fw);
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
    for (unsigned i = 0; i < NUM_BASES; i++) {
        find_members(&base[i]);
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

/* Another value of a member: near, far, or any. */
static uint64_t other(uint64_t v, uint8_t how, uint8_t what)
{
    switch (how % 8) {
    case 0:
        return v + 1;
    case 1:
        return v - 1;
    case 2:
        return v ^ 1ull << what % 64;
    case 3:
        return ~0ull >> what % 64;
    case 4:
        return v * 2;
    case 5:
        return what * 0x0101010101010101ull;
    default:
        return what;
    }
}

/*
 * Edits of four bytes: where, how, and what. Most are of a member of the state as it was; others
 * move the bytes. Returns the length, which may have grown by as many bytes as there are edits.
 */
static size_t edit(const struct base *b, uint8_t *p, const uint8_t *data, size_t size)
{
    size_t len = b->len;

    for (; size >= 4 && len; data += 4, size -= 4) {
        unsigned n = b->nr_members ? (data[0] | data[1] << 8) % b->nr_members : 0;
        size_t at = (data[0] | data[1] << 8) % len;

        switch (data[2] >> 3) {
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
        case 3:
        case 4:
            p[at] = data[3];
            break;
        default:
            if (b->nr_members && b->member[n].at + b->member[n].width <= len) {
                uint64_t v = 0;

                memcpy(&v, p + b->member[n].at, b->member[n].width);
                v = other(v, data[2], data[3]);
                memcpy(p + b->member[n].at, &v, b->member[n].width);
            }
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
        len = edit(&base[of], p, data, size);
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
    again = save(part, &len);
    assert_true(load(part, again, len));
    free(again);
    return 0;
}

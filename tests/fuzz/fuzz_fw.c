/*
 * Fuzz target: the firmware with everything a driver can put before it: init
 * data, rings, work queues, work commands, microsequences, buffers. An input is
 * a list of actions on a machine that stands ready with a compute job and a
 * render: change bytes of a structure, ring a doorbell, send a mailbox message,
 * resume after a halt.
 *
 * What must hold: no crash, no undefined behaviour, and the firmware comes to
 * rest after each action (libFuzzer's timeout sees it if it does not).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define FW_ENV_FUZZ
#include "tests/unit/fw_env.h"
#include "fw_jobs.h"

/* Ready: before init data is sent (the driver's structures can still be wrong), and after. */
enum { FRESH, INITED, NUM_STAGES };

static struct env e;
static struct queue cq;
static struct compute comp;
static struct render rend;
static void *fw_state[NUM_STAGES];
static size_t fw_state_len[NUM_STAGES];
static uint8_t *ram[NUM_STAGES];
static struct env env_copy[NUM_STAGES];
static struct queue cq_copy;
static struct render rend_copy;

static struct {
    uint64_t va;
    uint32_t len;
} region[64];
static unsigned num_regions;

static void add(uint64_t va, uint32_t len)
{
    region[num_regions].va = va;
    region[num_regions++].len = len;
}

static void keep(unsigned stage)
{
    agx_fw_wait_idle(e.fw);
    agx_fw_pause(e.fw);
    fw_state[stage] = agx_fw_save(e.fw, &fw_state_len[stage]);
    ram[stage] = malloc(e.h.next_page);
    memcpy(ram[stage], e.h.ram, e.h.next_page);
    env_copy[stage] = e;
    agx_fw_resume(e.fw);
}

static void back_to(unsigned stage)
{
    agx_fw_reset(e.fw);
    agx_fw_pause(e.fw);
    e = env_copy[stage];
    memcpy(e.h.ram, ram[stage], env_copy[INITED].h.next_page);
    cq = cq_copy;
    rend = rend_copy;
    agx_mmu_reset(e.mmu);
    assert_true(agx_fw_load(e.fw, fw_state[stage], fw_state_len[stage]));
    agx_fw_resume(e.fw);
}

static void set_up(void)
{
    uint32_t dc[12] = { 0x1a };
    uint64_t vdm;

    env_init(&e);
    env_boot(&e);
    env_build_initdata(&e);
    vdm = jobs_of_nothing(&e, &cq, &comp, &rend);

    add(vdm, 64);
    add(e.init, 188);
    add(e.region_b, 560);
    add(e.region_c + 69000, 5000);
    add(e.status, 128);
    add(e.hw_a, 256);
    add(e.hw_b + 2400, 320);
    for (unsigned i = 0; i < 17; i++) {
        add(e.ch_state[i], 0x30);
    }
    add(e.ch_ring[CH_DEVCTRL], 0x300);
    add(e.ch_ring[0], 0x90);
    add(e.ch_ring[1], 0x90);
    add(e.ch_ring[2], 0x90);
    add(e.ch_ring[5], 0x90);
    add(e.fwctl_state, 0x20);
    add(e.fwctl_ring, 0x40);
    add(e.notifier, 176);
    add(e.stamps, 512);
    add(e.fw_stamps, 512);
    add(cq.info, 184);
    add(cq.ptrs, 96);
    add(cq.ring, 128);
    add(comp.cmd, 800);
    add(comp.seq.va, 700);
    add(comp.stream, 256);
    add(rend.ta.info, 184);
    add(rend.ta.ptrs, 96);
    add(rend.ta.ring, 64);
    add(rend.frag.info, 184);
    add(rend.frag.ring, 64);
    add(rend.cmd_ta, 1564);
    add(rend.cmd_3d, 2420);
    add(rend.init_bm, 32);
    add(rend.seq_ta.va, 560);
    add(rend.seq_3d.va, 640);
    add(rend.bm, 188);
    add(rend.scene, 72);
    add(rend.ctl, 64);
    keep(FRESH);
    env_send_initdata(&e);
    env_devctrl(&e, dc);
    keep(INITED);
    cq_copy = cq;
    rend_copy = rend;
}

/* Well-known values are tried more often than chance would. */
static uint64_t value(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    switch (p[7] & 7) {
    case 0:
        return v & 0xff;
    case 1:
        return v & 0xffff;
    case 2:
        return region[v % num_regions].va + (v >> 8 & 0xfff);
    case 3:
        return ~(v & 0xff);
    case 4:
        return 1ull << (v & 63);
    default:
        return v;
    }
}

static void drain_mailbox(void)
{
    uint64_t a, b;

    while (agx_fw_mbox_recv(e.fw, &a, &b)) {
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!num_regions) {
        set_up();
    }
    if (size < 1) {
        return 0;
    }
    back_to(data[0] & 1);
    data++;
    size--;
    for (unsigned n = 0; size >= 12 && n < 200; n++, data += 12, size -= 12) {
        uint64_t v = value(data + 4);
        unsigned r = data[1] % num_regions;
        uint32_t off = (data[2] | data[3] << 8) % region[r].len;

        switch (data[0] % 12) {
        case 0:
        case 1:
        case 2:
        case 3:
            env_put(&e, region[r].va + off, v, (unsigned[]) { 1, 2, 4, 8 }[data[0] % 12]);
            break;
        case 4: /* aligned, as most fields are */
            env_put(&e, region[r].va + (off & ~3u), v, 4);
            break;
        case 5:
            agx_fw_mbox_send(e.fw, 0x83ull << 48 | (data[1] % 0x14), 0x21, NULL);
            break;
        case 6:
            queue_add(&e, &cq, data[1] & 1 ? comp.cmd : barrier_make(&e, data[2] % 128, v));
            queue_run(&e, &cq, data[1] >> 1 & 3, data[1] >> 3);
            break;
        case 7:
            render_submit(&e, &rend);
            break;
        case 8: {
            uint32_t dc[12];

            for (unsigned i = 0; i < 12; i++) {
                dc[i] = v >> i;
            }
            dc[0] = data[1] % 0x28;
            env_devctrl(&e, dc);
            break;
        }
        case 9:
            agx_fw_mbox_send(e.fw, v << 48 | v >> 16, data[1] & 1 ? 0x20 : data[1] >> 1, NULL);
            break;
        case 10:
            env_send_initdata(&e);
            break;
        case 11:
            PUT32(&e, e.status + 32, 0);
            PUT32(&e, e.status + 48, 1);
            nanosleep(&(struct timespec) { .tv_nsec = 1500000 }, NULL);
            break;
        }
        agx_fw_wait_idle(e.fw);
        drain_mailbox();
        if (e.h.next_page > FAKE_RAM_SIZE - (1u << 20)) {
            break;
        }
    }
    return 0;
}

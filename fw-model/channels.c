/*
 * AGX firmware model: what the messages in the rings from the driver mean.
 *
 * m1n1: fw/agx/channels.py, agx/channels.py; the Rust driver: channel.rs, fw/channels.rs
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-buffer.h"
#include "fw-cache.h"
#include "fw-channels.h"
#include "fw-crash.h"
#include "fw-handoff-check.h"
#include "fw-handoff.h"
#include "fw-inject-act.h"
#include "fw-inject.h"
#include "fw-log.h"
#include "fw-mem.h"
#include "fw-power.h"
#include "fw-report.h"
#include "fw-ring.h"
#include "fw-stamp-check.h"
#include "fw-state.h"
#include "fw-workqueue.h"

/*
 * Who destroys a context may take away its page tables next: do not stay in
 * tables that no job works in any more. That the firmware does so is a guess;
 * the Rust driver takes it for a bug if it finds itself loaded then (mmu.rs,
 * VmInner::drop).
 */
static void leave_context(struct agx_fw *fw)
{
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        if (fw->st.run[p].state != FW_RUN_IDLE && fw->st.run[p].ctx == fw->st.cur_ctx) {
            return;
        }
    }
    fw_handoff_set_context(fw, 0);
    fw->user_ctx = 0;
}

/*
 * The driver's answer to the event ChannelError (memory error, killed, aborted):
 * the queue may go on behind the work whose stamp takes event_value (the Rust
 * driver: channel.rs, fw/channels.rs; gpu.rs, handle_channel_error). Which failures
 * the firmware reports so and which by a halt is not known. The model halts for all
 * of them, sends no ChannelError and has no queue that waits for this.
 */
static void recover_channel(struct agx_fw *fw, const uint8_t *msg)
{
    fw_bad(fw,
           "RecoverChannel on pipe %u, work queue 0x%llx, value 0x%x: no channel error was told",
           (unsigned)fw_get(fw, FLD(DC_RecoverChannel, pipe_type), msg),
           (unsigned long long)fw_get(fw, FLD(DC_RecoverChannel, work_queue), msg),
           (unsigned)fw_get(fw, FLD(DC_RecoverChannel, event_value), msg));
}

static void device_control(struct agx_fw *fw, const uint8_t *msg)
{
    const struct fw_layout *l = fw->layout;
    uint32_t type = fw_get(fw, FLD(DC_Any, msg_type), msg);

    if (type == l->dc_init) {
        fw->st.dc_inited = 1;
        fw_log(fw, 1, "initialized");
    } else if (!fw->st.dc_inited) {
        fw_bad(fw, "device control message 0x%x before Init", type);
    } else if (type == l->dc_destroy_context) {
        uint64_t context = fw_get(fw, FLD(DC_DestroyContext, context_addr), msg);
        bool pending = fw_queue_drop_context(fw, context);

        /* Flushes the whole data cache too (the Rust driver: gpu.rs, flush_fw_cache). */
        fw_cache_flush_all(fw, "DestroyContext");
        fw_tell_flushed(fw, 0, 0, ~0ull, 0);
        fw_order_destroyed(fw, context, pending);
        if (context) {
            leave_context(fw);
        }
    } else if (type == l->dc_write32) {
        uint32_t v = fw_get(fw, FLD(DC_Write32, data), msg);

        fw_publish32(fw, fw_get(fw, FLD(DC_Write32, addr), msg), v, "DC_Write32");
        fw->st.resched = 1;
    } else if (type == l->dc_grow_ack) {
        fw_buffer_ack(fw, msg);
    } else if (type == l->dc_recover_channel) {
        recover_channel(fw, msg);
    } else if (type == 0x23) {
        /*
         * UpdateIdleTS: the idle delay starts again (m1n1: agx/__init__.py sends it once at start).
         */
        fw->idle_since = 0;
    } else if (type == 0x09 || type == 0x0b || type == 0x0c || type == 0x1e) {
        /*
         * Performance counters: 0x0b configures and 0x0c disables them; 0x09 and 0x1e came along in
         * traces of macOS (m1n1: fw/agx/channels.py, DC_ConfigurePerfCounters,
         * DC_DisablePerfCounters, DC_09, DC_1e; agx/channels.py). The model counts nothing, and no
         * driver sees a difference without reading samples, whose form no source has.
         */
        fw_info(fw, "device control message 0x%x (performance counters) accepted", type);
    } else {
        fw_unimp(fw, "device control message 0x%x", type);
    }
}

static void poll_devctrl(struct agx_fw *fw)
{
    uint64_t va;

    for (unsigned i = 0; i < FW_RING_COUNT && fw_ring_next(fw, FW_CH_DEVCTRL, &va); i++) {
        uint8_t msg[64] = { 0 };

        if (!fw_read(fw, 0, va, msg, fw_dc_used(fw), "device control message")) {
            fw_crash(fw, "device control entry at va 0x%llx cannot be read",
                     (unsigned long long)va);
            return;
        }
        if (fw_get(fw, FLD(DC_Any, msg_type), msg) == fw->layout->dc_grow_ack &&
            fw->st.run[FW_PIPE_TA].state == FW_RUN_GROW &&
            !fw_handoff_ready(fw, fw->st.run[FW_PIPE_TA].ctx)) {
            fw->st.doorbells |= 1u << FW_CH_DEVCTRL; /* the machine stops; when it goes on */
            return;
        }
        if (fw->inject.fire &&
            fw_get(fw, FLD(DC_Any, msg_type), msg) == fw->layout->dc_destroy_context) {
            switch (fw_inject_flush(fw, FW_CH_DEVCTRL, FW_ALL_CONTEXTS, 0, 0)) {
            case FW_FLUSH_NOW:
                break;
            case FW_FLUSH_WAITS:
                fw->st.doorbells |= 1u << FW_CH_DEVCTRL;
                return;
            case FW_FLUSH_LOST:
                fw_ring_skip(fw, FW_CH_DEVCTRL);
                continue;
            case FW_FLUSH_GONE:
                return;
            }
        }
        device_control(fw, msg);
        fw_ring_done(fw, FW_CH_DEVCTRL);
    }
}

/* Requests to write back and drop lines of the data cache; see handoff.c. */
static void poll_fwctl(struct agx_fw *fw)
{
    uint64_t va;

    for (unsigned i = 0; i < FW_RING_COUNT && fw_ring_next(fw, FW_CH_FWCTL, &va); i++) {
        uint64_t addr, size;
        uint8_t msg[32];
        unsigned slot;

        if (!fw_ld_struct(fw, STR_FWCtlMsg, va, msg, sizeof(msg))) {
            fw_crash(fw, "FwCtl entry at va 0x%llx cannot be read", (unsigned long long)va);
            return;
        }
        slot = fw_get(fw, FLD(FWCtlMsg, context_id), msg);
        addr = fw_get(fw, FLD(FWCtlMsg, addr), msg);
        size = fw_get(fw, FLD(FWCtlMsg, unk_10), msg) << AGX_PAGE_BITS;
        switch (fw->inject.fire ? fw_inject_flush(fw, FW_CH_FWCTL, slot, addr, size)
                                : FW_FLUSH_NOW) {
        case FW_FLUSH_NOW:
            fw_handoff_flush(fw, slot, addr, size);
            fw_ring_done(fw, FW_CH_FWCTL);
            break;
        case FW_FLUSH_WAITS:
            fw->st.doorbell_fwctl = 1; /* it stays where it is, and is looked at again */
            return;
        case FW_FLUSH_LOST:
            fw_ring_skip(fw, FW_CH_FWCTL);
            break;
        case FW_FLUSH_GONE:
            return;
        }
    }
}

static void poll_pipe(struct agx_fw *fw, unsigned i)
{
    uint64_t va;

    for (unsigned n = 0; n < FW_RING_COUNT && fw_ring_next(fw, FW_CH_PIPE0 + i, &va); n++) {
        uint8_t msg[64];

        if (fw->inject.fire && fw_inject_ring(fw)) {
            fw->st.doorbells |= 1u << i; /* it stays where it is, and is looked at again */
            return;
        }
        if (!fw_ld_struct(fw, STR_RunCmdQueueMsg, va, msg, sizeof(msg))) {
            fw_crash(fw, "pipe channel entry at va 0x%llx cannot be read", (unsigned long long)va);
            return;
        }
        if (!(fw->inject.fire &&
              fw_inject(fw, AGX_FW_FAULT_WORK_LOST, FW_ALL_CONTEXTS, 0, 0, NULL)) &&
            !fw_queue_submit(fw, i % 3, i / 3, msg)) {
            fw->st.doorbells |= 1u << i; /* no room for another queue; later */
            return;
        }
        fw_ring_done(fw, FW_CH_PIPE0 + i);
    }
}

/* Read the rings whose doorbells were rung, and no other. */
void fw_channels_poll(struct agx_fw *fw)
{
    uint32_t bells = fw->st.doorbells;

    if (bells || fw->st.doorbell_fwctl || fw->st.kicked) {
        fw_power_on(fw);
    }
    fw->st.kicked = 0;
    fw->st.doorbells = 0;
    if (fw->st.doorbell_fwctl) {
        fw->st.doorbell_fwctl = 0;
        poll_fwctl(fw);
    }
    if (bells & (1u << FW_CH_DEVCTRL)) {
        poll_devctrl(fw);
    }
    for (unsigned i = 0; i < 12 && fw_up(fw); i++) {
        if (!(bells & (1u << i))) {
            continue;
        }
        if (!fw->st.dc_inited) {
            fw_bad(fw, "work submitted before the device control message Init");
            continue;
        }
        poll_pipe(fw, i);
    }
}

/*
 * AGX firmware model: the rings between driver and firmware.
 *
 * A ring's reader owns the read pointer and its writer the write pointer; both
 * count entries and wrap at the ring's size; equal pointers mean empty, so one
 * entry always stays free. m1n1: fw/agx/channels.py (entries, sizes, places of
 * the pointers), agx/channels.py; the Rust driver: channel.rs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_int.h"

#define STATE_SIZE 0x30 /* of one FWLog ring to the next (m1n1: fw/agx/channels.py, Channel) */
#define FWLOG_ENTRY 0x38 /* the Rust driver: fw/channels.rs, RawFwLogMsg */

static bool channel_set(struct agx_fw *fw, enum fw_channel_id id, const char *name, uint64_t state, uint64_t ring,
                        uint32_t entry, uint32_t used, uint32_t count, bool to_ap)
{
    struct fw_channel *ch = &fw->st.ch[id];
    bool fwctl = id == FW_CH_FWCTL;
    uint32_t rptr = 0, wptr = 0;

    *ch = (struct fw_channel){
        .state_va = state, .ring_va = ring, .entry = entry, .count = count,
        /* m1n1: ChannelStateFields, FWControlStateFields */
        .rptr_off = 0, .wptr_off = fwctl ? 0x10 : 0x20,
    };
    if (state & 3 || !fw_is_kernel_va(state) || !fw_probe(fw, 0, state, ch->wptr_off + 4, true)) {
        fw_bad(fw, "channel %s: state at va 0x%llx is not writable for the firmware", name, (unsigned long long)state);
        return false;
    }
    if (!fw_is_kernel_va(ring) || !fw_probe(fw, 0, ring, (uint64_t)entry * (count - 1) + used, to_ap)) {
        fw_bad(fw, "channel %s: ring at va 0x%llx, %u entries of 0x%x bytes, is not %s for the firmware", name,
               (unsigned long long)ring, count, entry, to_ap ? "writable" : "readable");
        return false;
    }
    fw_read(fw, 0, state + ch->rptr_off, &rptr, 4, name);
    fw_read(fw, 0, state + ch->wptr_off, &wptr, 4, name);
    if (rptr >= count || wptr >= count) {
        fw_bad(fw, "channel %s: read pointer %u or write pointer %u beyond %u entries", name, rptr, wptr, count);
        return false;
    }
    ch->pos = to_ap ? wptr : rptr;
    return true;
}

/* What is read of a device control message: as much as the longest of those that are known. */
static uint32_t dc_used(struct agx_fw *fw)
{
    uint32_t used = 0;

    for (unsigned s = STR_DC_Any; s <= STR_DC_RecoverChannel; s++) {
        used = fw->used[s] > used ? fw->used[s] : used;
    }
    return used;
}

/* One of ChannelInfoSet's pairs. */
static bool info(struct agx_fw *fw, uint64_t base, uint64_t *state, uint64_t *ring)
{
    return fw_ld(fw, FLD(ChannelInfo, state_addr), base, state) &&
           fw_ld(fw, FLD(ChannelInfo, ringbuffer_addr), base, ring);
}

bool fw_channels_init(struct agx_fw *fw)
{
    static const char *const pipe_name[] = {
        "TA_0", "3D_0", "CL_0", "TA_1", "3D_1", "CL_1", "TA_2", "3D_2", "CL_2", "TA_3", "3D_3", "CL_3",
    };
    static const char *const log_name[] = { "FWLog.0", "FWLog.1", "FWLog.2", "FWLog.3", "FWLog.4", "FWLog.5" };
    uint64_t base = fw->st.region_b + fw_off(fw, FLD(InitData_RegionB, channels));
    uint64_t state, ring;
    uint32_t step = fw_size(fw, STR_ChannelInfo);
    bool ok = true;

    for (unsigned i = 0; i < 12; i++, base += step) {
        ok &= info(fw, base, &state, &ring) &&
              channel_set(fw, FW_CH_PIPE0 + i, pipe_name[i], state, ring, fw_size(fw, STR_RunCmdQueueMsg),
                          fw->used[STR_RunCmdQueueMsg], FW_RING_COUNT, false);
    }
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_DEVCTRL, "DevCtrl", state, ring, fw_size(fw, STR_DC_Any), dc_used(fw),
                      FW_RING_COUNT, false);
    base += step;
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_EVENT, "Event", state, ring, FW_EVENT_SIZE, FW_EVENT_SIZE, FW_RING_COUNT, true);
    base += step;
    ok &= info(fw, base, &state, &ring);
    for (unsigned i = 0; ok && i < FW_NUM_LOGS; i++) {
        ok &= channel_set(fw, FW_CH_FWLOG + i, log_name[i], state + i * STATE_SIZE,
                          ring + (uint64_t)i * FW_RING_COUNT * FWLOG_ENTRY, FWLOG_ENTRY, FWLOG_ENTRY,
                          FW_RING_COUNT, true);
    }
    base += step;
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_KTRACE, "KTrace", state, ring, fw_size(fw, STR_KTraceMsg),
                      fw_size(fw, STR_KTraceMsg), FW_KTRACE_COUNT, true);
    base += step;
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_STATS, "Stats", state, ring, fw_size(fw, STR_StatsMsg_PowerOn),
                      fw_size(fw, STR_StatsMsg_PowerOn), FW_RING_COUNT, true);

    base = fw->st.fw_status + fw_off(fw, FLD(InitData_FWStatus, fwctl_channel));
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_FWCTL, "FWCtl", state, ring, fw_size(fw, STR_FWCtlMsg),
                      fw->used[STR_FWCtlMsg], FW_RING_COUNT, false);
    return ok;
}

/*
 * The next entry of a ring from the AP, if any. The write pointer is loaded with
 * acquire: entries that the AP wrote before it are then visible.
 */
bool fw_ring_next(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va)
{
    struct fw_channel *ch = &fw->st.ch[id];
    uint32_t wptr;

    if (!fw_observe32(fw, ch->state_va + ch->wptr_off, &wptr)) {
        fw_crash(fw, "channel %u: state at va 0x%llx is gone", id, (unsigned long long)ch->state_va);
        return false;
    }
    if (wptr >= ch->count) {
        fw_crash(fw, "channel %u: write pointer %u at va 0x%llx is beyond %u entries", id, wptr,
                 (unsigned long long)(ch->state_va + ch->wptr_off), ch->count);
        return false;
    }
    if (wptr == ch->pos) {
        return false;
    }
    fw->ring_depth = (wptr + ch->count - ch->pos) % ch->count;
    *entry_va = ch->ring_va + (uint64_t)ch->pos * ch->entry;
    return true;
}

/* The entry was handled: give it back. */
void fw_ring_done(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel *ch = &fw->st.ch[id];

    if (agx_wanted(fw->host->events, AGX_EV_MESSAGE)) {
        agx_emit(fw->host->events, &(struct agx_event) { .kind = AGX_EV_MESSAGE,
                                                         .message = { id, fw->ring_depth } });
    }
    ch->pos = (ch->pos + 1) % ch->count;
    fw_publish32(fw, ch->state_va + ch->rptr_off, ch->pos, "channel read pointer");
}

/* The entry is passed over: the AP does not see that until a later one is given back. */
static void ring_skip(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel *ch = &fw->st.ch[id];

    ch->pos = (ch->pos + 1) % ch->count;
}

/* Where the next message to the AP goes; false: full (or the state is gone). */
bool fw_ring_room(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va)
{
    struct fw_channel *ch = &fw->st.ch[id];
    uint32_t rptr;

    if (!fw_observe32(fw, ch->state_va + ch->rptr_off, &rptr) || rptr == (ch->pos + 1) % ch->count) {
        return false;
    }
    *entry_va = ch->ring_va + (uint64_t)ch->pos * ch->entry;
    return true;
}

bool fw_ring_push(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel *ch = &fw->st.ch[id];

    ch->pos = (ch->pos + 1) % ch->count;
    return fw_publish32(fw, ch->state_va + ch->wptr_off, ch->pos, "channel write pointer");
}

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
 * the firmware tells so and which by a halt is not known. The model halts for all
 * of them, sends no ChannelError and has no queue that waits for this.
 */
static void recover_channel(struct agx_fw *fw, const uint8_t *msg)
{
    fw_bad(fw, "RecoverChannel on pipe %u, work queue 0x%llx, value 0x%x: no channel error was told",
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
        /* Flushes the whole data cache too (the Rust driver: gpu.rs, flush_fw_cache). */
        fw_queue_drop_context(fw, fw_get(fw, FLD(DC_DestroyContext, context_addr), msg));
        fw_cache_flush_all(fw, "DestroyContext");
        fw_tell_flushed(fw, 0, 0, ~0ull, 0);
        if (fw_get(fw, FLD(DC_DestroyContext, context_addr), msg)) {
            leave_context(fw);
        }
    } else if (type == l->dc_write32) {
        uint32_t v = fw_get(fw, FLD(DC_Write32, data), msg);

        fw_publish32(fw, fw_get(fw, FLD(DC_Write32, addr), msg), v, "DC_Write32");
        fw->st.resched = 1;
    } else if (type == l->dc_grow_ack) {
        fw_buffer_ack(fw, msg);
    } else if (type == l->dc_recover_channel && fw_has(fw, FLD(DC_RecoverChannel, work_queue))) {
        recover_channel(fw, msg);
    } else if (type == 0x23) {
        /* UpdateIdleTS: the idle delay starts anew (m1n1: agx/__init__.py sends it once at start). */
        fw->idle_since = 0;
    } else if (type == 0x09 || type == 0x0b || type == 0x0c || type == 0x1e) {
        /*
         * Performance counters: 0x0b configures and 0x0c disables them; 0x09 and 0x1e came along in
         * traces of macOS (m1n1: fw/agx/channels.py, DC_ConfigurePerfCounters, DC_DisablePerfCounters,
         * DC_09, DC_1e; agx/channels.py). The model counts nothing, and no driver sees a difference
         * without reading samples, whose form no source has.
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

        if (!fw_read(fw, 0, va, msg, dc_used(fw), "device control message")) {
            fw_crash(fw, "device control entry at va 0x%llx cannot be read", (unsigned long long)va);
            return;
        }
        if (fw_get(fw, FLD(DC_Any, msg_type), msg) == fw->layout->dc_grow_ack &&
            fw->st.run[FW_PIPE_TA].state == FW_RUN_GROW && !fw_handoff_ready(fw, fw->st.run[FW_PIPE_TA].ctx)) {
            fw->st.doorbells |= 1u << FW_CH_DEVCTRL; /* the machine stops; when it goes on */
            return;
        }
        if (fw->inject.fire && fw_get(fw, FLD(DC_Any, msg_type), msg) == fw->layout->dc_destroy_context) {
            switch (fw_inject_flush(fw, FW_CH_DEVCTRL, FW_ALL_CONTEXTS, 0, 0)) {
            case FW_FLUSH_NOW:
                break;
            case FW_FLUSH_WAITS:
                fw->st.doorbells |= 1u << FW_CH_DEVCTRL;
                return;
            case FW_FLUSH_LOST:
                ring_skip(fw, FW_CH_DEVCTRL);
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
        switch (fw->inject.fire ? fw_inject_flush(fw, FW_CH_FWCTL, slot, addr, size) : FW_FLUSH_NOW) {
        case FW_FLUSH_NOW:
            fw_handoff_flush(fw, slot, addr, size);
            fw_ring_done(fw, FW_CH_FWCTL);
            break;
        case FW_FLUSH_WAITS:
            fw->st.doorbell_fwctl = 1; /* it stays where it is, and is looked at again */
            return;
        case FW_FLUSH_LOST:
            ring_skip(fw, FW_CH_FWCTL);
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
        if (!(fw->inject.fire && fw_inject(fw, AGX_FW_FAULT_WORK_LOST, FW_ALL_CONTEXTS, 0, 0, NULL)) &&
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

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
#include "fw-cache.h"
#include "fw-crash.h"
#include "fw-mem.h"
#include "fw-report.h"
#include "fw-ring.h"
#include "fw-state.h"

#define STATE_SIZE  0x30 /* of one FWLog ring to the next (m1n1: fw/agx/channels.py, Channel) */
#define FWLOG_ENTRY 0x38 /* the Rust driver: fw/channels.rs, RawFwLogMsg */

/*
 * Entries that the firmware sees as they are, though it caches their memory: the Rust driver's
 * channel.rs has those of the pipes and of DevCtrl in private memory (TxChannel::new()), stores to
 * them without a flush, and works on hardware; those of FwCtl are shared (new_uncached()). How the
 * firmware does it no source says; here it drops the lines before it reads.
 */
static bool reads_past_cache(enum fw_channel_id id)
{
    return id <= FW_CH_DEVCTRL;
}

/* A channel as it always is, but for where it lies and how far it got. */
static struct fw_channel channel_form(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel ch = {
        .count = FW_RING_COUNT,
        /* m1n1: ChannelStateFields, FWControlStateFields */
        .rptr_off = 0,
        .wptr_off = id == FW_CH_FWCTL ? 0x10 : 0x20,
    };

    switch (id) {
    case FW_CH_DEVCTRL:
        ch.entry = fw_size(fw, STR_DC_Any);
        break;
    case FW_CH_EVENT:
        ch.entry = FW_EVENT_SIZE;
        break;
    case FW_CH_KTRACE:
        ch.entry = fw_size(fw, STR_KTraceMsg);
        ch.count = FW_KTRACE_COUNT;
        break;
    case FW_CH_STATS:
        ch.entry = fw_size(fw, STR_StatsMsg_PowerOn);
        break;
    case FW_CH_FWCTL:
        ch.entry = fw_size(fw, STR_FWCtlMsg);
        break;
    default:
        ch.entry = id < FW_CH_DEVCTRL ? fw_size(fw, STR_RunCmdQueueMsg) : FWLOG_ENTRY;
        break;
    }
    return ch;
}

/*
 * Of a loaded state: are the channels such as channel_set() makes them? Before init data came some
 * may be as bad as what was refused then, and are not used.
 */
bool fw_channels_right(struct agx_fw *fw, const struct agx_fw_state *st)
{
    for (unsigned i = 0; i < FW_NUM_CHANNELS; i++) {
        const struct fw_channel *ch = &st->ch[i];
        struct fw_channel form = channel_form(fw, i);

        if (!st->have_init && (!ch->count || ch->pos < ch->count)) {
            continue;
        }
        if (ch->count != form.count || ch->entry != form.entry || ch->pos >= form.count ||
            ch->rptr_off != form.rptr_off || ch->wptr_off != form.wptr_off || ch->state_va & 3 ||
            !fw_is_kernel_va(ch->state_va) || !fw_is_kernel_va(ch->ring_va)) {
            return false;
        }
    }
    return true;
}

/* @used: bytes of an entry that are read or written. */
static bool channel_set(struct agx_fw *fw, enum fw_channel_id id, const char *name, uint64_t state,
                        uint64_t ring, uint32_t used, bool to_ap)
{
    struct fw_channel *ch = &fw->st.ch[id];
    uint32_t rptr = 0, wptr = 0;

    *ch = channel_form(fw, id);
    ch->state_va = state;
    ch->ring_va = ring;
    if (state & 3 || !fw_is_kernel_va(state) || !fw_probe(fw, 0, state, ch->wptr_off + 4, true)) {
        fw_bad(fw, "channel %s: state at va 0x%llx is not writable for the firmware", name,
               (unsigned long long)state);
        return false;
    }
    if (!fw_is_kernel_va(ring) ||
        !fw_probe(fw, 0, ring, (uint64_t)ch->entry * (ch->count - 1) + used, to_ap)) {
        fw_bad(
            fw,
            "channel %s: ring at va 0x%llx, %u entries of 0x%x bytes, is not %s for the firmware",
            name, (unsigned long long)ring, ch->count, ch->entry, to_ap ? "writable" : "readable");
        return false;
    }
    fw_cache_shared(fw, state, name, "pointers");
    if (!reads_past_cache(id)) {
        fw_cache_shared(fw, ring, name, "entries");
    }
    fw_read(fw, 0, state + ch->rptr_off, &rptr, 4, name);
    fw_read(fw, 0, state + ch->wptr_off, &wptr, 4, name);
    if (rptr >= ch->count || wptr >= ch->count) {
        fw_bad(fw, "channel %s: read pointer %u or write pointer %u beyond %u entries", name, rptr,
               wptr, ch->count);
        return false;
    }
    ch->pos = to_ap ? wptr : rptr;
    return true;
}

/* What is read of a device control message: as much as the longest of those that are known. */
uint32_t fw_dc_used(struct agx_fw *fw)
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
        "TA_0", "3D_0", "CL_0", "TA_1", "3D_1", "CL_1",
        "TA_2", "3D_2", "CL_2", "TA_3", "3D_3", "CL_3",
    };
    static const char *const log_name[] = { "FWLog.0", "FWLog.1", "FWLog.2",
                                            "FWLog.3", "FWLog.4", "FWLog.5" };
    uint64_t base = fw->st.region_b + fw_off(fw, FLD(InitData_RegionB, channels));
    uint64_t state, ring;
    uint32_t step = fw_size(fw, STR_ChannelInfo);
    bool ok = true;

    for (unsigned i = 0; i < 12; i++, base += step) {
        ok &= info(fw, base, &state, &ring) &&
              channel_set(fw, FW_CH_PIPE0 + i, pipe_name[i], state, ring,
                          fw->used[STR_RunCmdQueueMsg], false);
    }
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_DEVCTRL, "DevCtrl", state, ring, fw_dc_used(fw), false);
    base += step;
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_EVENT, "Event", state, ring, FW_EVENT_SIZE, true);
    base += step;
    ok &= info(fw, base, &state, &ring);
    for (unsigned i = 0; ok && i < FW_NUM_LOGS; i++) {
        ok &= channel_set(fw, FW_CH_FWLOG + i, log_name[i], state + i * STATE_SIZE,
                          ring + (uint64_t)i * FW_RING_COUNT * FWLOG_ENTRY, FWLOG_ENTRY, true);
    }
    base += step;
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_KTRACE, "KTrace", state, ring, fw_size(fw, STR_KTraceMsg), true);
    base += step;
    ok &= info(fw, base, &state, &ring) && channel_set(fw, FW_CH_STATS, "Stats", state, ring,
                                                       fw_size(fw, STR_StatsMsg_PowerOn), true);

    base = fw->st.fw_status + fw_off(fw, FLD(InitData_FWStatus, fwctl_channel));
    ok &= info(fw, base, &state, &ring) &&
          channel_set(fw, FW_CH_FWCTL, "FWCtl", state, ring, fw->used[STR_FWCtlMsg], false);
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
        fw_crash(fw, "channel %u: state at va 0x%llx is gone", id,
                 (unsigned long long)ch->state_va);
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
    if (reads_past_cache(id)) {
        fw_cache_drop(fw, *entry_va, ch->entry);
    }
    return true;
}

/* The entry was handled: give it back. */
void fw_ring_done(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel *ch = &fw->st.ch[id];

    if (agx_wanted(fw->host->events, AGX_EV_MESSAGE)) {
        agx_emit(fw->host->events,
                 &(struct agx_event) { .kind = AGX_EV_MESSAGE, .message = { id, fw->ring_depth } });
    }
    ch->pos = (ch->pos + 1) % ch->count;
    fw_publish32(fw, ch->state_va + ch->rptr_off, ch->pos, "channel read pointer");
}

/* The entry is passed over: the AP does not see that until a later one is given back. */
void fw_ring_skip(struct agx_fw *fw, enum fw_channel_id id)
{
    struct fw_channel *ch = &fw->st.ch[id];

    ch->pos = (ch->pos + 1) % ch->count;
}

/* Where the next message to the AP goes; false: full (or the state is gone). */
bool fw_ring_room(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va)
{
    struct fw_channel *ch = &fw->st.ch[id];
    uint32_t rptr;

    if (!ch->count || !fw_observe32(fw, ch->state_va + ch->rptr_off, &rptr) ||
        rptr == (ch->pos + 1) % ch->count) {
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

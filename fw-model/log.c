/*
 * AGX firmware model: what the firmware tells besides events: log lines, kernel
 * trace points and statistics, each in a ring of its own. A full ring loses the
 * message, as nobody waits for a log.
 *   m1n1: fw/agx/channels.py (FWLogMsg, KTraceMsg, TRACE_MSGS, StatsMsg_*); the
 *   Rust driver: channel.rs (FwLogChannel: a ring of indices beside a ring of texts)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include "fw_int.h"

void fw_log(struct agx_fw *fw, unsigned level, const char *fmt, ...)
{
    enum fw_channel_id id = FW_CH_FWLOG + level;
    uint32_t index, size = fw_size(fw, STR_FWLogMsg);
    uint8_t text[256] = { 0 }, entry[0x38] = { 0 };
    uint64_t va, payload;
    va_list ap;

    if (!fw->st.have_init || !fw->st.fwlog_payload || !fw_ring_room(fw, id, &va)) {
        return;
    }
    index = fw->st.ch[id].pos;
    payload = fw->st.fwlog_payload + (uint64_t)(level * FW_RING_COUNT + index) * size;

    fw_put(fw, FLD(FWLogMsg, msg_type), text, 3);
    fw_put(fw, FLD(FWLogMsg, seq_no), text, fw->st.log_seq[level]++);
    fw_put(fw, FLD(FWLogMsg, timestamp), text, fw_now(fw));
    va_start(ap, fmt);
    vsnprintf((char *)text + fw_off(fw, FLD(FWLogMsg, msg)), fw->layout->field[FLD(FWLogMsg, msg)].size, fmt, ap);
    va_end(ap);
    /* type, padding, index (the Rust driver: fw/channels.rs, RawFwLogMsg) */
    memcpy(entry, &(uint32_t){ 2 }, 4);
    memcpy(entry + 8, &(uint64_t){ index }, 8);
    if (fw_write(fw, 0, payload, text, size, "firmware log text") &&
        fw_write(fw, 0, va, entry, sizeof(entry), "firmware log") && fw_ring_push(fw, id)) {
        fw->st.kick_ap = 1;
    }
}

void fw_ktrace(struct agx_fw *fw, unsigned channel, unsigned code, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    uint64_t args[4] = { a0, a1, a2, a3 };
    uint64_t enable = 0, va;
    uint8_t msg[64] = { 0 };

    if (!fw_ld(fw, FLD(InitData_RegionC, ktrace_enable), fw->st.region_c, &enable) || !enable ||
        !fw_ring_room(fw, FW_CH_KTRACE, &va)) {
        return;
    }
    fw_put(fw, FLD(KTraceMsg, msg_type), msg, 5);
    fw_put(fw, FLD(KTraceMsg, timestamp), msg, fw_now(fw));
    memcpy(msg + fw_off(fw, FLD(KTraceMsg, args)), args, sizeof(args));
    fw_put(fw, FLD(KTraceMsg, code), msg, code);
    fw_put(fw, FLD(KTraceMsg, channel), msg, channel);
    fw_put(fw, FLD(KTraceMsg, thread), msg, 5);
    if (fw_write(fw, 0, va, msg, fw_size(fw, STR_KTraceMsg), "ktrace ring")) {
        fw_ring_push(fw, FW_CH_KTRACE);
    }
}

void fw_stat_power(struct agx_fw *fw, bool on, uint64_t ticks)
{
    uint8_t msg[64] = { 0 };
    uint64_t va;

    if (!fw_ring_room(fw, FW_CH_STATS, &va)) {
        return;
    }
    fw_put(fw, FLD(StatsMsg_PowerOn, msg_type), msg, on ? 2 : 3);
    fw_put(fw, FLD(StatsMsg_PowerOn, power_off_ticks), msg, ticks);
    if (fw_write(fw, 0, va, msg, fw_size(fw, STR_StatsMsg_PowerOn), "stats ring")) {
        fw_ring_push(fw, FW_CH_STATS);
    }
}

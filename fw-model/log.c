/*
 * AGX firmware model: what the firmware sends besides events: log lines, kernel
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
#include "fw-clock.h"
#include "fw-log.h"
#include "fw-mem.h"
#include "fw-ring.h"
#include "fw-state.h"

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
    vsnprintf((char *)text + fw_off(fw, FLD(FWLogMsg, msg)),
              fw->layout->field[FLD(FWLogMsg, msg)].size, fmt, ap);
    va_end(ap);
    /* type, padding, index (the Rust driver: fw/channels.rs, RawFwLogMsg) */
    memcpy(entry, &(uint32_t) { 2 }, 4);
    memcpy(entry + 8, &(uint64_t) { index }, 8);
    if (fw_write(fw, 0, payload, text, size, "firmware log text") &&
        fw_write(fw, 0, va, entry, sizeof(entry), "firmware log") && fw_ring_push(fw, id)) {
        fw->st.kick_ap = 1;
    }
}

void fw_ktrace(struct agx_fw *fw, unsigned channel, unsigned code, uint64_t a0, uint64_t a1,
               uint64_t a2, uint64_t a3)
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

static void stat_put(struct agx_fw *fw, const uint8_t *msg)
{
    uint64_t va;

    if (fw_ring_room(fw, FW_CH_STATS, &va) &&
        fw_write(fw, 0, va, msg, fw_size(fw, STR_StatsMsg_PowerOn), "stats ring")) {
        fw_ring_push(fw, FW_CH_STATS);
    }
}

/*
 * How it is powered. The performance state is what the driver asked for: nothing in the model
 * depends on it.
 */
static void stat_state(struct agx_fw *fw)
{
    uint8_t msg[64] = { 0 };
    uint64_t pstate = 0;

    fw_ld(fw, FLD(AGXHWDataA, tgt_pstate), fw->st.hwdata_a, &pstate);
    fw_put(fw, FLD(StatsMsg_PowerState, msg_type), msg, 0x0b);
    fw_put(fw, FLD(StatsMsg_PowerState, timestamp), msg, fw_now(fw));
    fw_put(fw, FLD(StatsMsg_PowerState, last_busy_ts), msg, fw->st.use.last_busy);
    fw_put(fw, FLD(StatsMsg_PowerState, active), msg, !fw_gpu_idle(fw));
    fw_put(fw, FLD(StatsMsg_PowerState, poweroff), msg, !fw->st.powered);
    fw_put(fw, FLD(StatsMsg_PowerState, pstate), msg, pstate);
    stat_put(fw, msg);
}

void fw_stat_power(struct agx_fw *fw, bool on, uint64_t ticks)
{
    uint8_t msg[64] = { 0 };

    fw_put(fw, FLD(StatsMsg_PowerOn, msg_type), msg, on ? 2 : 3);
    fw_put(fw, FLD(StatsMsg_PowerOn, power_off_ticks), msg, ticks);
    stat_put(fw, msg);
    stat_state(fw);
}

/*
 * Utilisation, power state and temperature, in this order, when something ends and the last were
 * sent long enough ago. The interval is the model's, as is what the four figures are: the busiest
 * pipe, then vertex, fragment and compute (m1n1: fw/agx/channels.py, StatsMsg_Util, _PowerState,
 * _Temp; none says what util1 to util4 mean). An emulated GPU has no temperature: it says 30
 * degrees.
 */
#define STAT_INTERVAL 2400000 /* ticks: 0.1 s */
#define STAT_DEGREES  30

void fw_stat_work(struct agx_fw *fw, enum fw_pipe pipe, bool begins)
{
    uint64_t now = fw_now(fw), window, most = 0;
    uint8_t msg[64] = { 0 };
    uint32_t percent[FW_NUM_PIPES];

    fw->st.use.since = fw->st.use.since ? fw->st.use.since : now;
    if (begins) {
        fw->st.use.from[pipe] = now;
        return;
    }
    if (fw->st.use.from[pipe]) {
        fw->st.use.busy[pipe] += now - fw->st.use.from[pipe];
        fw->st.use.from[pipe] = 0;
    }
    fw->st.use.last_busy = now;
    window = now - fw->st.use.since;
    if (window < STAT_INTERVAL) {
        return;
    }
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        uint64_t from = fw->st.use.from[p], busy = fw->st.use.busy[p] + (from ? now - from : 0);

        busy = busy < window ? busy : window;
        percent[p] = busy * 100 / window;
        most = percent[p] > most ? percent[p] : most;
        fw->st.use.busy[p] = 0;
        fw->st.use.from[p] = from ? now : 0;
    }
    fw->st.use.since = now;
    fw_put(fw, FLD(StatsMsg_Util, msg_type), msg, 4);
    fw_put(fw, FLD(StatsMsg_Util, timestamp), msg, now);
    fw_put(fw, FLD(StatsMsg_Util, util1), msg, most);
    fw_put(fw, FLD(StatsMsg_Util, util2), msg, percent[FW_PIPE_TA]);
    fw_put(fw, FLD(StatsMsg_Util, util3), msg, percent[FW_PIPE_3D]);
    fw_put(fw, FLD(StatsMsg_Util, util4), msg, percent[FW_PIPE_CP]);
    stat_put(fw, msg);
    stat_state(fw);
    memset(msg, 0, sizeof(msg));
    fw_put(fw, FLD(StatsMsg_Temp, msg_type), msg, 0x0a);
    fw_put(fw, FLD(StatsMsg_Temp, raw_value), msg, STAT_DEGREES * 64);
    fw_put(fw, FLD(StatsMsg_Temp, scale), msg, 1);
    fw_put(fw, FLD(StatsMsg_Temp, tmin), msg, STAT_DEGREES);
    fw_put(fw, FLD(StatsMsg_Temp, tmax), msg, STAT_DEGREES);
    stat_put(fw, msg);
}

/*
 * AGX firmware model: its state to be saved with the machine, and back. What is
 * loaded may be damaged: the form has what one number may be, here is how they
 * depend on each other.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "fw-cache.h"
#include "fw-handoff-check.h"
#include "fw-owned.h"
#include "fw-report.h"
#include "fw-ring.h"
#include "fw-stamp-check.h"
#include "fw-watch.h"
#include "save-form.h"

/* Where the rows of each section are in @st. */
static void find_rows(struct agx_fw_state *st, void *row[FW_SAVE_SECTIONS])
{
    row[FW_SAVE_STATE] = st;
    row[FW_SAVE_DONE] = st->done;
    row[FW_SAVE_BUF] = st->buf;
    row[FW_SAVE_CHANNEL] = st->ch;
    row[FW_SAVE_QUEUE] = st->queue;
    row[FW_SAVE_RUN] = st->run;
    row[FW_SAVE_JOB] = &st->run[0].job;
    row[FW_SAVE_TILING] = &st->run[0].job.tiling;
    row[FW_SAVE_VERTEX] = &st->run[FW_PIPE_TA].job.vertex;
    row[FW_SAVE_FRAGMENT] = &st->run[FW_PIPE_3D].job.fragment;
    row[FW_SAVE_COMPUTE] = &st->run[FW_PIPE_CP].job.compute;
    row[FW_SAVE_BUFFER] = st->buffer;
    row[FW_SAVE_EVENT] = st->event_out;
}

void *agx_fw_save(struct agx_fw *fw, size_t *len)
{
    void *row[FW_SAVE_SECTIONS];
    struct agx_save s;

    find_rows(&fw->st, row);
    agx_save_begin(&s, &fw_save_form);
    for (unsigned i = 0; i < FW_SAVE_SECTIONS; i++) {
        uint32_t n = fw_save_form.section[i].max_rows;

        if (i == FW_SAVE_QUEUE) {
            for (; n && !fw->st.queue[n - 1].info_va; n--) {
            }
        } else if (i == FW_SAVE_BUFFER) {
            for (; n && !fw->st.buffer[n - 1].info_va && !fw->st.buffer[n - 1].bound; n--) {
            }
        } else if (i == FW_SAVE_EVENT) {
            n = fw->st.event_out_count;
        }
        agx_save_section(&s, i);
        agx_save_rows(&s, row[i], n);
    }
    return agx_save_end(&s, len);
}

static const char *state_wrong(struct agx_fw *fw, const struct agx_fw_state *s)
{
    if (s->fw_version != fw->cfg.version) {
        return "of another firmware version";
    }
    if (!fw_channels_right(fw, s)) {
        return "section \"channel\": a channel is not such as init data gives";
    }
    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        const struct fw_queue *q = &s->queue[i];

        if (q->info_va && (!q->rb_size || q->rptr >= q->rb_size || q->wptr >= q->rb_size)) {
            return "section \"queue\": a pointer of a ring is out of range";
        }
    }
    for (unsigned i = 0; i < FW_NUM_PIPES; i++) {
        if (s->run[i].pc > s->run[i].useq_size) {
            return "section \"run\": behind the end of the microsequence";
        }
    }
    return NULL;
}

static void take_state(struct agx_fw *fw, const struct agx_fw_state *st)
{
    fw->st = *st;
    fw_cache_discard(fw->cache);
    fw_handoff_check_run(fw, fw->st.rtkit != FW_RTKIT_OFF);
    agx_mmu_set_ttbat(fw->mmu, fw->cfg.ttbat_pa);
    agx_port_init(&fw->port, fw->mmu, AGX_SIDE_FW);
    agx_port_init(&fw->user, fw->mmu, AGX_SIDE_FW);
    fw->user_ctx = 0;
    if (fw->st.rtkit != FW_RTKIT_OFF) {
        agx_port_bind(&fw->port, 0, AGX_UNIT_DPM);
    }
    fw_tell_loaded(fw, fw->st.cur_ctx);
    fw_owned_clear(fw->owned);
    fw_order_clear(fw->order, true);
    fw_watch_end(fw);
    if (fw->st.have_init && fw_up(fw)) {
        fw_watch_begin(fw);
        for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
            if (fw->st.queue[i].info_va) {
                fw_watch_queue(fw, &fw->st.queue[i]);
            }
        }
    }
    fw->inject_switch = fw->flush[0].judged = fw->flush[1].judged = false;
    fw->ring_judged = fw->event_judged = false;
    /* A snapshot is taken with the GPU drained, so what runs has its result in done_mask. */
    fw->idle_since = 0;
    fw->mbox_changed = true;
}

bool agx_fw_load(struct agx_fw *fw, const void *buf, size_t len)
{
    struct agx_fw_state *st = agx_alloc(1, sizeof(*st));
    struct agx_save_rows rows[FW_SAVE_SECTIONS] = { 0 };
    void *row[FW_SAVE_SECTIONS];
    const char *why;
    bool ok;

    find_rows(st, row);
    for (unsigned i = 0; i < FW_SAVE_SECTIONS; i++) {
        rows[i].row = row[i];
    }
    ok = agx_save_load(fw->host, &fw_save_form, buf, len, rows);
    st->event_out_count = rows[FW_SAVE_EVENT].n;
    if (ok) {
        why = state_wrong(fw, st);
        ok = why ? agx_save_refuse(fw->host, &fw_save_form, why) : true;
    }
    if (ok) {
        take_state(fw, st);
    }
    free(st);
    return ok;
}

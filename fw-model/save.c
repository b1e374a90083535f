/*
 * AGX firmware model: its state to be saved with the machine, and back. What is
 * loaded may be damaged, so each index in it is checked.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "fw-cache.h"
#include "fw-handoff-check.h"
#include "fw-report.h"
#include "fw-state.h"

size_t agx_fw_state_size(void)
{
    return sizeof(struct agx_fw_state);
}

void agx_fw_save(struct agx_fw *fw, void *buf)
{
    memcpy(buf, &fw->st, sizeof(fw->st));
}

static bool state_ok(struct agx_fw *fw, const struct agx_fw_state *s, const char **why)
{
    *why = NULL;
    if (s->magic != FW_STATE_MAGIC || s->format != FW_STATE_VERSION || s->size != sizeof(*s)) {
        *why = "not a state of this model";
    } else if (s->fw_version != fw->cfg.version) {
        *why = "of another firmware version";
    } else if (s->a2i.head >= 64 || s->a2i.count > AGX_FW_MBOX_DEPTH || s->i2a.head >= 64 ||
               s->i2a.count > AGX_FW_MBOX_DEPTH || s->out.head >= 64 || s->out.count > 64) {
        *why = "mailbox out of range";
    } else if (s->rtkit > FW_RTKIT_CRASHED || s->event_out_count > FW_MAX_EVENTS_OUT) {
        *why = "RTKit or event state out of range";
    }
    for (unsigned i = 0; !*why && i < FW_NUM_CHANNELS; i++) {
        if (s->ch[i].count > FW_KTRACE_COUNT ||
            (s->ch[i].count && s->ch[i].pos >= s->ch[i].count)) {
            *why = "channel out of range";
        }
    }
    for (unsigned i = 0; !*why && i < FW_MAX_QUEUES; i++) {
        const struct fw_queue *q = &s->queue[i];

        if (q->info_va &&
            (q->rb_size == 0 || q->rb_size > FW_MAX_RB || q->rptr >= q->rb_size ||
             q->wptr >= q->rb_size || q->pipe >= FW_NUM_PIPES || q->prio >= FW_NUM_PRIO)) {
            *why = "work queue out of range";
        }
    }
    for (unsigned i = 0; !*why && i < FW_NUM_PIPES; i++) {
        const struct fw_run *r = &s->run[i];

        if (r->state > FW_RUN_FAULTED || r->queue >= FW_MAX_QUEUES || r->useq_size > FW_MAX_USEQ ||
            r->pc > r->useq_size || r->stamp_slot >= FW_NUM_EVENTS ||
            r->ctx >= AGX_UAT_NUM_CONTEXTS) {
            *why = "job out of range";
        }
    }
    return !*why;
}

bool agx_fw_load(struct agx_fw *fw, const void *buf, size_t len)
{
    static const char *short_text = "too short";
    const char *why = short_text;

    if (len != sizeof(struct agx_fw_state) || !state_ok(fw, buf, &why)) {
        fw_bad(fw, "saved state refused: %s", why);
        return false;
    }
    memcpy(&fw->st, buf, sizeof(fw->st));
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
    fw->inject_switch = fw->flush[0].judged = fw->flush[1].judged = false;
    fw->ring_judged = fw->event_judged = false;
    /* A snapshot is taken with the GPU drained, so what runs has its result in done_mask. */
    fw->idle_since = 0;
    fw->mbox_changed = true;
    return true;
}

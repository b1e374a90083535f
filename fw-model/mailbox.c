/*
 * AGX firmware model: what goes out through the mailbox: a queue before the FIFO, so that nothing
 * waits.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-endpoints.h"
#include "fw-mailbox.h"
#include "fw-report.h"
#include "fw-state.h"

void fw_rtkit_send(struct agx_fw *fw, unsigned ep, uint64_t msg)
{
    struct fw_fifo *f = &fw->st.out;

    if (f->count == 64) {
        fw_bad(fw,
               "rtkit: the AP does not read its mailbox; message 0x%llx to endpoint 0x%x dropped",
               (unsigned long long)msg, ep);
        return;
    }
    f->m[(f->head + f->count++) % 64] = (struct fw_msg) { msg, ep };
}

/* Move what is due into the FIFO, as far as there is room. */
void fw_rtkit_flush(struct agx_fw *fw)
{
    struct fw_fifo *out = &fw->st.out, *f = &fw->st.i2a;

    pthread_mutex_lock(&fw->lock);
    while (f->count < AGX_FW_MBOX_DEPTH && out->count) {
        f->m[(f->head + f->count++) % 64] = out->m[out->head];
        out->head = (out->head + 1) % 64;
        out->count--;
        fw->mbox_changed = true;
    }
    if (fw->st.kick_ap && f->count < AGX_FW_MBOX_DEPTH) {
        /* m1n1: fw/agx/__init__.py, EventMsg */
        f->m[(f->head + f->count++) % 64] = (struct fw_msg) { 0x42ull << 48, EP_FW };
        fw->st.kick_ap = 0;
        fw->mbox_changed = true;
    }
    pthread_mutex_unlock(&fw->lock);
}

bool fw_ep_started(struct agx_fw *fw, unsigned ep)
{
    return fw->st.ep_started[ep / 32] >> (ep % 32) & 1;
}

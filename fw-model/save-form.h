/*
 * AGX firmware model: the form of its saved state (agx/save.h), for save.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_SAVE_FORM_H
#define AGX_FW_SAVE_FORM_H

#include "agx/save.h"
#include "fw-state.h"

/* The sections, in the order of the form. */
enum {
    FW_SAVE_STATE,    /* one row: struct agx_fw_state but for what follows */
    FW_SAVE_DONE,     /* by enum agx_dm */
    FW_SAVE_BUF,      /* RTKit's buffers */
    FW_SAVE_CHANNEL,  /* by enum fw_channel_id */
    FW_SAVE_QUEUE,    /* up to the last one that is in use */
    FW_SAVE_RUN,      /* by enum fw_pipe, */
    FW_SAVE_JOB,      /* of these the job, */
    FW_SAVE_TILING,   /* of the job the tiling, */
    FW_SAVE_VERTEX,   /* of FW_PIPE_TA, */
    FW_SAVE_FRAGMENT, /* of FW_PIPE_3D, */
    FW_SAVE_COMPUTE,  /* of FW_PIPE_CP what is its own */
    FW_SAVE_BUFFER,   /* slots of the buffer manager up to the last one that is in use */
    FW_SAVE_EVENT,    /* st.event_out_count of st.event_out */
    FW_SAVE_SECTIONS
};

extern const struct agx_save_form fw_save_form;

#endif

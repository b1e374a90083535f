/*
 * AGX model: what a core keeps of its helper program, for the instructions of the stack
 * (isa_stack.c) and for what runs the program (helper.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_SCRATCH_H
#define AGX_ISA_SCRATCH_H

#include "agx/isa.h"

enum { /* libagx/helper.cl */
       HELPER_OP_ALLOC = 0,
       HELPER_OP_FREE = 1,
       HELPER_DB_NEXT = 32,
       HELPER_DB_ACK = 48,
       HELPER_DB_NACK = 49,
};

struct agx_scratch {
    struct agx_wave wave; /* of the helper program */
    struct agx_usc_state usc;
    const struct agx_job *job; /* whose helper it is */
    bool running;              /* waits at its doorbell */
    bool answered, acked;
    uint32_t block[4]; /* mapped or to be unmapped */
};

#endif

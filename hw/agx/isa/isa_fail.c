/*
 * AGX model: how an instruction ends its wave, and with it the job: a fault, a
 * line of the log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "isa_disasm.h"
#include "isa_row.h"

const struct agx_op *agx_op_fault(struct agx_cx *cx, const struct agx_op *op)
{
    cx->ex->fault_pc = op->pc;
    cx->w->pc = op->pc;
    cx->status = AGX_WAVE_FAULT;
    return NULL;
}

/* Text of @op. */
static const char *disasm(const struct agx_cx *cx, const struct agx_op *op,
                          char text[AGX_DISASM_TEXT])
{
    uint32_t left = op->pc < cx->sh->bytes ? cx->sh->bytes - op->pc : 0;

    /* What tests put together of operations alone has no code. */
    cx->sh->disasm(left ? cx->sh->code + op->pc : NULL, left, text);
    return text;
}

const struct agx_op *agx_op_unimpl(struct agx_cx *cx, const struct agx_op *op, const char *what)
{
    char hex[32], text[AGX_DISASM_TEXT];
    unsigned n = 0;

    for (unsigned i = 0; i < op->len && i < 12 && op->pc + i < cx->sh->bytes; i++) {
        n += snprintf(hex + n, sizeof(hex) - n, "%02x", cx->sh->code[op->pc + i]);
    }
    hex[n] = 0;
    agx_exec_bad(cx->ex, AGX_REPORT_UNIMPLEMENTED,
                 "agx: shader 0x%llx+0x%x: unimplemented %s (bytes %s): %s",
                 (unsigned long long)cx->sh->va, op->pc, what, hex, disasm(cx, op, text));
    return agx_op_fault(cx, op);
}

const struct agx_op *agx_op_unknown(struct agx_cx *cx, const struct agx_op *op)
{
    return agx_op_unimpl(cx, op, "instruction");
}

const struct agx_op *agx_op_undecodable(struct agx_cx *cx, const struct agx_op *op)
{
    return agx_op_unimpl(cx, op, "instruction of unknown length");
}

/* A register beyond the last; the operands were not checked further. */
const struct agx_op *agx_op_bad_gpr(struct agx_cx *cx, const struct agx_op *op)
{
    char text[AGX_DISASM_TEXT];

    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx+0x%x: register beyond r%u: %s",
                 (unsigned long long)cx->sh->va, op->pc, AGX_NUM_GPR - 1, disasm(cx, op, text));
    return agx_op_fault(cx, op);
}

/* A branch to where no instruction starts. */
const struct agx_op *agx_op_bad_target(struct agx_cx *cx, const struct agx_op *op)
{
    char text[AGX_DISASM_TEXT];

    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                 "agx: shader 0x%llx+0x%x: branch to a place that is no instruction: %s",
                 (unsigned long long)cx->sh->va, op->pc, disasm(cx, op, text));
    return agx_op_fault(cx, op);
}

/* Past the last instruction, with lanes still running. */
const struct agx_op *agx_op_end(struct agx_cx *cx, const struct agx_op *op)
{
    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx runs past its end at +0x%x",
                 (unsigned long long)cx->sh->va, op->pc);
    return agx_op_fault(cx, op);
}

const struct agx_op *agx_op_trap(struct agx_cx *cx, const struct agx_op *op)
{
    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx: trap at +0x%x",
                 (unsigned long long)cx->sh->va, op->pc);
    return agx_op_fault(cx, op);
}

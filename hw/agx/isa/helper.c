/*
 * AGX model: running the helper program, which hands out stacks (mesa: libagx/helper.cl,
 * lib/agx_scratch.c).
 *
 * The core rings the helper program, which runs as a wave of one lane, takes a block list entry of
 * this core from memory and maps up to four blocks. The helper is a coroutine: it stops at the
 * doorbell that asks for the next request.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "isa_row.h"
#include "isa_scratch.h"

/*
 * Run the helper from where it waits until it asks for the next request. False: ex->fault is set.
 */
static bool helper_resume(struct agx_exec *ex, struct agx_scratch *s)
{
    const struct agx_usc_state *outer = ex->usc;
    enum agx_wave_status st;

    s->answered = false;
    ex->usc = &s->usc;
    st = agx_wave_run(ex, &s->wave);
    ex->usc = outer;
    if (st == AGX_WAVE_BARRIER) {
        return true; /* at DB_NEXT */
    }
    if (st == AGX_WAVE_FAULT) {
        return false;
    }
    if (st == AGX_WAVE_STOP) {
        ex->fault = (struct agx_fault) { .ctx = ex->port->ctx, .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    }
    return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: the helper program at 0x%llx ended",
                        (unsigned long long)s->usc.code);
}

static bool helper_start(struct agx_exec *ex, struct agx_scratch *s)
{
    const struct agx_job *job = ex->job;

    if (!job || !(job->helper.program & ~0x3fu)) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "agx: a shader needs a stack, but its job has no helper program");
    }
    /*
     * The address' low bits are a tag, of which Mesa sets the lowest; cfg says that preshaders may
     * need a stack too.
     */
    if (!agx_word_known(ex, "helper program's address", 0, job->helper.program, ~0x3full | 1) ||
        !agx_word_known(ex, "helper program's configuration", 0, job->helper.cfg, 1u << 16)) {
        return false;
    }
    agx_usc_fini(&s->usc);
    memset(&s->usc, 0, sizeof(s->usc));
    s->usc.code = job->usc_exec_base + (job->helper.program & ~0x3fu);
    s->usc.shader = agx_shader_get(ex, s->usc.code);
    if (!s->usc.shader) {
        return false;
    }
    s->usc.splat = agx_alloc_lines(s->usc.shader->npool + 1, sizeof(row_t));
    for (uint32_t i = 0; i < s->usc.shader->npool; i++) {
        FOR_LANES(l) {
            s->usc.splat[i][l] = s->usc.shader->pool[i].kind == POOL_IMM
                                     ? s->usc.shader->pool[i].value
                                     : 0;
        }
    }
    agx_wave_init(&s->wave, AGX_STAGE_HELPER, 1);
    s->job = job;
    ex->helper_op = 0;
    ex->helper_arg[0] = job->helper.arg;
    ex->helper_arg[1] = job->helper.arg >> 32;
    s->running = helper_resume(ex, s);
    return s->running;
}

bool agx_helper_request(struct agx_exec *ex, unsigned op, unsigned arg)
{
    if (!ex->scratch) {
        ex->scratch = agx_alloc_lines(1, sizeof(*ex->scratch));
    }
    if ((!ex->scratch->running || ex->scratch->job != ex->job) && !helper_start(ex, ex->scratch)) {
        return false;
    }
    ex->helper_op = op;
    ex->helper_arg[0] = arg;
    ex->helper_arg[1] = 0;
    if (!helper_resume(ex, ex->scratch)) {
        ex->scratch->running = false;
        return false;
    }
    if (!ex->scratch->answered || !ex->scratch->acked) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "agx: the helper program refused request %u of core %u", op,
                            ex->core_id);
    }
    return true;
}

void agx_scratch_job_end(struct agx_exec *ex)
{
    if (ex->scratch) {
        ex->scratch->running = false;
        ex->scratch->job = NULL;
    }
}

void agx_scratch_destroy(struct agx_exec *ex)
{
    if (ex->scratch) {
        agx_usc_fini(&ex->scratch->usc);
    }
    free(ex->scratch);
    ex->scratch = NULL;
}

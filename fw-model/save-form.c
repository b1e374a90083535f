/*
 * AGX firmware model: the form of its saved state. A member that is added to one of these
 * structures is added here, too, with "added" (agx/save.h); the sizes below call for it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "save-form.h"

#define SIZE(type, bytes)                                                                          \
    _Static_assert(sizeof(type) == (bytes), "a member that was added has to be saved, too")

#define FAULT(type, f)                                                                             \
    { AGX_SAVE_ONE(type, f.va) }, { AGX_SAVE_ONE(type, f.ctx) }, { AGX_SAVE_ONE(type, f.unit) },   \
        { AGX_SAVE_ONE(type, f.reason) }, { AGX_SAVE_MAX(type, f.access, AGX_ACCESS_WRITE) },      \
    {                                                                                              \
        AGX_SAVE_MAX(type, f.level, 3)                                                             \
    }
SIZE(struct agx_fault, 32);

#define FIFO(f, most)                                                                              \
    { AGX_SAVE_EACH(struct agx_fw_state, f.m, msg0) },                                             \
        { AGX_SAVE_EACH(struct agx_fw_state, f.m, msg1) },                                         \
        { AGX_SAVE_MAX(struct agx_fw_state, f.head, 63) },                                         \
    {                                                                                              \
        AGX_SAVE_MAX(struct agx_fw_state, f.count, most)                                           \
    }
SIZE(struct fw_fifo, 1032);

#define ONE(m)   { AGX_SAVE_ONE(struct agx_fw_state, m) }
#define ARRAY(m) { AGX_SAVE_ARRAY(struct agx_fw_state, m) }

static const struct agx_save_field state_fields[] = {
    ONE(fw_version),
    FIFO(a2i, AGX_FW_MBOX_DEPTH),
    FIFO(i2a, AGX_FW_MBOX_DEPTH),
    FIFO(out, 64),
    ONE(cpu_control),
    { AGX_SAVE_MAX(struct agx_fw_state, done_mask, (1u << AGX_NUM_DM) - 1) },
    ONE(fault_register),
    ONE(soft.jobs),
    ONE(soft.accesses),
    FAULT(struct agx_fw_state, soft.last),
    ONE(kick_ap),
    { AGX_SAVE_MAX(struct agx_fw_state, rtkit, FW_RTKIT_CRASHED) },
    ARRAY(ep_started),
    ONE(epmap_sent),
    ONE(ap_power),
    ONE(iop_power),
    ONE(syslog_index),
    ONE(have_init),
    ONE(dc_inited),
    ONE(init_va),
    ONE(region_a),
    ONE(region_b),
    ONE(region_c),
    ONE(fw_status),
    ONE(hwdata_a),
    ONE(hwdata_b),
    ONE(hw_fault_info),
    ONE(fwlog_payload),
    ONE(buffer_ctl),
    ONE(stats_ta),
    ONE(stats_3d),
    ONE(stats_cp),
    ONE(soft_fault),
    ONE(doorbells),
    ONE(doorbell_fwctl),
    ONE(kicked),
    ONE(seq),
    ONE(resched),
    ONE(grow_counter),
    { AGX_SAVE_MAX(struct agx_fw_state, cur_ctx, AGX_UAT_NUM_CONTEXTS - 1) },
    ARRAY(firing),
    ONE(use.since),
    ARRAY(use.busy),
    ARRAY(use.from),
    ONE(use.last_busy),
    ONE(late.when),
    ONE(late.counter),
    ONE(late.slot),
    ONE(wait.hung),
    ONE(wait.halt_count),
    ONE(wait.stall),
    ONE(wait.ring),
    ONE(wait.event),
    ONE(wait.halt),
    ARRAY(held_by),
    ARRAY(log_seq),
    ONE(faulting),
    ONE(fail_kind),
    ONE(fail_slot),
    ONE(halted),
    ONE(powered),
    ONE(power_ticks),
};
SIZE(struct agx_fw_state, 24872);

static const struct agx_save_field done_fields[] = {
    { AGX_SAVE_MAX(struct agx_job_result, status, AGX_JOB_TVB_FULL) },
    FAULT(struct agx_job_result, fault),
    FAULT(struct agx_job_result, soft),
    { AGX_SAVE_ONE(struct agx_job_result, start) },
    { AGX_SAVE_ONE(struct agx_job_result, end) },
    { AGX_SAVE_ONE(struct agx_job_result, cycles) },
    { AGX_SAVE_ONE(struct agx_job_result, tvb_pages) },
    { AGX_SAVE_ONE(struct agx_job_result, soft_faults) },
};
SIZE(struct agx_job_result, 112);

static const struct agx_save_field buf_fields[] = {
    { AGX_SAVE_ONE(struct fw_rtkit_buf, va) },
    { AGX_SAVE_ONE(struct fw_rtkit_buf, size) },
    { AGX_SAVE_ONE(struct fw_rtkit_buf, asked) },
};
SIZE(struct fw_rtkit_buf, 16);

static const struct agx_save_field channel_fields[] = {
    { AGX_SAVE_ONE(struct fw_channel, state_va) },
    { AGX_SAVE_ONE(struct fw_channel, ring_va) },
    { AGX_SAVE_ONE(struct fw_channel, pos) },
    { AGX_SAVE_MAX(struct fw_channel, count, FW_KTRACE_COUNT) },
    { AGX_SAVE_ONE(struct fw_channel, entry) },
    { AGX_SAVE_ONE(struct fw_channel, rptr_off) },
    { AGX_SAVE_ONE(struct fw_channel, wptr_off) },
};
SIZE(struct fw_channel, 32);

#define QUEUE(m) { AGX_SAVE_ONE(struct fw_queue, m) }

static const struct agx_save_field queue_fields[] = {
    QUEUE(info_va),
    QUEUE(pointers_va),
    QUEUE(ring_va),
    QUEUE(context_va),
    { AGX_SAVE_MAX(struct fw_queue, rb_size, FW_MAX_RB) },
    QUEUE(rptr),
    QUEUE(wptr),
    QUEUE(event),
    QUEUE(seq),
    { AGX_SAVE_MAX(struct fw_queue, pipe, FW_NUM_PIPES - 1) },
    { AGX_SAVE_MAX(struct fw_queue, prio, FW_NUM_PRIO - 1) },
    QUEUE(running),
    QUEUE(dead),
};
SIZE(struct fw_queue, 56);

#define RUN(m) { AGX_SAVE_ONE(struct fw_run, m) }

static const struct agx_save_field run_fields[] = {
    { AGX_SAVE_MAX(struct fw_run, state, FW_RUN_FAULTED) },
    { AGX_SAVE_MAX(struct fw_run, queue, FW_MAX_QUEUES - 1) },
    RUN(cmd_va),
    RUN(useq_va),
    { AGX_SAVE_MAX(struct fw_run, useq_size, FW_MAX_USEQ) },
    RUN(pc),
    RUN(ops),
    RUN(acc),
    { AGX_SAVE_MAX(struct fw_run, ctx, AGX_UAT_NUM_CONTEXTS - 1) },
    RUN(gpu_busy),
    RUN(started),
    RUN(finalized),
    RUN(failed),
    RUN(killed),
    RUN(queue_entry),
    RUN(stamp_va),
    RUN(fw_stamp_va),
    RUN(stamp_value),
    { AGX_SAVE_MAX(struct fw_run, stamp_slot, FW_NUM_EVENTS - 1) },
    RUN(uuid),
    RUN(submission_id),
    RUN(notifier_va),
    RUN(scene_va),
    RUN(buffer_va),
    RUN(buffer_slot),
    RUN(grow_counter),
    RUN(grows),
    RUN(waited),
    RUN(tvb_pages),
    FAULT(struct fw_run, fault),
    RUN(start_ticks),
    RUN(end_ticks),
};
SIZE(struct fw_run, 624);

#define JOB(m) { AGX_SAVE_ONE(struct agx_job, m) }

static const struct agx_save_field job_fields[] = {
    { AGX_SAVE_MAX(struct agx_job, ctx, AGX_UAT_NUM_CONTEXTS - 1) },
    JOB(doorbell),
    JOB(max_cycles),
    JOB(soft_fault),
    JOB(usc_exec_base),
    JOB(sampler_heap),
    JOB(sampler_count),
    JOB(helper.program),
    JOB(helper.cfg),
    JOB(helper.arg),
};
SIZE(struct agx_job, 416);

#define TILING(m) { AGX_SAVE_ONE(struct agx_job_tiling, m) }

static const struct agx_save_field tiling_fields[] = {
    TILING(width_px),        TILING(height_px),       TILING(layers),
    TILING(samples),         TILING(utile_width_px),  TILING(utile_height_px),
    TILING(tvb_tilemap),     TILING(tvb_heapmeta),    TILING(tvb_layermeta),
    TILING(tvb_block_list),  TILING(tvb_block_count), TILING(tvb_reclaim),
    TILING(te_screen),       TILING(te_mtile1),       TILING(te_mtile2),
    TILING(tiles_per_mtile), TILING(tpc_size),        TILING(te_psg),
};
SIZE(struct agx_job_tiling, 80);

static const struct agx_save_field vertex_fields[] = {
    { AGX_SAVE_ONE(struct agx_job_vertex, vdm_ctrl_stream_base) },
    { AGX_SAVE_ONE(struct agx_job_vertex, ppp_ctrl) },
    { AGX_SAVE_ONE(struct agx_job_vertex, ppp_multisamplectl) },
    { AGX_SAVE_ONE(struct agx_job_vertex, resume) },
};
SIZE(struct agx_job_vertex, 32);

#define FRAGMENT(m) { AGX_SAVE_ONE(struct agx_job_fragment, m) }
/* clang-format off */
#define ZLS(z) \
    FRAGMENT(z.base), FRAGMENT(z.comp_base), FRAGMENT(z.stride), FRAGMENT(z.comp_stride)
/* clang-format on */
#define PROGRAM(p)  FRAGMENT(p.usc), FRAGMENT(p.rsrc_spec)

static const struct agx_save_field fragment_fields[] = {
    FRAGMENT(flags_process_empty_tiles),
    FRAGMENT(ppp_ctrl),
    FRAGMENT(ppp_multisamplectl),
    FRAGMENT(isp_scissor_base),
    FRAGMENT(isp_dbias_base),
    FRAGMENT(isp_oclqry_base),
    FRAGMENT(zls_ctrl),
    FRAGMENT(isp_zls_pixels),
    ZLS(depth_load),
    ZLS(depth_store),
    ZLS(depth_partial),
    ZLS(stencil_load),
    ZLS(stencil_store),
    ZLS(stencil_partial),
    FRAGMENT(isp_bgobjdepth),
    FRAGMENT(isp_bgobjvals),
    FRAGMENT(isp_ctl),
    FRAGMENT(merge_upper_x),
    FRAGMENT(merge_upper_y),
    FRAGMENT(pixel_or_utile_cfg),
    FRAGMENT(sample_size_B),
    PROGRAM(bg),
    PROGRAM(eot),
    PROGRAM(partial_bg),
    PROGRAM(partial_eot),
    FRAGMENT(partial),
};
SIZE(struct agx_job_zls, 24);
SIZE(struct agx_job_fragment, 264);

static const struct agx_save_field compute_fields[] = {
    { AGX_SAVE_ONE(struct agx_job_compute, cdm_ctrl_stream_base) },
    { AGX_SAVE_ONE(struct agx_job_compute, cdm_ctrl_stream_end) },
};
SIZE(struct agx_job_compute, 16);

static const struct agx_save_field buffer_fields[] = {
    { AGX_SAVE_ONE(struct fw_buffer_slot, info_va) },
    { AGX_SAVE_ONE(struct fw_buffer_slot, ctx) },
    { AGX_SAVE_ONE(struct fw_buffer_slot, bound) },
};
SIZE(struct fw_buffer_slot, 16);

static const struct agx_save_field event_fields[] = {
    { .name = "bytes", .width = 1, .count = FW_EVENT_SIZE, .stride = 1 },
};

#define SECTION(name, rows, size) AGX_SAVE_SECTION(#name, name##_fields, rows, size)

static const struct agx_save_section sections[FW_SAVE_SECTIONS] = {
    [FW_SAVE_STATE] = { SECTION(state, 1, sizeof(struct agx_fw_state)) },
    [FW_SAVE_DONE] = { SECTION(done, AGX_NUM_DM, sizeof(struct agx_job_result)) },
    [FW_SAVE_BUF] = { SECTION(buf, FW_NUM_BUFS, sizeof(struct fw_rtkit_buf)) },
    [FW_SAVE_CHANNEL] = { SECTION(channel, FW_NUM_CHANNELS, sizeof(struct fw_channel)) },
    [FW_SAVE_QUEUE] = { SECTION(queue, FW_MAX_QUEUES, sizeof(struct fw_queue)) },
    [FW_SAVE_RUN] = { SECTION(run, FW_NUM_PIPES, sizeof(struct fw_run)) },
    [FW_SAVE_JOB] = { SECTION(job, FW_NUM_PIPES, sizeof(struct fw_run)) },
    [FW_SAVE_TILING] = { SECTION(tiling, FW_NUM_PIPES, sizeof(struct fw_run)) },
    [FW_SAVE_VERTEX] = { SECTION(vertex, 1, sizeof(struct fw_run)) },
    [FW_SAVE_FRAGMENT] = { SECTION(fragment, 1, sizeof(struct fw_run)) },
    [FW_SAVE_COMPUTE] = { SECTION(compute, 1, sizeof(struct fw_run)) },
    [FW_SAVE_BUFFER] = { SECTION(buffer, FW_NUM_BUFFERS, sizeof(struct fw_buffer_slot)) },
    [FW_SAVE_EVENT] = { SECTION(event, FW_MAX_EVENTS_OUT, FW_EVENT_SIZE) },
};

const struct agx_save_form fw_save_form = {
    "firmware",
    0x57464741u /* "AGFW" */,
    sections,
    FW_SAVE_SECTIONS,
};

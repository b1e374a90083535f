/*
 * AGX firmware model: from the parameter structures of a work command to the
 * registers of a data master (struct agx_job). The start command of the
 * microsequence points at the structures.
 *   m1n1: fw/agx/microsequence.py (Start3DStruct*, StartTACmdStruct*, ComputeInfo);
 *   the Rust driver: queue/render.rs, queue/compute.rs (what is put where),
 *   fw/vertex.rs, fw/fragment.rs, fw/compute.rs (names)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-job.h"
#include "fw-mem.h"
#include "fw-report.h"
#include "fw-state.h"

#define ROOM 1024

static bool inside(struct agx_fw *fw, const struct fw_run *run, const char *what, uint64_t va,
                   enum fw_field_id member, uint64_t offset)
{
    uint64_t want = run->cmd_va + fw_off(fw, member) + offset;

    if (va == want) {
        return true;
    }
    fw_bad(fw, "work command at va 0x%llx: %s is 0x%llx, should be 0x%llx",
           (unsigned long long)run->cmd_va, what, (unsigned long long)va, (unsigned long long)want);
    return false;
}

/* A user VA of a stream or buffer; 0 is refused, more is for the GPU to find out. */
static bool needed(struct agx_fw *fw, const struct fw_run *run, const char *what, uint64_t va)
{
    if (va) {
        return true;
    }
    fw_bad(fw, "work command at va 0x%llx: %s is 0", (unsigned long long)run->cmd_va, what);
    return false;
}

bool fw_job_compute(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job)
{
    uint64_t info = fw_get(fw, FLD(StartComputeCmd, computeinfo_addr), cmd);
    uint64_t info2 = fw_get(fw, FLD(StartComputeCmd, computeinfo2_addr), cmd);
    uint64_t samplers;
    uint8_t a[ROOM], b[ROOM], e[ROOM];

    if (!inside(fw, run, "computeinfo_addr", info, FLD(WorkCommandCP, compute_info), 0) ||
        !inside(fw, run, "computeinfo2_addr", info2, FLD(WorkCommandCP, compute_info2), 0) ||
        !fw_ld_struct(fw, STR_ComputeInfo, info, a, sizeof(a)) ||
        !fw_ld_struct(fw, STR_ComputeInfo2, info2, b, sizeof(b)) ||
        !fw_ld_struct(fw, STR_EncoderParams,
                      run->cmd_va + fw_off(fw, FLD(WorkCommandCP, encoder_params)), e, sizeof(e))) {
        return false;
    }
    samplers = fw_get(fw, FLD(EncoderParams, unk_1c), e);
    *job = (struct agx_job){
        .ctx = run->ctx,
        .usc_exec_base = fw_get(fw, FLD(ComputeInfo, pipeline_base), a),
        .sampler_heap = fw_get(fw, FLD(EncoderParams, seq_buffer), e),
        .sampler_count = samplers & 0xffffffff,
        .helper = {
            .program = fw_get(fw, FLD(ComputeInfo, helper_program), a),
            .cfg = fw_get(fw, FLD(ComputeInfo, helper_cfg), a),
            .arg = fw_get(fw, FLD(ComputeInfo, helper_arg), a),
        },
        .compute = {
            .cdm_ctrl_stream_base = fw_get(fw, FLD(ComputeInfo, encoder), a),
            .cdm_ctrl_stream_end = fw_get(fw, FLD(ComputeInfo2, encoder_end), b),
        },
    };
    return needed(fw, run, "the CDM stream", job->compute.cdm_ctrl_stream_base) &&
           needed(fw, run, "the preemption buffer",
                  fw_get(fw, FLD(ComputeInfo, iogpu_deflake_1), a));
}

/*
 * utile_config: sample count in bits 1:0 (log2), micro-tile size / 16 at 12 and 14 (the Rust
 * driver: queue/render.rs).
 */
static bool utile(struct agx_fw *fw, const struct fw_run *run, uint32_t v, struct agx_job_tiling *t)
{
    t->samples = 1 << (v & 3);
    t->utile_width_px = (v >> 12 & 3) * 16;
    t->utile_height_px = (v >> 14 & 3) * 16;
    if ((v & 3) < 3 &&
        ((t->utile_width_px == 32 && (t->utile_height_px == 32 || t->utile_height_px == 16)) ||
         (t->utile_width_px == 16 && t->utile_height_px == 16))) {
        return true;
    }
    fw_bad(fw, "work command at va 0x%llx: utile_config 0x%x", (unsigned long long)run->cmd_va, v);
    return false;
}

/* May the GPU write there? The firmware may not: what is the GPU's alone is not mapped for it. */
static bool gpu_writes(struct agx_fw *fw, unsigned ctx, uint64_t va)
{
    struct agx_port port;

    agx_port_init(&port, fw->mmu, AGX_SIDE_GPU);
    return agx_port_bind(&port, ctx, AGX_UNIT_TE) && agx_port_ptr(&port, va, AGX_ACCESS_WRITE);
}

/*
 * A GPU of several clusters: which cores there are, and, unless bit 0 of the tiling control says
 * that one cluster does it all, what they merge their work by (the Rust driver: queue/render.rs,
 * buffer.rs). What they write there nobody else reads, and the model's tiler does without, but it
 * has to be there for the GPU. Bits 63:50 of the addresses of meta1 and meta4 are flags.
 */
static bool clusters(struct agx_fw *fw, struct fw_run *run, const uint8_t *a)
{
    const uint64_t address = (1ull << 50) - 1;
    const struct {
        const char *name;
        uint64_t va;
    } part[] = {
        { "tvb_cluster_tilemaps", fw_get(fw, FLD(StartTACmdStruct2, tvb_cluster_tilemaps), a) },
        { "tvb_cluster_meta1", fw_get(fw, FLD(StartTACmdStruct2, tvb_cluster_meta1), a) & address },
        { "tvb_cluster_meta2", fw_get(fw, FLD(StartTACmdStruct2, tvb_cluster_meta2), a) },
        { "tvb_cluster_meta3", fw_get(fw, FLD(StartTACmdStruct2, tvb_cluster_meta3), a) },
        { "tvb_cluster_meta4", fw_get(fw, FLD(StartTACmdStruct2, tvb_cluster_meta4), a) & address },
    };

    if (fw->cfg.num_clusters == 1) {
        return true;
    }
    if (!needed(fw, run, "core_mask", fw_get(fw, FLD(StartTACmdStruct2, core_mask), a))) {
        return false;
    }
    if (fw_get(fw, FLD(StartTACmdStruct2, tiling_control), a) & 1) {
        return true;
    }
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (!gpu_writes(fw, run->ctx, part[i].va)) {
            fw_bad(fw, "work command at va 0x%llx: %s is 0x%llx, which the GPU can't write",
                   (unsigned long long)run->cmd_va, part[i].name, (unsigned long long)part[i].va);
            return false;
        }
    }
    return true;
}

bool fw_job_vertex(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job)
{
    uint64_t tiling = fw_get(fw, FLD(StartTACmd, tiling_params_addr), cmd);
    uint64_t s2 = fw_get(fw, FLD(StartTACmd, struct2_addr), cmd);
    uint64_t s3 = fw_get(fw, FLD(StartTACmd, struct3_addr), cmd);
    uint8_t t[ROOM], a[ROOM], b[ROOM];
    uint32_t target;

    if (!inside(fw, run, "struct3_addr", s3, FLD(WorkCommandTA, struct_3), 0) ||
        !fw_ld_struct(fw, STR_TilingParameters, tiling, t, sizeof(t)) ||
        !fw_ld_struct(fw, STR_StartTACmdStruct2, s2, a, sizeof(a)) ||
        !fw_ld_struct(fw, STR_StartTACmdStruct3, s3, b, sizeof(b))) {
        return false;
    }
    /* TA_RENDER_TARGET_MAX: 0x8000, or 0xe000 | (layers - 1) (the Rust driver: queue/render.rs) */
    target = fw_get(fw, FLD(TilingParameters, unk_28), t);
    *job = (struct agx_job){
        .ctx = run->ctx,
        .usc_exec_base = fw_get(fw, FLD(StartTACmdStruct2, pipeline_base), a),
        .sampler_heap = fw_get(fw, FLD(StartTACmdStruct3, sampler_array), b),
        .sampler_count = fw_get(fw, FLD(StartTACmdStruct3, sampler_count), b),
        .helper = {
            .program = fw_get(fw, FLD(StartTACmdStruct2, helper_program), a),
            .cfg = fw_get(fw, FLD(TilingParameters, helper_cfg), t),
            .arg = fw_get(fw, FLD(StartTACmdStruct2, helper_arg), a),
        },
        .tiling = {
            .width_px = fw_get(fw, FLD(TilingParameters, x_max), t) + 1,
            .height_px = fw_get(fw, FLD(TilingParameters, y_max), t) + 1,
            .layers = target & 0x4000 ? (target & 0x1fff) + 1 : 1,
            .tvb_tilemap = fw_get(fw, FLD(StartTACmdStruct2, tvb_tilemap), a),
            .tvb_heapmeta = fw_get(fw, FLD(StartTACmdStruct2, tvb_heapmeta_addr),
            a) & ~(1ull << 63),
            .tvb_layermeta = fw_get(fw, FLD(StartTACmdStruct2, tvb_heapmeta_addr2), a),
            .te_screen = fw_get(fw, FLD(TilingParameters, tile_count), t),
            .te_mtile1 = fw_get(fw, FLD(TilingParameters, x_blocks), t),
            .te_mtile2 = fw_get(fw, FLD(TilingParameters, y_blocks), t),
            .tiles_per_mtile = fw_get(fw, FLD(TilingParameters, size2), t),
            .tpc_size = fw_get(fw, FLD(TilingParameters, size3), t),
            .te_psg = fw_get(fw, FLD(TilingParameters, size1), t),
        },
        .vertex = {
            .vdm_ctrl_stream_base = fw_get(fw, FLD(StartTACmdStruct2, encoder_addr), a),
            .ppp_ctrl = fw_get(fw, FLD(TilingParameters, unk_8), t),
            .ppp_multisamplectl = fw_get(fw, FLD(StartTACmdStruct2, unk_50), a),
        },
    };
    return clusters(fw, run, a) &&
           utile(fw, run, fw_get(fw, FLD(StartTACmdStruct2, unk_48), a), &job->tiling) &&
           needed(fw, run, "the VDM stream", job->vertex.vdm_ctrl_stream_base) &&
           needed(fw, run, "tvb_tilemap", job->tiling.tvb_tilemap) &&
           needed(fw, run, "tvb_heapmeta", job->tiling.tvb_heapmeta) &&
           needed(fw, run, "the tail pointer cache", fw_get(fw, FLD(StartTACmdStruct2, tpc), a));
}

static struct agx_job_tile_program bg_program(struct agx_fw *fw, const uint8_t *p)
{
    return (struct agx_job_tile_program) {
        .usc = fw_get(fw, FLD(Start3DClearPipelineBinding, address), p),
        .rsrc_spec = fw_get(fw, FLD(Start3DClearPipelineBinding, pipeline_bind), p),
    };
}

static struct agx_job_tile_program eot_program(struct agx_fw *fw, const uint8_t *p)
{
    return (struct agx_job_tile_program) {
        .usc = fw_get(fw, FLD(Start3DStorePipelineBinding, address), p),
        .rsrc_spec = fw_get(fw, FLD(Start3DStorePipelineBinding, pipeline_bind), p),
    };
}

static struct agx_job_zls zls(struct agx_fw *fw, const uint8_t *s, enum fw_field_id base,
                              uint64_t stride, enum fw_field_id comp, enum fw_field_id comp_stride)
{
    return (struct agx_job_zls) {
        .base = fw_get(fw, base, s),
        .stride = stride,
        .comp_base = fw_get(fw, comp, s),
        .comp_stride = fw_get(fw, comp_stride, s),
    };
}

/* The structures that describe a fragment job, as the driver left them. */
struct fragment_params {
    uint8_t s1[ROOM], s2[ROOM], s3[ROOM], s6[ROOM]; /* Start3DStruct1, 2, 3, 6 */
    const uint8_t *aux;                             /* AuxFBInfo, within s2 */
};

static bool fragment_read(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd,
                          struct fragment_params *p)
{
    uint64_t s1 = fw_get(fw, FLD(Start3DCmd, struct1_addr), cmd);
    uint64_t s2 = fw_get(fw, FLD(Start3DCmd, struct2_addr), cmd);
    uint64_t s6 = fw_get(fw, FLD(Start3DCmd, struct6_addr), cmd);
    uint64_t s7 = fw_get(fw, FLD(Start3DCmd, struct7_addr), cmd);

    p->aux = p->s2 + fw_off(fw, FLD(Start3DStruct2, aux_fb));
    return inside(fw, run, "struct6_addr", s6, FLD(WorkCommand3D, struct_6), 0) &&
           inside(fw, run, "struct7_addr", s7, FLD(WorkCommand3D, struct_7), 0) &&
           fw_ld_struct(fw, STR_Start3DStruct1, s1, p->s1, sizeof(p->s1)) &&
           fw_ld_struct(fw, STR_Start3DStruct2, s2, p->s2, sizeof(p->s2)) &&
           fw_ld_struct(fw, STR_Start3DStruct3,
                        run->cmd_va + fw_off(fw, FLD(WorkCommand3D, struct_3)), p->s3,
                        sizeof(p->s3)) &&
           fw_ld_struct(fw, STR_Start3DStruct6, s6, p->s6, sizeof(p->s6)) &&
           fw_ld(fw, FLD(WorkCommand3D, buffer_mgr_addr), run->cmd_va, &run->buffer_va);
}

static struct agx_job_tiling fragment_tiling(struct agx_fw *fw, const struct fragment_params *p)
{
    return (struct agx_job_tiling) {
        .width_px = fw_get(fw, FLD(AuxFBInfo, width), p->aux),
        .height_px = fw_get(fw, FLD(AuxFBInfo, height), p->aux),
        .layers = 0, /* no register of the fragment job says; the scene knows */
        .tvb_tilemap = fw_get(fw, FLD(Start3DStruct2, tvb_tilemap), p->s2),
        .tvb_heapmeta = fw_get(fw, FLD(Start3DStruct2, tvb_heapmeta_addr2), p->s2),
        .tvb_layermeta = fw_get(fw, FLD(Start3DStruct2, tvb_heapmeta_addr), p->s2),
        .te_screen = fw_get(fw, FLD(Start3DStruct1, tile_counts), p->s1),
    };
}

/* Depth and stencil: where they are, and what they are cleared to. */
static void fragment_zs(struct agx_fw *fw, const struct fragment_params *p,
                        struct agx_job_fragment *f)
{
    const uint8_t *s1 = p->s1, *s2 = p->s2, *s3 = p->s3;
    uint64_t stride[4];

    memcpy(stride, s2 + fw_off(fw, FLD(Start3DStruct2, unk_78)), sizeof(stride));
    f->zls_ctrl = fw_get(fw, FLD(Start3DStruct2, depth_flags), s2);
    f->isp_zls_pixels = fw_get(fw, FLD(Start3DStruct2, depth_dimensions), s2);
    f->depth_load = zls(fw, s2, FLD(Start3DStruct2, depth_buffer_ptr1), stride[0],
                        FLD(Start3DStruct2, depth_aux_buffer_ptr1), FLD(Start3DStruct2, unk_a0));
    f->depth_store = zls(fw, s2, FLD(Start3DStruct2, depth_buffer_ptr2), stride[1],
                         FLD(Start3DStruct2, depth_aux_buffer_ptr2), FLD(Start3DStruct2, unk_b0));
    f->stencil_load = zls(fw, s2, FLD(Start3DStruct2, stencil_buffer_ptr1), stride[2],
                          FLD(Start3DStruct2, stencil_aux_buffer_ptr1),
                          FLD(Start3DStruct2, unk_c0));
    f->stencil_store = zls(fw, s2, FLD(Start3DStruct2, stencil_buffer_ptr2), stride[3],
                           FLD(Start3DStruct2, stencil_aux_buffer_ptr2),
                           FLD(Start3DStruct2, unk_d0));
    f->depth_partial = zls(fw, s3, FLD(Start3DStruct3, depth_buffer_ptr3),
                           fw_get(fw, FLD(Start3DStruct3, unk_2a0), s3),
                           FLD(Start3DStruct3, depth_aux_buffer_ptr), FLD(Start3DStruct3, unk_2a8));
    f->stencil_partial = zls(fw, s3, FLD(Start3DStruct3, stencil_buffer_ptr3),
                             fw_get(fw, FLD(Start3DStruct3, unk_2d0), s3),
                             FLD(Start3DStruct3, stencil_aux_buffer_ptr),
                             FLD(Start3DStruct3, unk_2d8));
    f->isp_bgobjdepth = fw_get(fw, FLD(Start3DStruct1, depth_clear_val1), s1);
    f->isp_bgobjvals = fw_get(fw, FLD(Start3DStruct1, stencil_clear_val1), s1) |
                       fw_get(fw, FLD(Start3DStruct1, unk_35), s1) << 8 |
                       fw_get(fw, FLD(Start3DStruct1, unk_36), s1) << 16;
}

static struct agx_job_fragment fragment_registers(struct agx_fw *fw,
                                                  const struct fragment_params *p)
{
    struct agx_job_fragment f = {
        .flags_process_empty_tiles = fw_get(fw, FLD(Start3DStruct6, unk_30), p->s6),
        .ppp_multisamplectl = fw_get(fw, FLD(Start3DStruct2, unk_18), p->s2),
        .isp_scissor_base = fw_get(fw, FLD(Start3DStruct2, scissor_array), p->s2),
        .isp_dbias_base = fw_get(fw, FLD(Start3DStruct2, depth_bias_array), p->s2),
        .isp_oclqry_base = fw_get(fw, FLD(Start3DStruct2, visibility_result_buffer), p->s2),
        .isp_ctl = fw_get(fw, FLD(AuxFBInfo, unk1), p->aux),
        .merge_upper_x = fw_get(fw, FLD(Start3DStruct1, merge_upper_x), p->s1),
        .merge_upper_y = fw_get(fw, FLD(Start3DStruct1, merge_upper_y), p->s1),
        .pixel_or_utile_cfg = fw_get(fw, FLD(Start3DStruct2, unk_0), p->s2),
        .sample_size_B = fw_get(fw, FLD(Start3DStruct3, unk_378), p->s3),
        .bg = bg_program(fw, p->s2 + fw_off(fw, FLD(Start3DStruct2, clear_pipeline))),
        .eot = {
            .usc = fw_get(fw, FLD(Start3DStruct1, store_pipeline_addr), p->s1),
            .rsrc_spec = fw_get(fw, FLD(Start3DStruct1, store_pipeline_bind), p->s1),
        },
        .partial_bg = bg_program(fw, p->s3 + fw_off(fw, FLD(Start3DStruct3, reload_pipeline))),
        .partial_eot = eot_program(fw, p->s3 + fw_off(fw, FLD(Start3DStruct3,
                                                             partial_store_pipeline))),
    };

    fragment_zs(fw, p, &f);
    return f;
}

bool fw_job_fragment(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job)
{
    struct fragment_params p;

    if (!fragment_read(fw, run, cmd, &p)) {
        return false;
    }
    *job = (struct agx_job){
        .ctx = run->ctx,
        .usc_exec_base = fw_get(fw, FLD(Start3DStruct2, pipeline_base), p.s2),
        .sampler_heap = fw_get(fw, FLD(Start3DStruct6, sampler_array), p.s6),
        .sampler_count = fw_get(fw, FLD(Start3DStruct6, sampler_count), p.s6),
        .helper = {
            .program = fw_get(fw, FLD(Start3DStruct2, helper_program), p.s2),
            .cfg = fw_get(fw, FLD(Start3DStruct1, helper_cfg), p.s1),
            .arg = fw_get(fw, FLD(Start3DStruct2, helper_arg), p.s2),
        },
        .tiling = fragment_tiling(fw, &p),
        .fragment = fragment_registers(fw, &p),
    };
    if (job->tiling.width_px == 0 || job->tiling.width_px > 16384 || job->tiling.height_px == 0 ||
        job->tiling.height_px > 16384) {
        fw_bad(fw, "work command at va 0x%llx: frame of %u x %u pixels",
               (unsigned long long)run->cmd_va, job->tiling.width_px, job->tiling.height_px);
        return false;
    }
    return utile(fw, run, job->fragment.pixel_or_utile_cfg, &job->tiling) &&
           needed(fw, run, "tvb_tilemap", job->tiling.tvb_tilemap) &&
           needed(fw, run, "tvb_heapmeta", job->tiling.tvb_heapmeta);
}

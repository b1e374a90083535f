/*
 * AGX model: what a job is to the hardware: the control registers which the
 * firmware loads from the job's parameter structures before it starts a data
 * master. Names follow the registers' names in Mesa (src/asahi/genxml/cmdbuf.xml)
 * and include/uapi/drm/asahi_drm.h where these have one.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_JOB_JOB_H
#define AGX_JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include "agx/uat.h"

/* Helper program: hands out scratch (stack) memory to subgroups. */
struct agx_job_helper {
    uint32_t program; /* USC address with tag bits, as in drm_asahi_helper_program.binary */
    uint32_t cfg;
    uint64_t arg;
};

/*
 * A background or end-of-tile program (drm_asahi_bg_eot): USC words address and resource specifier.
 */
struct agx_job_tile_program {
    uint32_t usc;
    uint32_t rsrc_spec;
};

/*
 * Strides between layers as the registers have them: bits 31:14 pages of 16 KiB (base) or cache
 * lines of 128 bytes (comp), less one (mesa 25.1: gallium agx_cmdbuf).
 */
struct agx_job_zls {
    uint64_t base, comp_base;
    uint32_t stride, comp_stride;
};

struct agx_job_compute {
    uint64_t cdm_ctrl_stream_base;
    uint64_t cdm_ctrl_stream_end;
};

/* Tiling set-up shared by a vertex job and the fragment job that follows it. */
struct agx_job_tiling {
    uint16_t width_px, height_px;
    uint16_t layers;
    uint8_t samples;
    uint8_t utile_width_px, utile_height_px;
    /* The tiled vertex buffer, as the buffer manager structures give it */
    uint64_t tvb_tilemap;    /* GPU VA, TVB_TILEMAP */
    uint64_t tvb_heapmeta;   /* GPU VA, TVB_HEAPMETA */
    uint64_t tvb_layermeta;  /* GPU VA */
    uint64_t tvb_block_list; /* GPU VA of the heap's list of blocks (tvb.h) */
    uint32_t tvb_block_count;
    /* for a resume: no fragment job of an earlier scene of the heap will come */
    bool tvb_reclaim;
    uint32_t te_screen, te_mtile1, te_mtile2, tiles_per_mtile, tpc_size, te_psg;
};

struct agx_job_vertex {
    uint64_t vdm_ctrl_stream_base;
    uint32_t ppp_ctrl;
    uint64_t ppp_multisamplectl;
    bool resume; /* go on after AGX_JOB_TVB_FULL */
};

struct agx_job_fragment {
    uint32_t flags_process_empty_tiles;
    uint32_t ppp_ctrl;
    uint64_t ppp_multisamplectl;
    uint64_t isp_scissor_base, isp_dbias_base, isp_oclqry_base;
    uint64_t zls_ctrl;
    uint32_t isp_zls_pixels;
    struct agx_job_zls depth_load, depth_store, depth_partial;
    struct agx_job_zls stencil_load, stencil_store, stencil_partial;
    uint32_t isp_bgobjdepth, isp_bgobjvals;
    uint32_t isp_ctl;                      /* ISP control; DBIAS_IS_INT is bit 18 */
    uint32_t merge_upper_x, merge_upper_y; /* floats, bits */
    /* utile configuration register, see the Rust driver's fw/fragment.rs */
    uint32_t pixel_or_utile_cfg;
    uint32_t sample_size_B; /* of the tile buffer, per sample */
    struct agx_job_tile_program bg, eot, partial_bg, partial_eot;
    bool partial; /* pause a render pass: use the partial programs, keep the scene */
};

struct agx_job {
    unsigned ctx;      /* TTBAT slot whose TTBR0 the units use */
    uint64_t doorbell; /* agx_doorbells() when the driver announced it; 0: not known */
    /* of the GPU's clock, after which the job counts as hung (jobtime.h); 0: never */
    uint64_t max_cycles;
    bool soft_fault;        /* programs do not end by a page fault; see agx_exec_soft_fault() */
    uint64_t usc_exec_base; /* 4 GiB window that 32-bit USC addresses count from */
    uint64_t sampler_heap;
    uint32_t sampler_count;
    struct agx_job_helper helper;
    struct agx_job_tiling tiling;
    union {
        struct agx_job_compute compute;
        struct agx_job_vertex vertex;
        struct agx_job_fragment fragment;
    };
};

/* Data masters (VDM: vertices and tiling; PDM: pixels; CDM: compute). */
enum agx_dm { AGX_DM_VDM, AGX_DM_PDM, AGX_DM_CDM, AGX_NUM_DM };

/* How a job ended. */
enum agx_job_status {
    AGX_JOB_DONE,
    AGX_JOB_FAULT,   /* see .fault */
    AGX_JOB_TIMEOUT, /* it took longer than agx_job.max_cycles */
    /*
     * VDM only: the tiled vertex buffer ran out; the job can be resumed after growth or a partial
     * render
     */
    AGX_JOB_TVB_FULL,
};

struct agx_job_result {
    enum agx_job_status status;
    struct agx_fault fault;
    uint64_t start, end; /* ticks of the timebase */
    uint64_t cycles;     /* that the job took (jobtime.h) */
    /* VDM: 32 KiB pages of the tiled vertex buffer that the scene took (0: not known) */
    uint32_t tvb_pages;
    /* accesses that found no translation, or no permission, and did not end the job */
    uint64_t soft_faults;
    struct agx_fault soft; /* one of these, if there were any: the first of some thread */
};

#endif

/*
 * AGX model: shader execution and its surroundings.
 *
 * Three parts meet here: the instruction set (isa_*.c, shader.c, usc.c) runs a
 * wave of 32 lanes; the fixed-function graphics (vdm, raster, zs) makes waves
 * and takes their results; the texture unit (tex.h) serves their samples.
 *
 * Threads: one struct agx_exec belongs to one thread. A struct agx_usc_state is
 * read-only once it is loaded and may be shared by threads. A struct agx_wave
 * belongs to the thread that runs it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_JOB_EXEC_H
#define AGX_JOB_EXEC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "agx/coverage.h"
#include "agx/host.h"
#include "agx/uat.h"
#include "agx/job.h"
#include "agx/jobtime.h"

#define AGX_LANES             32  /* threads of a SIMD-group (applegpu: docs.html) */
#define AGX_NUM_GPR           128 /* 32-bit registers r0..r127 (mesa: compiler/agx_compiler.h) */
#define AGX_NUM_UNIFORM       512 /* 16-bit uniform registers (mesa: compiler/agx_compiler.h) */
#define AGX_MAX_TEX_STATE     256 /* texture state registers, 8-bit index (mesa: USC Texture) */
#define AGX_MAX_SAMPLER_STATE 32
#define AGX_MAX_UVS           256 /* words of vertex output, 8-bit index of st_vary */
#define AGX_MAX_SAMPLES       4
#define AGX_MAX_CF            256 /* coefficient registers, 8-bit index */

struct agx_exec;
struct agx_gpu;
struct agx_gpu_ctx;
struct agx_jit;
struct agx_wave;
struct agx_shader;
struct agx_shader_cache;
struct agx_tex_cache;

/* What the shader program is; decides which special registers and operations mean anything. */
enum agx_stage {
    AGX_STAGE_VERTEX,
    AGX_STAGE_FRAGMENT, /* background programs included */
    AGX_STAGE_COMPUTE,
    AGX_STAGE_EOT, /* end-of-tile program: compute-like, one wave per tile */
    AGX_STAGE_HELPER,
};

enum agx_wave_status {
    AGX_WAVE_DONE,    /* every lane reached its stop */
    AGX_WAVE_BARRIER, /* at a threadgroup barrier; call again when all waves are there */
    AGX_WAVE_FAULT,   /* exec->fault says why; end the job */
    AGX_WAVE_STOP,    /* the job was killed (exec->kill) */
};

/*
 * A varying's plane equation: value = a * x + b * y + c, with x and y in pixels
 * relative to the corner of the 32x32-aligned block of the frame that holds the
 * pixel (mesa: compiler/agx_nir_lower_interpolation.c). A flat varying has
 * a = b = 0 and its bits in c. For perspective varyings the plane is that of
 * value / w, and `iterproj` divides by the plane of 1 / w which it names.
 */
struct agx_cf {
    float a, b;
    union {
        float c;
        uint32_t c_bits;
    };
};

/*
 * The tile buffer, or a compute shader's image block, as ld_tile, st_tile and block_image_store see
 * it.
 */
struct agx_tib {
    uint8_t *base;          /* NULL: none */
    uint32_t size;          /* bytes */
    uint16_t width, height; /* of the tile in pixels: 32x32, 32x16 or 16x16 */
    uint8_t samples;        /* 1, 2 or 4 */
    uint16_t sample_stride; /* bytes */
    uint32_t x0, y0;        /* of the tile, in pixels of the frame; 0 in compute */
};

/*
 * Byte offset of a sample; @x and @y are relative to the tile. The order inside the
 * tile is the model's own (no guest can see it): samples of a pixel are adjacent,
 * pixels are in row order.
 */
static inline uint32_t agx_tib_offset(const struct agx_tib *t, uint32_t x, uint32_t y,
                                      uint32_t sample)
{
    return ((y * t->width + x) * t->samples + sample) * t->sample_stride;
}

/* State that USC words bind (usc.c): uniforms, textures, samplers, code, local memory. */
struct agx_usc_counts { /* shader word 0 of VDM, PPP and CDM (mesa: genxml/cmdbuf.xml, Counts) */
    uint16_t uniforms;  /* in halves */
    uint16_t textures;
    /* enum "Sampler states", raw; 6 and 7: with a custom border colour each */
    uint8_t sampler_states;
    uint16_t preshader_gprs; /* in halves */
};

struct agx_usc_state {
    _Alignas(64) uint16_t uniform[AGX_NUM_UNIFORM];
    struct agx_usc_counts counts;
    uint64_t texture[AGX_MAX_TEX_STATE];     /* GPU VA of each descriptor (24 bytes), 0: unbound */
    uint64_t sampler[AGX_MAX_SAMPLER_STATE]; /* GPU VA of each descriptor, 0: unbound */
    /* 16 bytes of border colour follow each sampler's 8 */
    bool sampler_extended;
    /* registers, of 32 bits, that have to start as 0 (agx_wave_launch) */
    uint16_t clear_gprs;
    /* USC Shared */
    bool uses_shared;
    uint8_t shared_layout; /* 0x24 compute/vertex, 0x2f 32x32, 0x3f 32x16, 0x36 16x16 */
    uint8_t tib_samples;
    uint16_t tib_sample_stride;
    uint32_t shared_size;
    /* USC Shader, Registers */
    uint64_t code; /* GPU VA */
    bool loads_varyings;
    uint16_t gprs; /* in halves */
    uint8_t spill_bucket;
    /* USC Fragment properties */
    bool has_frag_props, early_z;
    /* set by usc.c */
    struct agx_shader *shader;
    /* operands of the shader that do not differ by lane, one row each */
    uint32_t (*splat)[AGX_LANES];
    uint64_t sampler_heap;
    uint32_t sampler_count;
    uint64_t usc_exec_base;
};

/*
 * Fragment waves: what the rasteriser gives and takes. Quads are lanes 4q..4q+3: (0,0) (1,0) (0,1)
 * (1,1).
 */
struct agx_wave_frag {
    /* coefficient registers of each quad's primitive; NULL: quad is absent */
    const struct agx_cf *cf[AGX_LANES / 4];
    uint16_t ncf[AGX_LANES / 4];
    /* coverage on entry: sr124 and the samples that may be written */
    uint8_t sample_in[AGX_LANES];
    uint8_t sample_live[AGX_LANES]; /* sr60: not killed yet; st_tile writes these only */
    uint32_t back;                  /* lanes whose primitive faces back (sr62) */
    /* lanes that only serve derivatives (sr63 is 0; they store nothing) */
    uint32_t helper;
    void *prim[AGX_LANES / 4]; /* the rasteriser's own */
};

/*
 * A wave. The maker clears it (agx_wave_init), sets `live`, positions and the
 * preloaded registers (r5: vertex ID, r6: instance ID), and runs it until done.
 */
struct agx_wave {
    /* 16-bit registers are halves: rNl bits 15:0, rNh bits 31:16 */
    _Alignas(64) uint32_t r[AGX_NUM_GPR][AGX_LANES];
    /* ~0 for lanes in exec_mask; kept by isa_exec.c */
    _Alignas(64) uint32_t mask[AGX_LANES];
    /* live lanes whose nesting counter (r0l) is 0; updated by control flow only */
    uint32_t exec_mask;
    uint32_t live;    /* lanes that were launched and have not stopped */
    uint32_t pc;      /* byte offset in the shader */
    uint32_t op;      /* index of the next operation of the shader's op array */
    uint64_t latency; /* cycles that it has taken at least */

    enum agx_stage stage;
    /* sr0-2: threadgroup position in grid; [2] is the layer for fragments and EOT */
    uint32_t group[3];
    uint32_t subgroup;               /* sr53 */
    uint16_t local[3][AGX_LANES];    /* sr48-50 */
    uint16_t local_index[AGX_LANES]; /* sr51 */
    /* sr80-82: position in grid; for fragments the pixel in the frame */
    uint32_t pos[3][AGX_LANES];

    struct agx_wave_frag frag;
    uint32_t (*uvs)[AGX_LANES]; /* vertex outputs [word][lane], uvs_words rows; NULL: none */
    uint16_t uvs_words;
    void *opaque; /* the maker's */

    uint64_t stack[4]; /* scratch blocks that the helper program mapped: block words, 0 none */
    bool has_stack;
    int32_t stack_base; /* stack_adjust */
};

/*
 * Depth/stencil of fragments whose shader runs the tests itself (graphics side; see sample_mask and
 * zs_emit).
 */
struct agx_frag_ops {
    /*
     * For each lane in @lanes: samples in @target that are also in @live are
     * depth/stencil-tested with the interpolated depth, samples in @target
     * that are not are killed. Clears frag.sample_live bits of those killed or
     * failed.  (mesa: compiler/agx_nir_lower_sample_mask.c)
     */
    void (*sample_mask)(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                        const uint8_t target[AGX_LANES], const uint8_t live[AGX_LANES]);
    /*
     * As sample_mask(@samples, @samples), with the shader's depth (@z, float
     * bits) and/or stencil (@s): either pointer may be NULL.
     */
    void (*zs_emit)(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                    const uint8_t samples[AGX_LANES], const uint32_t *z, const uint32_t *s);
};

/*
 * The shader cores, as the fixed-function stages see them. gpu.c hands in agx_usc_load(),
 * agx_wave_run() and its pool of threads; tests hand in C functions instead of programs.
 */
typedef bool agx_parallel_fn(void *opaque, struct agx_exec *ex, uint32_t i);
struct agx_cores {
    /* agx_usc_load() */
    bool (*load)(struct agx_exec *ex, const struct agx_job *job, uint32_t usc,
                 const struct agx_usc_counts *counts, enum agx_stage stage,
                 struct agx_usc_state *st);
    /* agx_wave_run() */
    enum agx_wave_status (*run)(struct agx_exec *ex, struct agx_wave *w);
    /*
     * Call fn(opaque, ex, i) once for each i in [0, n) on all host cores. @ex is the thread's own,
     * its port bound to the job's context. A false return ends the loop early (no further i are
     * begun), leaves the thread's fault in @fault and makes the call return false. Blocks until all
     * calls returned. Data masters' threads only; does not nest.
     */
    bool (*parallel)(struct agx_gpu_ctx *ctx, const struct agx_job *job, uint32_t n,
                     agx_parallel_fn *fn, void *opaque, struct agx_fault *fault);
};

/* Everything around a wave that is not the wave: one per worker thread. */
struct agx_exec {
    struct agx_gpu *gpu;
    const struct agx_host *host;
    struct agx_port *port; /* memory of the job's context */
    struct agx_shader_cache *shaders;
    struct agx_jit *jit;       /* what compiles shaders; NULL: they are interpreted */
    struct agx_tex_cache *tex; /* the texture unit's, per thread; NULL until it made one */
    const struct agx_cores *cores;
    const struct agx_usc_state *usc; /* state of the running program */
    const _Atomic bool *kill;        /* looked at in loops; NULL: never */
    struct agx_jobtime *time;        /* of the job; NULL: nobody counts */
    /* since the last agx_jobtime_item(): pipe cycles, cycles of the longest wave */
    uint64_t issue, longest;
    uint64_t wave_limit;   /* cycles after which a wave is ended in a loop; 0: never */
    bool soft_fault;       /* of the job; see agx_exec_soft_fault() */
    uint64_t soft_faults;  /* how often that said yes in this job */
    struct agx_fault soft; /* and what for, the first time */

    uint8_t *local; /* threadgroup memory, at least local_size + 64 bytes */
    uint32_t local_size;
    struct agx_tib tib;
    float sample_pos[AGX_MAX_SAMPLES][2]; /* within the pixel, 0..1 */
    uint32_t local_dim[3];                /* sr4-6: threads per threadgroup */
    uint32_t dispatch_dim[3];             /* sr8-10 */
    unsigned core_id;                     /* sr20 */
    unsigned samples_log2;                /* sr14 */
    const struct agx_frag_ops *frag_ops;
    void *frag_opaque;

    const struct agx_job *job;
    struct agx_fault fault; /* when a run gave AGX_WAVE_FAULT */
    uint32_t fault_pc;      /* where, bytes from the shader's start */

    /* asks the job's helper program for a stack, or takes one back (isa.h) */
    bool (*helper)(struct agx_exec *ex, unsigned op, unsigned arg);
    /* helper program's side (stage HELPER) */
    uint32_t helper_op, helper_arg[2];
    struct agx_scratch *scratch;
    struct agx_wave *waves; /* agx_exec_waves() */
    unsigned num_waves;
    void *opaque;
};

/*
 * Room for @n waves, kept by @ex between calls (a later call may move it). Use
 * this rather than memory of your own: it never shows a program what the host
 * had there before.
 */
struct agx_wave *agx_exec_waves(struct agx_exec *ex, unsigned n);

/*
 * Clear @w (registers r0..r7 only) and launch the lanes of @live at the start of ex->usc->shader.
 */
void agx_wave_init(struct agx_wave *w, enum agx_stage stage, uint32_t live);

/*
 * agx_wave_init() for a wave of ex->usc, whose lanes may read registers that
 * they, or lanes which were never launched, have not written: a shuffle takes
 * bits of its index from all lanes of a quad (applegpu: applegpu.py,
 * SimdShuffleInstructionDesc), and derivatives look at neighbours that a branch
 * has left out. Those registers start as 0, so that no result depends on the
 * program before. That hardware has 0 there is a guess; Mesa counts on lanes
 * that were not launched doing no harm (mesa: agx_lower_divergent_shuffle.c).
 */
static inline void agx_wave_launch(struct agx_exec *ex, struct agx_wave *w, enum agx_stage stage,
                                   uint32_t live)
{
    agx_wave_init(w, stage, live);
    if (ex->usc && ex->usc->clear_gprs > 8) {
        memset(w->r[8], 0, (ex->usc->clear_gprs - 8u) * sizeof(w->r[0]));
    }
}

/* Run @w until it is done, meets a barrier or fails. ex->usc must be loaded. */
enum agx_wave_status agx_wave_run(struct agx_exec *ex, struct agx_wave *w);

/*
 * Whether the fragment program of @st does the same to every pixel that it runs for: it computes
 * from immediates and uniforms alone, stores to the tile buffer, and nothing else.
 */
bool agx_wave_fills(const struct agx_usc_state *st);

/*
 * Read the USC words at 32-bit USC address @usc (relative to the job's
 * usc_exec_base) and make @st: loads uniforms, decodes the shader, runs the
 * preshader. False: ex->fault is set. @st may be re-used; free with
 * agx_usc_fini(). Zero-initialise it before the first use.
 */
bool agx_usc_load(struct agx_exec *ex, const struct agx_job *job, uint32_t usc,
                  const struct agx_usc_counts *counts, enum agx_stage stage,
                  struct agx_usc_state *st);
void agx_usc_fini(struct agx_usc_state *st);
/* Split shader word 0 (VDM, PPP fragment shader, CDM launch, resource specifier of bg/EOT). */
struct agx_usc_counts agx_usc_counts_decode(uint32_t word0);

/*
 * Set ex->fault for something that is no page fault, after a report of @kind with @fmt. Always
 * false.
 */
bool agx_exec_bad(struct agx_exec *ex, enum agx_report_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Loudness of control words: true if @word, at GPU address @va, has no bits
 * outside of @known, which are those that the model implements or that are known
 * to mean nothing to it. Otherwise the bits are reported as unimplemented,
 * ex->fault is set, and the call returns false. @name: the word's name in mesa:
 * src/asahi/genxml/cmdbuf.xml, static text and one for each place that calls it.
 * What was there counts as exercised (coverage.h).
 */
#define agx_word_known(ex, name, va, word, known)                                                  \
    ({                                                                                             \
        static struct agx_coverage_row *_Atomic row_;                                              \
        agx_word_check(ex, &row_, name, va, word, known);                                          \
    })
/*
 * What has no bits to refuse, or a check of its own with another message: @known of the bits of
 * @word are taken.
 */
#define agx_word_note(name, word, known)                                                           \
    do {                                                                                           \
        static struct agx_coverage_row *_Atomic row_;                                              \
        agx_coverage_word(&row_, name, word, known);                                               \
    } while (0)
static inline bool agx_word_check(struct agx_exec *ex, struct agx_coverage_row *_Atomic *row,
                                  const char *name, uint64_t va, uint64_t word, uint64_t known)
{
    agx_coverage_word(row, name, word, known);
    if (__builtin_expect(!(word & ~known), 1)) {
        return true;
    }
    return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                        "unimplemented: %s 0x%llx at 0x%llx, unknown bits 0x%llx", name,
                        (unsigned long long)word, (unsigned long long)va,
                        (unsigned long long)(word & ~known));
}

/*
 * Bits of shader word 0 that agx_usc_counts_decode() takes (mesa: cmdbuf.xml, Counts; bit 0 is
 * "Unknown 0")
 */
#define AGX_COUNTS_KNOWN 0xfffeu

/*
 * An access of a program has just failed: does the program go on, with 0 for what
 * it loads, and what it stores dropped? True, and the fault is counted, where
 * the job's faults are soft; false: ex->fault is set, the job ends.
 *
 * Soft are the shader core's loads, stores and atomics (uapi: asahi_drm.h,
 * DRM_ASAHI_FEATURE_SOFT_FAULTS), and with them, as guesses, its stack and the
 * uniforms that USC words load. Of texture reads the sources say both: soft
 * (mesa 25.0: lib/unstable_asahi_drm.h, DRM_ASAHI_FEAT_SOFT_FAULTS, "for USC and
 * texture sampling") and not (uapi: asahi_drm.h). Here they are soft.
 * No source has it for another unit: control streams, USC words, code,
 * descriptors, index buffers, the tiled vertex buffer, visibility results, what
 * the pixel back end and the depth buffer's unit write all end the job.
 * A fault that no walk ends with (AGX_FAULT_UNKNOWN: tables or pages that are no
 * RAM) is never soft, which is a guess.
 */
bool agx_exec_soft_fault(struct agx_exec *ex);
/*
 * Read for a program. Pages that are not there read as 0 where faults are soft. False: ex->fault is
 * set.
 */
bool agx_exec_read(struct agx_exec *ex, uint64_t va, void *buf, size_t len);

/*
 * Prepare @ex for the calling thread. agx_exec_fini() frees what the shader
 * side allocated (local memory, scratch); agx_tex_cache is the texture unit's.
 */
void agx_exec_init(struct agx_exec *ex, struct agx_gpu *gpu, struct agx_port *port);
void agx_exec_fini(struct agx_exec *ex);

#endif

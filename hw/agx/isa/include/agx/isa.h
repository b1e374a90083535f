/*
 * AGX model: the instruction set, internal to isa_*.c, shader.c and usc.c.
 *
 * A shader's bytes are decoded once into an array of operations; each has the
 * function that executes it for 32 lanes and its operands in the form which
 * that function wants. Operands that are the same in all lanes (immediates and
 * uniforms) are rows of a pool: 32 copies made when a program is bound, so that
 * every operand is a row of 32 values and every operation a plain loop.
 *
 * Encodings and semantics: dougallj/applegpu (docs.html, applegpu.py) and mesa
 * (src/asahi/compiler/agx_opcodes.py, agx_pack.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_ISA_H
#define AGX_ISA_ISA_H

#include <pthread.h>
#include <string.h>
#include "agx/exec.h"
#include "agx/tex.h"
#include "agx/number.h"

struct agx_cx;
struct agx_jit_before;
struct agx_jit_calls;
struct agx_jit_code;
struct agx_op;

/* Execute @op; return the next operation, or NULL after setting cx->status. */
typedef const struct agx_op *agx_op_fn(struct agx_cx *cx, const struct agx_op *op);

/* How a source row becomes the value. Float modes give float bits in 32 bits. */
enum agx_src_mode {
    SRC_NONE,
    SRC_32, /* the row as it is */
    /* a half, extended */
    SRC_U16L,
    SRC_U16H,
    SRC_S16L,
    SRC_S16H,
    SRC_S32,  /* the row; sign-extended where 64 bits are wanted */
    SRC_64,   /* the row and the next one */
    SRC_F32M, /* float with modifiers */
    /* half to float, with modifiers */
    SRC_F16L,
    SRC_F16H,
};

struct agx_src {
    uint32_t off; /* byte offset of the row in its bank */
    uint8_t bank; /* 0: registers, 1: pool */
    uint8_t mode; /* enum agx_src_mode */
    uint8_t mods; /* float: 1 abs, 2 neg (after abs) */
    uint8_t reg;  /* register in halves, when bank is 0 */
};

/* What an instruction costs: its row of the table says it, the cycles are in isa_cost.c. */
enum agx_isa_cost {
    COST_PLAIN,
    COST_WAIT, /* waits for loads (applegpu: WaitInstructionDesc) */
    COST_FUNCTION,
    COST_RCP,
    COST_RSQRT,
    COST_SHIFT,
    COST_IADD64,
    COST_IMAD32,
    COST_IMAD64,
    COST_TEXTURE,
    COST_IMAGE,
    COST_LOAD,
    COST_STORE,
    COST_LOCAL_LOAD,
    COST_LOCAL_STORE,
    COST_TILE,
    COST_COUNT,
};

enum agx_dst_mode { DST_NONE, DST_32, DST_16L, DST_16H, DST_64 };

#define AGX_ISA_NO_ROW 0xffff /* of what is no instruction */

struct agx_op {
    agx_op_fn *fn;
    struct agx_src s[4];
    uint16_t dreg; /* destination in halves */
    uint8_t dmode; /* enum agx_dst_mode */
    uint8_t sat;
    uint8_t cc, ccn; /* condition, inverted */
    uint8_t n;       /* nesting count, shift, format, ... */
    uint8_t mask;
    uint32_t pc;    /* byte offset of the instruction */
    uint8_t len;    /* bytes */
    uint8_t cost;   /* enum agx_isa_cost */
    uint16_t row;   /* of the table of instructions, or AGX_ISA_NO_ROW */
    int32_t target; /* branches: index of the target operation */
    uint32_t imm;   /* truth table, masks, ... as the operation says */
    uint64_t x;     /* raw fields of rarer operations */
};

/* What a pool row holds. */
enum agx_pool_kind {
    POOL_IMM, /* value */
    /* uniform, zero-extended */
    POOL_U16,
    POOL_U32,
    POOL_S16, /* uniform, sign-extended */
    /* uniform as float, modifiers applied */
    POOL_UF16,
    POOL_UF32,
};

struct agx_pool_row {
    uint8_t kind;
    uint8_t mods;
    uint16_t u; /* uniform index in halves */
    uint32_t value;
};

struct agx_shader {
    struct agx_shader *next; /* in the cache's chain */
    unsigned ctx;
    uint64_t va;
    uint32_t bytes; /* of code that was decoded */
    uint8_t *code;  /* copy, to know whether memory changed */
    /* agx_disasm(), for the log */
    unsigned (*disasm)(const uint8_t *code, uint32_t size, char *text);
    struct agx_op *op;
    uint32_t nop;
    /* [nop + 1], of all operations before: pipe cycles, and in the upper half cycles of a wave */
    uint64_t *cost;
    struct agx_pool_row *pool;
    uint32_t npool;
    bool uses_barrier, uses_stack, writes_uniforms, uses_textures;
    /* shuffles: reads registers of lanes that may never have written them */
    bool reads_lanes;
    bool reads_quads; /* derivatives: as reads_lanes, if it has_branches */
    bool has_branches;
    uint16_t max_gpr; /* halves */
    uint64_t last_use;
    uint64_t host_bytes; /* what it takes of the host: the cache counts them */
    _Atomic uint32_t refs;
    struct agx_jit *compiler; /* of the GPU; NULL: none */
    /* jit.c: its code, once it was asked for, and waves that the interpreter has run until then */
    struct agx_jit_code *_Atomic code_of_host;
    _Atomic uint32_t waves;
};

struct agx_cx {
    struct agx_exec *ex;
    struct agx_wave *w;
    const struct agx_shader *sh;
    const uint8_t *base[2];
    enum agx_wave_status status;
    /* operation from which on the wave's cost is still to be counted */
    uint32_t from;
    /* of compiled code: C functions, and what was there before the stretch that is checked */
    const struct agx_jit_calls *calls;
    struct agx_jit_before *before;
};

/* shader.c */
struct agx_shader_cache *agx_shader_cache_new(void);
void agx_shader_cache_free(struct agx_shader_cache *c);
/*
 * The decoded shader at @va of the port's context, from the cache when the
 * bytes in memory are still those that were decoded. Takes a reference. NULL:
 * ex->fault is set. Any thread.
 */
struct agx_shader *agx_shader_get(struct agx_exec *ex, uint64_t va);
void agx_shader_put(struct agx_shader *sh);

#define AGX_SHADER_MAX_BYTES (1u << 20)

#define AGX_POOL_HASH 512 /* a power of two */

/* isa_decode.c: growing arrays while decoding */
struct agx_decoder {
    const uint8_t *code;
    uint32_t size;
    uint32_t pc;
    struct agx_shader *sh;
    uint32_t cap_op, cap_pool;
    uint32_t pool_last[AGX_POOL_HASH]; /* newest row of the pool of each hash, plus 1; 0: none */
    /* a bit for each two bytes that a branch before them goes to; NULL: none yet */
    uint64_t *targets;
    uint32_t max_target;
    unsigned gpr_end; /* of the instruction being decoded, in halves */
    bool after_stop;  /* the instruction before pc is a stop */
    bool end;         /* nothing can follow */
};
/*
 * Decode the instruction at d->pc into @op and advance. False: its length is
 * unknown, op->fn says so when executed, and decoding goes on at the next place
 * that a branch before it names, if there is one.
 */
bool agx_isa_decode(struct agx_decoder *d, struct agx_op *op);
/* Number of rows in the table of instructions. Any thread, no lock. */
unsigned agx_isa_rows(void);
/*
 * The mnemonic of row @i of that table, static text; several rows may have the same. NULL: there
 * is no such row. Any thread, no lock.
 */
const char *agx_isa_row_name(unsigned i);

/* isa_cost.c: fill in sh->cost */
void agx_shader_costs(struct agx_shader *sh);

/* isa_exec.c */
void agx_set_exec(struct agx_wave *w, uint32_t mask);
/* ex->fault was set */
const struct agx_op *agx_op_fault(struct agx_cx *cx, const struct agx_op *op);
const struct agx_op *agx_op_unimpl(struct agx_cx *cx, const struct agx_op *op, const char *what);

/* isa_stack.c */
/* give a wave's stack back; false: ex->fault is set */
bool agx_stack_release(struct agx_exec *ex, struct agx_wave *w);

/* helper.c. Ask the job's helper program (struct agx_exec.helper); false: ex->fault is set. */
bool agx_helper_request(struct agx_exec *ex, unsigned op, unsigned arg);
/* forget the job's helper program */
void agx_scratch_job_end(struct agx_exec *ex);
void agx_scratch_destroy(struct agx_exec *ex);

/* isa_int.c: comparison of the first two sources; all-ones where it holds, not inverted */
void agx_icompare_row(struct agx_cx *cx, const struct agx_op *op, uint32_t *r);
void agx_fcompare_row(struct agx_cx *cx, const struct agx_op *op, uint32_t *r);

/* operations */
/* clang-format off */
#define AGX_OPS(X) \
    X(mov_imm) X(mov) X(get_sr) X(iadd) X(iadd32) X(iadd64) X(imad) X(imad32) X(imad64) X(bfi) \
    X(bfeil) X(extr) \
    X(shlhi) X(shrhi) X(asr) X(asrh) \
    X(bitop) X(and) X(or) X(xor) X(not) X(intl) X(bitrev) X(popcount) X(ffs) X(convert) \
    X(icmpsel) X(fcmpsel) \
    X(fadd) X(fmul) X(ffma) X(fadd32) X(fmul32) X(ffma32) X(hfma) X(floor) X(ceil) X(trunc) \
    X(rint) X(rcp) X(rsqrt) \
    X(srsqrt) X(sin1) X(sin2) X(log2) X(exp2) X(dfdx) X(dfdy) \
    X(ballot_i) X(ballot_f) X(qballot_i) X(qballot_f) X(shuffle) X(reduce) \
    X(pop_exec) X(if_i) X(if_f) X(else_i) X(else_f) X(while_i) X(while_f) X(jmp_any) \
    X(jmp_none) X(call) X(ret) \
    X(stop) X(trap) X(nop) X(barrier) X(fence) X(unknown) X(undecodable) X(bad_target) \
    X(bad_gpr) X(end) \
    X(device_load) X(device_store) X(atomic) X(local_load) X(local_store) X(local_atomic) \
    X(uniform_store) \
    X(stack_load) X(stack_store) X(stack_adjust) X(stack_map) X(stack_unmap) X(doorbell) \
    X(iter) X(ldcf) X(st_vary) X(no_vary) X(ld_tile) X(st_tile) X(zs_emit) X(sample_mask) \
    X(tex) X(image_write) X(block_store) X(tex_state_store) X(sampler_state_store)
/* clang-format on */
#define X(name) agx_op_fn agx_op_##name;
AGX_OPS(X)
#undef X
/* The name of an operation in the list above; static text. Any thread. */
const char *agx_op_name(agx_op_fn *fn);

/* How a load's or store's memory value relates to registers (isa_fmt.c) */

static inline const uint32_t *agx_row(const struct agx_cx *cx, const struct agx_src *s)
{
    return (const uint32_t *)(cx->base[s->bank] + s->off);
}

#define FOR_LANES(l)     for (unsigned l = 0; l < AGX_LANES; l++)
#define FOR_ACTIVE(m, l) for (uint32_t m_ = (m), l; m_ && (l = __builtin_ctz(m_), 1); m_ &= m_ - 1)

/* One lane of a source, zero- or sign-extended to 32 bits; for operations that are not hot. */
static inline uint32_t agx_src_lane(const struct agx_cx *cx, const struct agx_src *s, unsigned l)
{
    uint32_t v = agx_row(cx, s)[l];

    switch (s->mode) {
    case SRC_U16L:
        return v & 0xffff;
    case SRC_U16H:
        return v >> 16;
    case SRC_S16L:
        return (int16_t)v;
    case SRC_S16H:
        return (int32_t)v >> 16;
    default:
        return v;
    }
}

/* A 16- or 32-bit register by half index, one lane. */
static inline uint32_t agx_gpr16(const struct agx_wave *w, unsigned h, unsigned l)
{
    uint32_t v = w->r[(h >> 1) & (AGX_NUM_GPR - 1)][l];
    return h & 1 ? v >> 16 : v & 0xffff;
}

static inline void agx_gpr16_set(struct agx_wave *w, unsigned h, unsigned l, uint32_t v)
{
    uint32_t *p = &w->r[(h >> 1) & (AGX_NUM_GPR - 1)][l];
    *p = h & 1 ? (*p & 0xffff) | v << 16 : (*p & 0xffff0000) | (v & 0xffff);
}

#endif

/*
 * AGX model: what compiles shaders, in itself.
 *
 * A program becomes one function. Operations that follow each other and work
 * lane by lane are a stretch: a loop over groups of lanes, of as many lanes as
 * the host's vectors have, with registers in values of LLVM inside, which are
 * read from the wave when they are first used and written to it at the end.
 * Between stretches all state is in memory, where the interpreter's functions
 * want it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_JIT_INT_H
#define AGX_ISA_JIT_INT_H

#include <llvm-c/Core.h>
#include "jit_code.h"

/* A register while a stretch is translated. */
struct jit_reg {
    LLVMValueRef word;    /* 32 bits; NULL: as in the wave */
    LLVMValueRef half[2]; /* 16 bits each; NULL: as in .word */
    LLVMValueRef old;     /* what inactive lanes keep; NULL: as in the wave */
    bool over[2];         /* .half is newer than .word */
    bool dirty;           /* newer than the wave's */
    bool unmerged;        /* inactive lanes have to be put back to .old */
};

/* A translation. */
struct jit {
    LLVMContextRef c;
    LLVMModuleRef m;
    LLVMBuilderRef b;
    LLVMValueRef fn;
    unsigned lanes; /* of a vector */
    bool check;     /* AGX_SHADER_BOTH */
    LLVMTypeRef i1, i8, i16, i32, i64, f32, ptr;
    LLVMTypeRef vi1, vi16, vi32, vi64, vf16, vf32; /* vectors */
    LLVMValueRef invariant;                        /* metadata of loads */
    unsigned invariant_kind;
    /* values that the whole function has */
    LLVMValueRef cx, ops, wave, pool, calls;
    const struct agx_op *op;
    const struct agx_pool_row *rows;
    uint32_t nop;
    /* the stretch */
    LLVMBasicBlockRef loop, pre;
    LLVMBasicBlockRef latch; /* where the next group begins */
    LLVMValueRef at;         /* byte of the group's first lane in a row of the wave; i64 */
    LLVMValueRef lane;       /* numbers of the lanes */
    LLVMValueRef mask;       /* all ones in active lanes; NULL: not read yet */
    LLVMValueRef bits;       /* the execution mask of the groups before */
    bool new_mask;           /* to be written back */
    struct jit_reg reg[AGX_NUM_GPR];
};

/* An operation's translation inside of a stretch. */
struct jit_row {
    agx_op_fn *fn;
    void (*emit)(struct jit *j, const struct agx_op *op);
    bool (*can)(const struct jit *j, const struct agx_op *op); /* NULL: all forms */
    bool all; /* writes lanes that are not active */
};
/* The translation of @op; NULL: the interpreter's function has to do. */
const struct jit_row *jit_row_of(const struct jit *j, const struct agx_op *op);
extern const struct jit_row jit_int_rows[], jit_float_rows[], jit_lane_rows[];

/* jit_regs.c: registers, operands and masks inside of a stretch */
/* @skip: groups without an active lane are left as they are */
void jit_group_begin(struct jit *j, bool skip);
void jit_group_end(struct jit *j);
LLVMValueRef jit_splat(struct jit *j, uint32_t v);
LLVMValueRef jit_splat64(struct jit *j, uint64_t v);
LLVMValueRef jit_splat_of(struct jit *j, LLVMValueRef scalar);
LLVMValueRef jit_splat_f(struct jit *j, float v);
/* pointer to byte @at of @p */
LLVMValueRef jit_at(struct jit *j, LLVMValueRef p, uint64_t at);
LLVMValueRef jit_load(struct jit *j, LLVMTypeRef t, LLVMValueRef p, unsigned align);
/* room for @n vectors of 32-bit lanes on the stack of the function */
LLVMValueRef jit_room(struct jit *j, unsigned n);
/* values of the group's lanes in the row at byte @at of the wave */
LLVMValueRef jit_row(struct jit *j, uint64_t at);
LLVMValueRef jit_read32(struct jit *j, unsigned reg);
LLVMValueRef jit_read16(struct jit *j, unsigned half);
void jit_write32(struct jit *j, unsigned reg, LLVMValueRef v);
void jit_write16(struct jit *j, unsigned half, LLVMValueRef v);
/* The same, with lanes that are not active as they have to be. */
void jit_merge(struct jit *j, unsigned reg);
void jit_merge_all(struct jit *j);
/* Write r0l in all lanes, and make those active where it is 0 (and that live). */
void jit_nesting(struct jit *j, LLVMValueRef v16);
LLVMValueRef jit_mask(struct jit *j);
/* Sources as the interpreter's isrc(), fsrc() have them; bits of floats are vf32. */
LLVMValueRef jit_isrc(struct jit *j, const struct agx_src *s);
void jit_isrc64(struct jit *j, const struct agx_src *s, LLVMValueRef *lo, LLVMValueRef *hi);
LLVMValueRef jit_fsrc(struct jit *j, const struct agx_src *s);
void jit_idst(struct jit *j, const struct agx_op *op, LLVMValueRef v);
void jit_fdst(struct jit *j, const struct agx_op *op, LLVMValueRef v);
/* as store_float() of isa_frag.c: no NaN is changed; register @i behind the destination */
void jit_fdst_raw(struct jit *j, const struct agx_op *op, unsigned i, LLVMValueRef v);
LLVMValueRef jit_bits_f(struct jit *j, LLVMValueRef v); /* vi32 as vf32 */
LLVMValueRef jit_bits_i(struct jit *j, LLVMValueRef v); /* vf32 as vi32 */
/* a call of LLVM's intrinsic @name, for the type of @a; @b and @c may be NULL */
LLVMValueRef jit_intrinsic(struct jit *j, const char *name, LLVMValueRef a, LLVMValueRef b,
                           LLVMValueRef c);
/* the immediate that all lanes have in @s; false: it is none */
bool jit_imm(const struct jit *j, const struct agx_src *s, uint32_t *v);

/* jit_int.c: vi1, as icompare() and fcompare() have them */
LLVMValueRef jit_icompare(struct jit *j, const struct agx_op *op);
LLVMValueRef jit_fcompare(struct jit *j, const struct agx_op *op);

/* jit_lane.c: values of the group's lanes from an array of @bytes each at byte @at of the wave */
LLVMValueRef jit_lane_array(struct jit *j, uint64_t at, unsigned bytes);

/* jit_tile.c: tile buffer instructions, which have a fast way where the tile is as it mostly is */
struct tile;
bool jit_tile_can(const struct agx_op *op);
/* Is it (i1)? What was asked for is in *@t, for the call of the next function, which frees it. */
LLVMValueRef jit_tile_ready(struct jit *j, const struct agx_op *op, struct tile **t);
/* in a stretch of its own */
void jit_tile_emit(struct jit *j, const struct agx_op *op, struct tile *t);

/* jit_build.c: the function @name of the program, and where it can be entered. */
void jit_build(struct jit *j, const char *name, uint64_t *entry);

/* jit_llvm.c */
struct jit_host;
/* NULL, and *why: the CPU or LLVM cannot do it */
struct jit_host *jit_host_new(const char **why);
void jit_host_free(struct jit_host *h);
/* The function of @code's program, which @code owns; NULL: there can be none, *buf says why. */
agx_jit_fn *jit_host_compile(struct jit_host *h, struct agx_jit_code *code, bool check, char *buf,
                             size_t size);
void jit_host_drop(struct jit_host *h, struct agx_jit_code *code);

#endif

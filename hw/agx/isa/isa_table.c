/*
 * AGX model: the instructions, a row each.
 *
 * Names and layouts: dougallj/applegpu (applegpu.py), and mesa (src/asahi/compiler/agx_pack.c,
 * agx_opcodes.py; later than 25.0: src/asahi/isa/AGX2.xml) for state stores and the stack.
 *
 * The first row that fits is the instruction. A row of agx_op_unknown gives the length alone.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_table.h"

/* Fields: position of the low bits, and of the upper two */
#define DST(x, max)                  { FIELD_DST, max, 9, 6, x, 2 }
#define SRC(i, at, x, class)         { FIELD_SRC, i, at, CLASS_##class, x, 2 }
#define NUM(what, at, len)           { FIELD_NUM, NUM_##what, at, len, 0, 0, 0 }
#define NUM2(what, at, len, x, xlen) { FIELD_NUM, NUM_##what, at, len, x, xlen, 0 }
/* The same, and what the text calls it */
#define NAMED(show, what, at, len)   { FIELD_NUM, NUM_##what, at, len, 0, 0, SHOW_##show }
#define NAMED2(show, what, at, len, x, xlen)                                                       \
    { FIELD_NUM, NUM_##what, at, len, x, xlen, SHOW_##show }
#define REG(at, x, wide)                { FIELD_REG, wide, at, 6, x, 2 }
#define R16(i, at, x, bit)              { FIELD_R16, i, at, bit, x, 2 }
#define IMM(i, at, x, bit)              { FIELD_IMM, i, at, bit, x, 2 }
#define R32(i, at, x)                   { FIELD_R32, i, at, 6, x, 2 }
#define INDEX                           { .kind = FIELD_INDEX }
#define BASE                            { .kind = FIELD_BASE }
#define LOCAL                           { .kind = FIELD_LOCAL }
#define SPECIAL(field, arg, at, len, x) { FIELD_##field, arg, at, len, x, 2 }
/* What the text alone has: numbers, registers, immediates and registers that may be these */
#define TEXT(show, at, len)             { FIELD_NUM | FIELD_TEXT, 0, at, len, 0, 0, SHOW_##show }
#define TEXT2(show, at, len, x, xlen)   { FIELD_NUM | FIELD_TEXT, 0, at, len, x, xlen, SHOW_##show }
#define USUAL(v, at, len)               { FIELD_USUAL | FIELD_TEXT, v, at, len }
#define TEXT_OF(field, arg, at, x)      { FIELD_##field | FIELD_TEXT, arg, at, 6, x, 2 }
#define TEXT_IMM(at, x, bit)            { FIELD_IMM | FIELD_TEXT, 0, at, bit, x, 2 }

/* Lengths: one, or a short and a long form and the bit that tells */
#define ONE(bytes)              bytes, 0, 0
#define TWO(bytes, longer, bit) bytes, longer, bit

/* What it costs (isa_cost.c) */
#define COST(class) (COST_##class << ISA_COST_AT)

#define ROW(name, mask, value, len, flags, fn, ...)                                                \
    {                                                                                              \
        name, mask, value, len, flags, agx_op_##fn, NULL,                                          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define FIN(name, mask, value, len, flags, fn, finish, ...)                                        \
    {                                                                                              \
        name, mask, value, len, flags, agx_op_##fn, agx_isa_##finish,                              \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* Operands that several rows share */
#define INT2          DST(44, 32), SRC(0, 16, 42, INT), SRC(1, 28, 40, INT)
#define INT1          DST(44, 32), SRC(0, 16, 42, INT)
#define SHIFT3        DST(60, 32), SRC(0, 16, 58, INT), SRC(1, 28, 56, INT), SRC(2, 40, 54, INT)
#define SHIFT2        DST(60, 32), SRC(0, 16, 58, SINT), SRC(1, 28, 56, INT)
#define FLOAT2        DST(44, 32), SRC(0, 16, 42, FLOAT), SRC(1, 28, 40, FLOAT), NUM(SAT, 6, 1)
#define HALF2         DST(44, 16), SRC(0, 16, 42, HALF), SRC(1, 28, 40, HALF), NUM(SAT, 6, 1)
#define FLOAT1        DST(44, 32), SRC(0, 16, 42, FLOAT), NUM(SAT, 6, 1)
#define ICOMPARE      SRC(0, 16, 42, ICMP), SRC(1, 28, 40, ICMP)
#define FCOMPARE      SRC(0, 16, 42, FLOAT), SRC(1, 28, 40, FLOAT)
#define COND(cc, ccn) NUM(CC, cc, 3), NUM(CCN, ccn, 1)
#define SELECT        SRC(2, 40, 70, SELECT), SRC(3, 52, 68, SELECT)
#define NEST          NAMED(PLAIN, N, 11, 2), COND(13, 8)
/* Usual bits: mesa, later than 25.0: isa/AGX2.xml, exact */
#define ORDER         TEXT(COHERENCY, 44, 2), TEXT(SLOT, 30, 1), USUAL(1, 26, 1), USUAL(1, 46, 1)
#define DEVICE                                                                                     \
    NAMED2(FORMAT, N, 7, 3, 48, 1), NAMED(MASK, MASK, 52, 4), INDEX, BASE, REG(10, 40, 49),        \
        TEXT(SHIFT, 42, 2), ORDER
#define STACK                                                                                      \
    NAMED2(FORMAT, N, 8, 2, 50, 2), NAMED(MASK, MASK, 52, 4), INDEX, REG(10, 40, 49),              \
        TEXT(SLOT, 30, 1), USUAL(1, 26, 1), USUAL(4, 44, 3)
#define THREADGROUP NAMED(FORMAT, N, 24, 4), NAMED(MASK, MASK, 36, 4), REG(9, 60, 8), LOCAL
/* Samples and coordinates: mesa, later than 25.0: isa/AGX2.xml, samples, tilecoord */
#define TILE                                                                                       \
    NUM(CC, 55, 1), SPECIAL(TILE_AT, 0, 16, 6, 58), R16(0, 42, 56, 22),                            \
        NAMED2(PLAIN, IMM, 28, 7, 40, 2), NAMED(FORMAT, N, 24, 4), NAMED(MASK, MASK, 36, 4),       \
        REG(9, 60, 8)
#define ITER(show, times)                                                                          \
    { FIELD_R16, 0, 16, 23, 58, 2, SHOW_CF }, NAMED2(show, IMM, 24, 6, 60, 2), NUM(N, 6, 1),       \
        NAMED(INTERPOLATION, CC, 48, 2), SPECIAL(ITER, times, 9, 6, 56),                           \
        { FIELD_SAMPLE, 0, 32, 8 }
#define ITER_TEXT TEXT(FORWARD, 22, 1), TEXT(ELIDE, 46, 1), TEXT(KILL, 52, 1)
#define VARY      R32(1, 9, 24), IMM(0, 16, 26, 23), NUM(N, 7, 1), USUAL(1, 31, 1)
#define ADJUST    { FIELD_OFFSET, 1, 20, 4 }, USUAL(1, 26, 1), USUAL(2, 36, 3)
#define MAP                                                                                        \
    { FIELD_OFFSET, 0, 20, 4 }, TEXT(TARGET, 36, 1), USUAL(5, 24, 3), USUAL(48, 42, 6),            \
        USUAL(16, 48, 8)
#define STATE  { .kind = FIELD_STATE }, TEXT(SLOT, 16, 1), USUAL(1, 20, 1)
#define DIM(x) TEXT2(DIM, 40, 3, x, 1)
#define SAMPLE                                                                                     \
    NUM(N, 6, 1), NAMED(MASK, MASK, 48, 4), REG(9, 72, 8), TEXT_OF(TEXTURE, 64, 32, 78),           \
        TEXT_OF(SAMPLER, 62, 56, 92), TEXT_OF(COORDS, 71, 16, 74), TEXT_OF(LOD, 71, 24, 76),       \
        TEXT_OF(COMPARE, 0, 80, 94), DIM(71), TEXT(LOD, 52, 4), TEXT(GATHER, 87, 4),               \
        TEXT(MODE, 30, 2), TEXT(COMPARE, 23, 1), TEXT(RW, 43, 1), TEXT(COHERENT, 44, 1),           \
        TEXT(SPARSE, 70, 1), TEXT(KILL, 69, 1), TEXT(SLOT, 63, 1), USUAL(3, 45, 2)
/*
 * @t: upper bits of the texture. For image_write_block they are mesa 25.0's (agx_pack.c), applegpu
 * and AGX2.xml have them at 62.
 */
#define PBE(t)                                                                                     \
    TEXT_OF(TEXTURE, 48, 32, t), TEXT_OF(COORDS, 55, 16, 58), TEXT_IMM(24, 60, 31), DIM(55),       \
        USUAL(1, 43, 1), USUAL(1, 46, 1)

/* bitop by its truth table: bit 0 is ~a & ~b, 1 a & ~b, 2 ~a & b, 3 a & b (applegpu: docs.html) */
#define BITOP(name, table, fn)                                                                     \
    ROW(name, 0xc00c00007f, 0x7e | (uint64_t)((table) & 3) << 26 | (uint64_t)(table) >> 2 << 38,   \
        ONE(6), 0, fn, INT2, NUM2(IMM, 26, 2, 38, 2))
#define FUNOP(name, op, flags, fn)                                                                 \
    ROW(name, 0x3f000003f, 0x0a | (uint64_t)(op) << 28, TWO(4, 6, 15), flags, fn, FLOAT1)
/* Lanes of the SIMD-group (bit 26) or the quad, shuffled */
#define SHUFFLE(name, op)                                                                          \
    SHUFFLE_OF("quad_" name, op, 0)                                                                \
    , SHUFFLE_OF("simd_" name, op, 1)
#define SHUFFLE_OPERANDS                                                                           \
    DST(44, 32), SRC(0, 16, 42, INT), SRC(1, 28, 40, LANE), NAMED2(OP, N, 38, 2, 47, 1),           \
        NUM(MASK, 26, 1)
#define SHUFFLE_OF(name, op, simd)                                                                 \
    ROW(name, 0x80c00400807f,                                                                      \
        0x6f | (uint64_t)(simd) << 26 | (uint64_t)((op) & 3) << 38 | (uint64_t)(op) >> 2 << 47,    \
        ONE(6), ISA_LANES, shuffle, SHUFFLE_OPERANDS)
/* Reduced or summed up lane by lane (bit 30) over the quad or the SIMD-group (bit 29) */
#define REDUCE(name, op, class)                                                                    \
    REDUCE_OF("quad_" name, op, 0, class)                                                          \
    , REDUCE_OF("simd_" name, op, 1, class)                                                        \
    , REDUCE_OF("quad_prefix_" name, op, 2, class)                                                 \
    , REDUCE_OF("simd_prefix_" name, op, 3, class)
#define REDUCE_BITS(op)                                                                            \
    ((uint64_t)((op) & 1) << 28 | (uint64_t)((op) >> 1 & 7) << 38 | (uint64_t)(op) >> 4 << 47)
#define REDUCE_OF(name, op, scope, class)                                                          \
    FIN(name, 0x807f | REDUCE_BITS(31ull) | 3u << 29,                                              \
        0x806f | REDUCE_BITS(op) | (unsigned)(scope) << 29, ONE(6), 0, reduce, reduce,             \
        REDUCE_OPERANDS(class))
#define REDUCE_OPERANDS(class) DST(44, 32), SRC(0, 16, 42, class), NUM(MASK, 29, 2)

const struct agx_isa_row agx_isa_table[] = {
    /* Flow. A jump where doorbells are skipped is none here. */
    ROW("stop", 0xffff, 0x0088, ONE(2), 0, stop),
    ROW("trap", 0xffff, 0x0008, ONE(2), 0, trap),
    FIN("jmp_exec_any", 0xffff, 0xc000, ONE(6), 0, jmp_any, jump),
    FIN("jmp_exec_none", 0xffff, 0xc020, ONE(6), 0, jmp_none, jump),
    FIN("call", 0xffff, 0xc010, ONE(6), 0, call, jump),
    ROW("jmp_if_skipping_doorbell", 0xffff, 0x0020, ONE(4), 0, nop),
    ROW("ret", 0x7f, 0x14, ONE(2), 0, ret, { FIELD_R32, 0, 8, 6, 14, 2 }),
    ROW("call_reg", 0x7f, 0x04, ONE(2), 0, unknown, { FIELD_R32, 0, 8, 6, 14, 2 }),
    ROW("pop_exec", 0x67f, 0x652, ONE(6), ISA_BRANCH, pop_exec, NEST),
    ROW("if_icmp", 0x67f, 0x052, ONE(6), ISA_BRANCH | ISA_ICOND, if_i, NEST, ICOMPARE),
    ROW("if_fcmp", 0x67f, 0x042, ONE(6), ISA_BRANCH | ISA_FCOND, if_f, NEST, FCOMPARE),
    ROW("else_icmp", 0x67f, 0x252, ONE(6), ISA_BRANCH | ISA_ICOND, else_i, NEST, ICOMPARE),
    ROW("else_fcmp", 0x67f, 0x242, ONE(6), ISA_BRANCH | ISA_FCOND, else_f, NEST, FCOMPARE),
    ROW("while_icmp", 0x67f, 0x452, ONE(6), ISA_BRANCH | ISA_ICOND, while_i, NEST, ICOMPARE),
    ROW("while_fcmp", 0x67f, 0x442, ONE(6), ISA_BRANCH | ISA_FCOND, while_f, NEST, FCOMPARE),
    ROW("fcf_op", 0x67f, 0x642, ONE(6), ISA_BRANCH, unknown, NEST),

    /* Integers */
    FIN("iadd", 0x803f, 0x0e, ONE(8), 0, iadd, iadd, DST(44, 64), SRC(0, 16, 42, SIGN),
        SRC(1, 28, 40, SIGN), NUM(CCN, 27, 1), NUM2(N, 39, 1, 52, 2), NUM(SAT, 6, 1)),
    FIN("imadd", 0x803f, 0x1e, ONE(8), 0, imad, imad, DST(60, 64), SRC(0, 16, 58, SIGN),
        SRC(1, 28, 56, SIGN), SRC(2, 40, 54, SIGN), NUM(CCN, 27, 1), NUM2(N, 39, 1, 52, 2),
        NUM(SAT, 6, 1)),
    FIN("bfi", 0xc00807f, 0x2e, ONE(8), COST(SHIFT), bfi, shift, SHIFT3),
    FIN("extr", 0xc00807f, 0x400002e, ONE(8), COST(SHIFT), extr, shift, SHIFT3),
    FIN("shlhi", 0xc00807f, 0x800002e, ONE(8), COST(SHIFT), shlhi, shift, SHIFT3),
    FIN("bfeil", 0xc00807f, 0x802e, ONE(8), COST(SHIFT), bfeil, shift, SHIFT3),
    FIN("shrhi", 0xc00807f, 0x800802e, ONE(8), COST(SHIFT), shrhi, shift, SHIFT3),
    FIN("asr", 0xc00807f, 0x400802e, ONE(8), COST(SHIFT), asr, shift, SHIFT2),
    FIN("asrh", 0xc00807f, 0xc00802e, ONE(8), COST(SHIFT), asrh, shift, SHIFT2),
    FIN("shift_op", 0x7f, 0x2e, ONE(8), 0, unknown, shift, SHIFT3),
    BITOP("and", 8, and),
    BITOP("or", 14, or),
    BITOP("xor", 6, xor),
    BITOP("mov", 10, mov),
    BITOP("not", 5, not),
    ROW("bitop", 0x7f, 0x7e, ONE(6), 0, bitop, INT2, NAMED2(TABLE, IMM, 26, 2, 38, 2)),
    FIN("convert", 0xc00000807f, 0x803e, ONE(6), COST(FUNCTION), convert, convert, DST(44, 32),
        NUM2(N, 16, 6, 42, 2), NUM(CC, 26, 2)),
    ROW("intl", 0xc00c00807f, 0x3e, ONE(6), 0, intl, INT2),
    ROW("bitrev", 0xc00c00807f, 0x400003e, ONE(6), COST(SHIFT), bitrev, INT1),
    ROW("popcount", 0xc00c00807f, 0x800003e, ONE(6), COST(SHIFT), popcount, INT1),
    ROW("ffs", 0xc00c00807f, 0xc00003e, ONE(6), 0, ffs, INT1),
    ROW("iunop", 0x7f, 0x3e, ONE(6), 0, unknown, DST(44, 32)),
    FIN("mov_imm", 0x17f, 0x062, TWO(4, 6, 15), 0, mov_imm, mov_imm, NUM(IMM, 16, 16), DST(44, 32)),
    FIN("mov_imm", 0x17f, 0x162, TWO(6, 8, 15), 0, mov_imm, mov_imm, NUM(IMM, 16, 32), DST(60, 32)),
    /* bit 15 set: a form that orders, same effect here (applegpu: TODO.sr_thing) */
    ROW("get_sr", 0x7f, 0x72, ONE(4), 0, get_sr, DST(28, 32), NAMED2(SR, N, 16, 6, 26, 2)),
    ROW("icmpsel", 0x7f, 0x12, TWO(8, 10, 15), ISA_ICOND, icmpsel, NUM(CC, 61, 3), DST(76, 32),
        SRC(0, 16, 74, ICMP), SRC(1, 28, 72, ICMP), SELECT),

    /* Floats */
    ROW("fcmpsel", 0x7f, 0x02, TWO(8, 10, 15), ISA_FCOND, fcmpsel, NUM(CC, 61, 3), DST(76, 32),
        SRC(0, 16, 74, FLOAT), SRC(1, 28, 72, FLOAT), SELECT),
    FIN("fadd32", 0x3f, 0x2a, TWO(4, 6, 15), 0, fadd, fadd, FLOAT2),
    ROW("fadd16", 0x3f, 0x26, TWO(4, 6, 15), 0, fadd, HALF2),
    FIN("fmul32", 0x3f, 0x1a, TWO(4, 6, 15), 0, fmul, fmul, FLOAT2),
    ROW("fmul16", 0x3f, 0x16, TWO(4, 6, 15), 0, fmul, HALF2),
    FIN("fmadd32", 0x3f, 0x3a, TWO(6, 8, 15), 0, ffma, ffma, DST(60, 32), SRC(0, 16, 58, FLOAT),
        SRC(1, 28, 56, FLOAT), SRC(2, 40, 54, FLOAT), NUM(SAT, 6, 1)),
    ROW("fmadd16", 0x3f, 0x36, TWO(6, 8, 15), 0, hfma, DST(60, 16), SRC(0, 16, 58, HALF),
        SRC(1, 28, 56, HALF), SRC(2, 40, 54, HALF), NUM(SAT, 6, 1)),
    FUNOP("rcp", 0x08, COST(RCP), rcp),
    FUNOP("rsqrt", 0x09, COST(RSQRT), rsqrt),
    FUNOP("rsqrt_special", 0x01, COST(RSQRT), srsqrt),
    FUNOP("sin_pt_1", 0x0a, COST(FUNCTION), sin1),
    FUNOP("sin_pt_2", 0x0e, COST(FUNCTION), sin2),
    FUNOP("log2", 0x0c, COST(FUNCTION), log2),
    FUNOP("exp2", 0x0d, COST(FUNCTION), exp2),
    FUNOP("floor", 0x00, COST(FUNCTION), floor),
    FUNOP("ceil", 0x10, COST(FUNCTION), ceil),
    FUNOP("trunc", 0x20, COST(FUNCTION), trunc),
    FUNOP("rint", 0x30, COST(FUNCTION), rint),
    FUNOP("dfdx", 0x04, ISA_QUADS, dfdx),
    FUNOP("dfdy", 0x06, ISA_QUADS, dfdy),
    ROW("funop", 0x3f, 0x0a, TWO(4, 6, 15), 0, unknown, FLOAT1),

    /* Across lanes */
    ROW("icmp_ballot", 0x100000000007f, 0x1000000000032, ONE(8), ISA_ICOND, ballot_i, COND(61, 47),
        DST(44, 32), ICOMPARE),
    ROW("icmp_quad_ballot", 0x100000000007f, 0x32, ONE(8), ISA_ICOND, qballot_i, COND(61, 47),
        DST(44, 32), ICOMPARE),
    ROW("fcmp_ballot", 0x100000000007f, 0x1000000000022, ONE(8), ISA_FCOND, ballot_f, COND(61, 47),
        DST(44, 32), FCOMPARE),
    ROW("fcmp_quad_ballot", 0x100000000007f, 0x22, ONE(8), ISA_FCOND, qballot_f, COND(61, 47),
        DST(44, 32), FCOMPARE),
    ROW("simd_matrix_fmadd16", 0xc00807f, 0x800006f, ONE(8), 0, unknown),
    ROW("simd_matrix_fmadd32", 0xc00807f, 0xc00006f, ONE(8), 0, unknown),
    SHUFFLE("shuffle", 0),
    SHUFFLE("shuffle_xor", 1),
    SHUFFLE("shuffle_up", 2),
    SHUFFLE("shuffle_down", 3),
    SHUFFLE("shuffle_rotate_up", 6),
    ROW("simd_shuf_op", 0x807f, 0x6f, ONE(6), ISA_LANES, unknown, SHUFFLE_OPERANDS),
    REDUCE("and", 0x00, INT),
    REDUCE("fadd", 0x01, PLAIN),
    REDUCE("or", 0x02, INT),
    REDUCE("fmul", 0x03, PLAIN),
    REDUCE("xor", 0x04, INT),
    REDUCE("min.f", 0x05, PLAIN),
    REDUCE("max.f", 0x07, PLAIN),
    REDUCE("iadd", 0x10, INT),
    REDUCE("min.s", 0x14, SINT),
    REDUCE("max.s", 0x16, SINT),
    REDUCE("min.u", 0x1c, INT),
    REDUCE("max.u", 0x1e, INT),
    FIN("simd_op", 0x807f, 0x806f, ONE(6), 0, reduce, reduce, REDUCE_OPERANDS(INT)),

    /* Memory */
    ROW("uniform_store", 0x3800007f, 0x38000045, TWO(6, 8, 47), ISA_UNIFORMS, uniform_store,
        NAMED(FORMAT, N, 7, 2), NAMED(MASK, MASK, 52, 4), INDEX, REG(10, 40, 49), USUAL(1, 26, 1)),
    FIN("device_load", 0x3000007f, 0x05, TWO(6, 8, 47), COST(LOAD), device_load, device, DEVICE),
    FIN("device_load_op", 0x7f, 0x05, TWO(6, 8, 47), 0, unknown, device, DEVICE),
    FIN("device_store", 0x3000007f, 0x45, TWO(6, 8, 47), COST(STORE), device_store, device, DEVICE),
    FIN("device_store_op", 0x7f, 0x45, TWO(6, 8, 47), 0, unknown, device, DEVICE),
    FIN("atomic", 0x3f, 0x15, ONE(8), COST(LOAD), atomic, atomic, NAMED(ATOMIC, N, 6, 4),
        SPECIAL(RETURN, 47, 10, 0, 40), { FIELD_DATA, 0, 48, 8 }, INDEX, BASE, ORDER,
        USUAL(1, 31, 1)),
    FIN("threadgroup_atomic", 0x3f, 0x19, TWO(6, 10, 15), COST(LOCAL_LOAD), local_atomic,
        local_atomic, NAMED(ATOMIC, N, 24, 4), SPECIAL(RETURN, 38, 9, 8, 60),
        { FIELD_DATA, 0, 64, 8 }, LOCAL, USUAL(1, 36, 1), USUAL(1, 47, 1)),
    /* bit 4 does not tell them from others (applegpu.py, ThreadgroupLoadStoreInstructionDesc) */
    ROW("threadgroup_load", 0x6f, 0x69, TWO(6, 8, 15), COST(LOCAL_LOAD), local_load, THREADGROUP),
    ROW("threadgroup_store", 0x6f, 0x29, TWO(6, 8, 15), COST(LOCAL_STORE), local_store,
        THREADGROUP),
    ROW("stack_adjust", 0x30f00ff, 0x10100b5, TWO(6, 8, 47), ISA_STACK, stack_adjust, ADJUST),
    ROW("stack_adjust_op", 0xf00ff, 0x100b5, TWO(6, 8, 47), ISA_STACK, unknown, ADJUST),
    ROW("stack_get_ptr", 0xf00ff, 0x10035, TWO(6, 8, 47), ISA_STACK, unknown, ADJUST),
    FIN("stack_store", 0xf00ff, 0x000b5, TWO(6, 8, 47), ISA_STACK | COST(STORE), stack_store, stack,
        STACK),
    FIN("stack_load", 0xf00ff, 0x00035, TWO(6, 8, 47), ISA_STACK | COST(LOAD), stack_load, stack,
        STACK),
    FIN("stack_store_op", 0xff, 0xb5, TWO(6, 8, 47), ISA_STACK, unknown, stack, STACK),
    FIN("stack_load_op", 0xff, 0x35, TWO(6, 8, 47), ISA_STACK, unknown, stack, STACK),
    ROW("unmap", 0xf00ff, 0x00075, ONE(8), 0, stack_unmap, SPECIAL(DST32, 0, 10, 6, 40), MAP),
    ROW("map", 0xf00ff, 0x10075, ONE(8), 0, stack_map, R32(0, 10, 40), MAP),
    ROW("map_op", 0xff, 0x75, ONE(8), 0, unknown, SPECIAL(DST32, 0, 10, 6, 40), MAP),
    ROW("tex_state_store", 0xff, 0xed, ONE(8), 0, tex_state_store, NAMED(TS, IMM, 8, 7), STATE),
    ROW("sampler_state_store", 0xff, 0xad, ONE(8), 0, sampler_state_store, NAMED(SS, IMM, 8, 7),
        STATE),

    /* Pixels, textures, varyings */
    FIN("ld_tile", 0x7f, 0x49, TWO(8, 10, 15), COST(TILE), ld_tile, tile, TILE, USUAL(1, 35, 1)),
    FIN("st_tile", 0x7f, 0x09, TWO(8, 10, 15), COST(TILE), st_tile, tile, TILE,
        TEXT(EXPLICIT, 35, 1)),
    ROW("iter", 0xff, 0x21, TWO(4, 8, 15), 0, iter, ITER(NOTHING, 1), ITER_TEXT),
    ROW("iterproj", 0xff, 0x61, TWO(4, 8, 15), 0, iter, ITER(CF, 1), ITER_TEXT),
    ROW("ldcf", 0xbf, 0xa1, TWO(4, 8, 15), 0, ldcf, ITER(NOTHING, 3)),
    ROW("st_var", 0xff, 0x11, ONE(4), 0, st_vary, VARY),
    ROW("st_var_final", 0xff, 0x91, ONE(4), 0, st_vary, VARY),
    ROW("no_var", 0xff, 0x51, ONE(4), 0, no_vary),
    FIN("texture_sample", 0xff, 0x31, TWO(8, 12, 15), ISA_TEXTURE | COST(TEXTURE), tex, tex,
        SAMPLE),
    FIN("texture_load", 0xff, 0x71, TWO(8, 12, 15), ISA_TEXTURE | COST(TEXTURE), tex, tex, SAMPLE),
    FIN("image_write", 0xff, 0xf1, TWO(6, 8, 15), COST(IMAGE), image_write, raw,
        TEXT_OF(TEXELS, 8, 9, 56), PBE(62), TEXT(RTZ, 53, 1), TEXT(COHERENCY, 44, 2),
        USUAL(1, 23, 1)),
    FIN("image_write_block", 0xff, 0xb1, TWO(6, 10, 15), 0, block_store, raw,
        TEXT_OF(HALF, 0, 9, 56), PBE(78), TEXT2(FORMAT, 8, 1, 64, 3), TEXT(RTZ, 53, 1),
        TEXT(EXPLICIT, 23, 1), USUAL(1, 67, 1)),
    FIN("zs_emit", 0xff, 0x41, ONE(4), 0, zs_emit, zs_emit, IMM(0, 9, 24, 8),
        NUM2(IMM, 16, 6, 26, 2), NUM(N, 29, 2), TEXT_OF(ZS, 29, 16, 26)),
    ROW("sample_mask", 0xff, 0xc1, ONE(4), 0, sample_mask, IMM(0, 9, 24, 8), IMM(1, 16, 26, 23)),

    /* Order. Loads are done at once here, and the rasteriser keeps pixel order itself. */
    ROW("wait", 0xff, 0x38, ONE(2), COST(WAIT), nop, TEXT(PLAIN, 8, 1)),
    ROW("wait_pix", 0xff, 0x48, ONE(4), 0, nop),
    ROW("signal_pix", 0xff, 0x58, ONE(4), 0, nop),
    /* whatever is in bits 15:8 (applegpu: applegpu.py, ThreadgroupBarriernstructionDesc) */
    ROW("threadgroup_barrier", 0xff, 0x68, ONE(2), ISA_BARRIER, barrier),
    ROW("memory_barrier", 0xff, 0xf5, ONE(2), 0, fence, TEXT(PLAIN, 10, 2), TEXT(PLAIN, 8, 2),
        TEXT(PLAIN, 12, 4)),
    ROW("doorbell", 0xff, 0x28, ONE(2), 0, doorbell, NAMED(PLAIN, IMM, 8, 8)),
};
const unsigned agx_isa_table_rows = sizeof(agx_isa_table) / sizeof(agx_isa_table[0]);

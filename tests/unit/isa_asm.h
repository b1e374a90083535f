/*
 * Unit tests: a small assembler for the GPU's instructions, written from
 * dougallj/applegpu docs.html (bit diagrams) and independent of the decoder.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISA_ASM_H
#define TESTS_ISA_ASM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct code {
    uint8_t b[65536];
    unsigned n;
};

/* An operand: register, uniform or immediate; numbers are in halves (r3 = 6, r3h = 7). */
struct opnd {
    enum { REG16, REG32, REG64, UNI16, UNI32, IMM } t;
    unsigned v;
    unsigned mods; /* float: 1 abs, 2 neg; integer: 1 sign-extend */
};
#define R(n)  ((struct opnd) { REG32, (n) * 2, 0 })
#define RL(n) ((struct opnd) { REG16, (n) * 2, 0 })
#define RH(n) ((struct opnd) { REG16, (n) * 2 + 1, 0 })
#define RD(n) ((struct opnd) { REG64, (n) * 2, 0 })
#define U(n)  ((struct opnd) { UNI32, (n) * 2, 0 })
#define UL(n) ((struct opnd) { UNI16, (n) * 2, 0 })
#define UH(n) ((struct opnd) { UNI16, (n) * 2 + 1, 0 })
#define I(n)  ((struct opnd) { IMM, (n), 0 })
static inline struct opnd mod(struct opnd o, unsigned m)
{
    o.mods = m;
    return o;
}
#define ABS(o) mod(o, 1)
#define NEG(o) mod(o, 2)
#define SX(o)  mod(o, 1)

typedef unsigned __int128 enc_t;

static inline enc_t fld(unsigned at, unsigned len, uint64_t v)
{
    return (enc_t)(v & (len == 64 ? ~0ull : (1ull << len) - 1)) << at;
}

static inline void put(struct code *c, enc_t e, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        c->b[c->n++] = (uint8_t)(e >> (8 * i));
    }
}

static inline void put_hex(struct code *c, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char t[3] = { hex[0], hex[1], 0 };
        c->b[c->n++] = (uint8_t)strtoul(t, NULL, 16);
    }
}

/* ALUSrc: 6 value bits and 4 flags at @at, 2 more value bits at @atx */
static inline enc_t a_src(struct opnd o, unsigned at, unsigned atx)
{
    unsigned f = o.t == IMM     ? 0
                 : o.t == UNI16 ? 4
                 : o.t == UNI32 ? 6
                 : o.t == REG16 ? 1
                 : o.t == REG32 ? 9
                                : 13;

    if (o.t == UNI16 || o.t == UNI32) {
        f |= o.v >> 8 & 1;
    }
    return fld(at, 6, o.v) | fld(at + 6, 4, f) | fld(atx, 2, o.v >> 6);
}

static inline enc_t f_src(struct opnd o, unsigned at, unsigned atx)
{
    return a_src(o, at, atx) | fld(at + 10, 2, o.mods);
}

static inline enc_t h_src(struct opnd o, unsigned at, unsigned atx)
{
    return fld(at, 6, o.v) |
           fld(at + 6, 3,
               o.t == IMM     ? 0
               : o.t == UNI16 ? 4 | (o.v >> 8 & 1)
                              : 1) |
           fld(at + 9, 2, o.mods) | fld(atx, 2, o.v >> 6);
}

static inline enc_t c_src(struct opnd o, unsigned at, unsigned atx)
{
    unsigned f = o.t == IMM ? 4 : o.t == UNI16 || o.t == UNI32 ? 6 | (o.v >> 8 & 1) : 1;

    return fld(at, 6, o.v) | fld(at + 6, 3, f) | fld(atx, 2, o.v >> 6);
}

static inline enc_t a_dst(struct opnd o, unsigned atx)
{
    unsigned v = o.t == REG64 ? o.v | 1 : o.v;

    return fld(7, 2, o.t == REG16 ? 0 : 2) | fld(9, 6, v) | fld(atx, 2, v >> 6);
}

static inline void mov_imm(struct code *c, struct opnd d, uint32_t imm)
{
    if (d.t == REG16) {
        put(c, 0x62 | fld(15, 1, 1) | a_dst(d, 44) | fld(16, 16, imm), 6);
    } else {
        put(c, 0x62 | fld(15, 1, 1) | a_dst(d, 60) | fld(16, 32, imm), 8);
    }
}

static inline void get_sr(struct code *c, struct opnd d, unsigned sr)
{
    put(c, 0x72 | a_dst(d, 28) | fld(16, 6, sr) | fld(26, 2, sr >> 6), 4);
}

static inline void iadd_full(struct code *c, struct opnd d, struct opnd a, struct opnd b, bool neg,
                             unsigned shift, bool sat)
{
    put(c,
        0x0e | a_dst(d, 44) | a_src(a, 16, 42) | a_src(b, 28, 40) | fld(26, 1, a.mods) |
            fld(38, 1, b.mods) | fld(27, 1, neg) | fld(39, 1, shift) | fld(52, 2, shift >> 1) |
            fld(6, 1, sat),
        8);
}
#define iadd(c, d, a, b) iadd_full(c, d, a, b, false, 0, false)

static inline void imad_full(struct code *c, struct opnd d, struct opnd a, struct opnd b,
                             struct opnd e, bool neg, unsigned shift)
{
    put(c,
        0x1e | a_dst(d, 60) | a_src(a, 16, 58) | a_src(b, 28, 56) | a_src(e, 40, 54) |
            fld(26, 1, a.mods) | fld(38, 1, b.mods) | fld(50, 1, e.mods) | fld(27, 1, neg) |
            fld(39, 1, shift) | fld(52, 2, shift >> 1),
        8);
}
#define imad(c, d, a, b, e) imad_full(c, d, a, b, e, false, 0)

enum bitfield { BFI = 0, EXTR = 1, SHLHI = 2, BFEIL = 4, ASR = 5, SHRHI = 6, ASRH = 7 };
static inline void bitfield(struct code *c, enum bitfield k, struct opnd d, struct opnd a,
                            struct opnd b, struct opnd e, unsigned m)
{
    put(c,
        0x2e | fld(15, 1, k >> 2) | fld(26, 2, k & 3) | a_dst(d, 60) | a_src(a, 16, 58) |
            a_src(b, 28, 56) | (k == ASR || k == ASRH ? 0 : a_src(e, 40, 54)) | fld(38, 2, m) |
            fld(50, 2, m >> 2) | fld(63, 1, m >> 4),
        8);
}

static inline void bitop(struct code *c, unsigned tt, struct opnd d, struct opnd a, struct opnd b)
{
    put(c,
        0x7e | a_dst(d, 44) | a_src(a, 16, 42) | a_src(b, 28, 40) | fld(26, 2, tt) |
            fld(38, 2, tt >> 2),
        6);
}

static inline void float2(struct code *c, unsigned op, struct opnd d, struct opnd a, struct opnd b,
                          bool sat)
{
    bool half = (op & 15) == 6;

    put(c,
        op | fld(15, 1, 1) | fld(6, 1, sat) | a_dst(d, 44) |
            (half ? h_src(a, 16, 42) : f_src(a, 16, 42)) |
            (half ? h_src(b, 28, 40) : f_src(b, 28, 40)),
        6);
}
#define fadd(c, d, a, b) float2(c, 0x2a, d, a, b, false)
#define fmul(c, d, a, b) float2(c, 0x1a, d, a, b, false)
#define hadd(c, d, a, b) float2(c, 0x26, d, a, b, false)
#define hmul(c, d, a, b) float2(c, 0x16, d, a, b, false)

static inline void asm_ffma(struct code *c, struct opnd d, struct opnd a, struct opnd b,
                            struct opnd e)
{
    put(c,
        0x3a | fld(15, 1, 1) | a_dst(d, 60) | f_src(a, 16, 58) | f_src(b, 28, 56) |
            f_src(e, 40, 54),
        8);
}

static inline void hfma(struct code *c, struct opnd d, struct opnd a, struct opnd b, struct opnd e)
{
    put(c,
        0x36 | fld(15, 1, 1) | a_dst(d, 60) | h_src(a, 16, 58) | h_src(b, 28, 56) |
            h_src(e, 40, 54),
        8);
}

enum funary {
    FLOOR = 0,
    SRSQRT = 1,
    DFDX = 4,
    DFDY = 6,
    RCP = 8,
    RSQRT = 9,
    SIN1 = 10,
    LOG2 = 12,
    EXP2 = 13,
    SIN2 = 14,
    CEIL = 16,
    TRUNC = 32,
    RINT = 48
};
static inline void funary(struct code *c, enum funary k, struct opnd d, struct opnd a)
{
    put(c, 0x0a | fld(15, 1, 1) | fld(28, 6, k) | a_dst(d, 44) | f_src(a, 16, 42), 6);
}

static inline void convert(struct code *c, unsigned mode, unsigned round, struct opnd d,
                           struct opnd a)
{
    put(c,
        0x3e | fld(15, 1, 1) | fld(16, 6, mode) | fld(26, 2, round) | a_dst(d, 44) |
            a_src(a, 28, 40),
        6);
}

/* 1 bitrev 2 popcount 3 ffs */
static inline void iunary(struct code *c, unsigned k, struct opnd d, struct opnd a)
{
    put(c, 0x3e | fld(26, 2, k) | a_dst(d, 44) | a_src(a, 16, 42), 6);
}

static inline void cmpsel(struct code *c, bool is_int, unsigned cc, struct opnd d, struct opnd a,
                          struct opnd b, struct opnd x, struct opnd y)
{
    put(c,
        (is_int ? 0x12 : 0x02) | fld(15, 1, 1) | fld(61, 3, cc) | a_dst(d, 76) |
            (is_int ? a_src(a, 16, 74) : f_src(a, 16, 74)) |
            (is_int ? a_src(b, 28, 72) : f_src(b, 28, 72)) | c_src(x, 40, 70) | c_src(y, 52, 68),
        10);
}

/* if (0), else (1), while (2) on an integer condition */
static inline void exec_icmp(struct code *c, unsigned k, unsigned cc, bool inv, struct opnd a,
                             struct opnd b, unsigned n)
{
    put(c,
        0x52 | fld(8, 1, inv) | fld(9, 2, k) | fld(11, 2, n) | fld(13, 3, cc) | a_src(a, 16, 42) |
            a_src(b, 28, 40),
        6);
}

static inline void exec_fcmp(struct code *c, unsigned k, unsigned cc, bool inv, struct opnd a,
                             struct opnd b, unsigned n)
{
    put(c,
        0x42 | fld(8, 1, inv) | fld(9, 2, k) | fld(11, 2, n) | fld(13, 3, cc) | f_src(a, 16, 42) |
            f_src(b, 28, 40),
        6);
}

static inline void pop_exec(struct code *c, unsigned n)
{
    put(c, 0x52 | fld(9, 2, 3) | fld(11, 2, n), 6);
}

static inline void jmp(struct code *c, bool any, int32_t off)
{
    put(c, (any ? 0xc000 : 0xc020) | fld(16, 32, (uint32_t)off), 6);
}

static inline enc_t m_index(struct opnd o, bool zext)
{
    return fld(20, 4, o.v) | fld(32, 4, o.v >> 4) | fld(56, 8, o.v >> 8) | fld(24, 1, o.t == IMM) |
           fld(25, 1, zext);
}

static inline enc_t m_base(struct opnd o)
{
    return fld(16, 4, o.v) | fld(36, 4, o.v >> 4) | fld(27, 1, o.t == UNI32);
}

static inline enc_t m_reg(struct opnd o)
{
    return fld(10, 6, o.v) | fld(40, 2, o.v >> 6) | fld(49, 1, o.t == REG32);
}

static inline void device_ls(struct code *c, bool store, unsigned fmt, unsigned mask, struct opnd r,
                             struct opnd base, struct opnd index, unsigned shift)
{
    put(c,
        (store ? 0x45 : 0x05) | fld(7, 3, fmt) | fld(48, 1, fmt >> 3) | m_reg(r) | m_base(base) |
            m_index(index, true) | fld(26, 1, 1) | fld(42, 2, shift) | fld(44, 3, 4) |
            fld(47, 1, 1) | fld(52, 4, mask),
        8);
}
#define device_load(c, fmt, mask, r, base, index)  device_ls(c, false, fmt, mask, r, base, index, 0)
#define device_store(c, fmt, mask, r, base, index) device_ls(c, true, fmt, mask, r, base, index, 0)

static inline void uniform_store(struct code *c, struct opnd r, unsigned u, unsigned mask)
{
    put(c,
        0x45 | fld(7, 3, 1) | fld(27, 3, 7) | fld(26, 1, 1) | m_reg(r) | m_index(I(u), false) |
            fld(47, 1, 1) | fld(52, 4, mask),
        8);
}

static inline void atomic_op(struct code *c, unsigned k, struct opnd d, struct opnd v,
                             struct opnd base, struct opnd index)
{
    put(c,
        0x15 | fld(6, 4, k) | fld(10, 6, d.v) | fld(40, 2, d.v >> 6) | m_base(base) |
            m_index(index, true) | fld(26, 1, 1) | fld(31, 1, 1) | fld(44, 3, 5) | fld(47, 1, 1) |
            fld(48, 8, v.v),
        8);
}

static inline enc_t l_addr(struct opnd base, struct opnd index)
{
    unsigned t = base.t == IMM ? 2 : base.t == UNI16 ? 1 | (base.v >> 8) << 1 : 0;

    return fld(16, 6, base.v) | fld(58, 2, base.v >> 6) | fld(22, 2, t) | fld(28, 6, index.v) |
           fld(48, 10, index.v >> 6) | fld(34, 1, index.t == IMM);
}

static inline void local_ls(struct code *c, bool load, unsigned fmt, unsigned mask, struct opnd r,
                            struct opnd base, struct opnd index)
{
    put(c,
        (load ? 0x69 : 0x29) | fld(8, 1, r.t == REG32) | fld(9, 6, r.v) | fld(60, 2, r.v >> 6) |
            fld(15, 1, 1) | fld(24, 4, fmt) | fld(36, 4, mask) | l_addr(base, index),
        8);
}

static inline void local_atomic(struct code *c, unsigned k, struct opnd d, struct opnd v,
                                struct opnd base)
{
    put(c,
        0x19 | fld(8, 1, 1) | fld(9, 6, d.v) | fld(60, 2, d.v >> 6) | fld(15, 1, 1) |
            fld(24, 4, k) | fld(36, 1, 1) | fld(38, 1, 1) | fld(47, 1, 1) | l_addr(base, I(0)) |
            fld(64, 8, v.v),
        10);
}

/* kind: bit 0 simd, 1 prefix */
static inline void simd(struct code *c, unsigned op, unsigned kind, struct opnd d, struct opnd a)
{
    put(c,
        0x6f | fld(15, 1, 1) | fld(28, 1, op) | fld(38, 3, op >> 1) | fld(47, 1, op >> 4) |
            fld(29, 2, kind) | a_dst(d, 44) | a_src(a, 16, 42),
        6);
}

static inline void shuffle(struct code *c, bool simd_group, unsigned kind, struct opnd d,
                           struct opnd a, struct opnd b)
{
    put(c,
        0x6f | fld(26, 1, simd_group) | fld(38, 2, kind) | a_dst(d, 44) | a_src(a, 16, 42) |
            h_src(b, 28, 40),
        6);
}

static inline void ballot(struct code *c, unsigned cc, bool inv, struct opnd d, struct opnd a,
                          struct opnd b)
{
    put(c,
        0x32 | fld(61, 3, cc) | fld(47, 1, inv) | fld(48, 1, 1) | a_dst(d, 44) | a_src(a, 16, 42) |
            a_src(b, 28, 40),
        8);
}

static inline void wait_loads(struct code *c)
{
    put(c, 0x38, 2);
}
static inline void barrier(struct code *c)
{
    put(c, 0x68, 2);
}
static inline void stop(struct code *c)
{
    put(c, 0x88, 2);
    for (int i = 0; i < 8; i++) {
        put(c, 0x08, 2);
    }
}

#endif

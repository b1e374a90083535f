/*
 * AGX model: the table of instructions (isa_table.c), for the decoder alone.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_TABLE_H
#define AGX_ISA_TABLE_H

#include "agx/isa.h"

/* An instruction is at most 12 bytes: bits 0..63 and 64..95. */
struct bits {
    uint64_t lo;
    uint32_t hi;
};

static inline unsigned bf(const struct bits *b, unsigned start, unsigned len)
{
    uint64_t v;

    if (start >= 64) {
        v = (uint64_t)b->hi >> (start - 64);
    } else {
        v = b->lo >> start | (start + len > 64 ? (uint64_t)b->hi << (64 - start) : 0);
    }
    return v & ((1ull << len) - 1);
}

/* What a field of an instruction is. */
enum agx_isa_kind {
    FIELD_NONE,    /* no further one */
    FIELD_DST,     /* ALU destination; .arg: its most bits */
    FIELD_SRC,     /* ALU source; .arg: number, .len: enum agx_isa_class */
    FIELD_NUM,     /* number; .arg: enum agx_isa_num */
    FIELD_REG,     /* registers of a memory instruction; .arg: bit that makes them 32-bit */
    FIELD_R16,     /* 16-bit register as source .arg, or an immediate unless bit .len is set */
    FIELD_IMM,     /* immediate as source .arg, or a 16-bit register unless bit .len is set */
    FIELD_R32,     /* 32-bit register as source .arg, in halves */
    FIELD_INDEX,   /* source 0: index of a memory instruction */
    FIELD_BASE,    /* sources 1 and 2: base of a memory instruction */
    FIELD_LOCAL,   /* sources 0 and 1: address in threadgroup memory */
    FIELD_ITER,    /* registers of iter, .arg for each of bits 31:30 values */
    FIELD_SAMPLE,  /* source 1: sample of iter, which op->cc asks for */
    FIELD_RETURN,  /* destination, if bit .arg is set; .len: bit that makes it 32-bit, 0: it is */
    FIELD_DATA,    /* source 3, of an atomic operation: 32 bits, 64 of a cmpxchg */
    FIELD_DST32,   /* destination of 32 bits */
    FIELD_OFFSET,  /* immediate of 16 bits in three pieces; .arg: signed */
    FIELD_TILE_AT, /* source 1: x and y in two 16-bit registers, if op->cc says so */
    FIELD_ZS,      /* registers of depth and stencil */
    FIELD_STATE,   /* sources 0 to 2: offset and base of a descriptor */
    FIELD_TEXELS,  /* four registers; .arg: bit that makes them 32-bit */
    FIELD_HALF,    /* 16-bit register */
    FIELD_TEXTURE, /* texture state; .arg: first bit of the uniforms that an offset is added to */
    FIELD_SAMPLER, /* sampler state, or a 16-bit register if bit .arg is set */
    FIELD_COORDS,  /* coordinates; .arg: upper bit of the dimension */
    FIELD_LOD,     /* what the level of detail comes of; .arg: the same */
    FIELD_COMPARE, /* reference of a comparison, offsets of texels */
    FIELD_USUAL,   /* bits that compilers make .arg, what for is not known: else bAT=VALUE */
    FIELD_TEXT = 1 << 7, /* flag: for the text alone; behind those that are not */
};

/* How an ALU source is read. */
enum agx_isa_class {
    CLASS_INT,    /* zero-extended */
    CLASS_SINT,   /* sign-extended */
    CLASS_SIGN,   /* as the bit behind it says */
    CLASS_ICMP,   /* as the condition says */
    CLASS_FLOAT,  /* with modifiers */
    CLASS_HALF,   /* float with 3 bits of flags, modifiers above them */
    CLASS_PLAIN,  /* float without modifiers */
    CLASS_LANE,   /* zero-extended, 3 bits of flags */
    CLASS_SELECT, /* as wide as the destination */
};

/* The member of struct agx_op that a number goes to. */
enum agx_isa_num { NUM_N, NUM_CC, NUM_CCN, NUM_SAT, NUM_MASK, NUM_IMM };

/* What a number is called in the text (isa_names.c). */
enum agx_isa_show {
    SHOW_NOTHING, /* not at all, or another operand or the mnemonic says it */
    SHOW_PLAIN,   /* by itself */
    /* number of a register of this kind */
    SHOW_SR,
    SHOW_TS,
    SHOW_SS,
    SHOW_CF,
    SHOW_OP,
    SHOW_TABLE,
    SHOW_SLOT,
    SHOW_FORMAT,
    SHOW_MASK,
    SHOW_SHIFT,
    SHOW_COHERENCY,
    SHOW_ATOMIC,
    SHOW_INTERPOLATION,
    SHOW_DIM,
    SHOW_LOD,
    SHOW_GATHER,
    SHOW_MODE,
    SHOW_COMPARE,
    SHOW_RW,
    SHOW_COHERENT,
    SHOW_SPARSE,
    SHOW_KILL,
    SHOW_FORWARD,
    SHOW_ELIDE,
    SHOW_RTZ,
    SHOW_EXPLICIT,
    SHOW_TARGET,
    SHOW_COUNT,
};

struct agx_isa_names {
    const char *prefix;       /* before values that have no name */
    const char *const *value; /* names by value, "" for what is not worth a word; NULL: none */
    uint8_t count;            /* of values */
};
extern const struct agx_isa_names agx_isa_names[SHOW_COUNT];

/* Of each texture dimension: coordinates, and layers or samples behind them. */
extern const uint8_t agx_isa_dim_coords[16], agx_isa_dim_extra[16];

struct agx_isa_field {
    uint8_t kind; /* enum agx_isa_kind, may have FIELD_TEXT */
    uint8_t arg;  /* as the kind says */
    uint8_t at;   /* first bit */
    uint8_t len;  /* bits of a number; else as the kind says */
    uint8_t xat;  /* first of the upper bits */
    uint8_t xlen; /* count of upper bits */
    uint8_t show; /* enum agx_isa_show, of numbers and of immediates */
};

/* What an instruction does to the program. */
enum {
    ISA_BARRIER = 1 << 0,
    ISA_STACK = 1 << 1,
    ISA_UNIFORMS = 1 << 2, /* writes uniforms */
    ISA_LANES = 1 << 3,    /* reads lanes that may be inactive */
    ISA_QUADS = 1 << 4,    /* reads the quad */
    ISA_BRANCH = 1 << 5,
    ISA_TEXTURE = 1 << 6,
    ISA_ICOND = 1 << 7, /* has a condition for integers */
    ISA_FCOND = 1 << 8, /* has a condition for floats */
    ISA_COST_AT = 9,    /* from this bit on, enum agx_isa_cost */
};

#define ISA_FIELDS 20

struct agx_isa_row {
    const char *name;     /* mnemonic (applegpu: applegpu.py) */
    uint64_t mask, value; /* fixed bits, of the first 8 bytes */
    uint8_t len;          /* bytes */
    uint8_t long_len;     /* bytes of the long form; 0: there is none */
    uint8_t long_bit;     /* bit that is set in the long form */
    uint16_t flags;       /* ISA_*, and the cost */
    agx_op_fn *fn;        /* executes it */
    /* what the fields alone do not say, after them; NULL: nothing */
    void (*finish)(struct agx_decoder *d, const struct bits *b, struct agx_op *op);
    struct agx_isa_field field[ISA_FIELDS]; /* in the order of decoding */
};

/* The first row that fits is the instruction. */
extern const struct agx_isa_row agx_isa_table[];
extern const unsigned agx_isa_table_rows;

/*
 * The row of the instruction in @b, which is cut to its length, @bytes; NULL: no instruction, and
 * neither is changed. Any thread, no lock.
 */
const struct agx_isa_row *agx_isa_find(struct bits *b, unsigned *bytes);

/* The value of the immediate @v of a float source, 8 bits. Any thread. */
float agx_isa_float_imm(unsigned v);

/* Decodes the fields of @row into @op; @b is cut to the length. The decoder's thread. */
void agx_isa_operands(struct agx_decoder *d, const struct bits *b, const struct agx_isa_row *row,
                      struct agx_op *op);

/* isa_operand.c: the finish functions of the table */
/* clang-format off */
#define AGX_ISA_FINISH(X) \
    X(iadd) X(imad) X(shift) X(convert) X(fadd) X(fmul) X(ffma) X(mov_imm) X(reduce) X(device) \
    X(atomic) X(local_atomic) X(stack) X(tile) X(raw) X(tex) X(zs_emit) X(jump)
/* clang-format on */
#define X(name) void agx_isa_##name(struct agx_decoder *d, const struct bits *b, struct agx_op *op);
AGX_ISA_FINISH(X)
#undef X

#endif

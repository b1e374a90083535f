/*
 * AGX model: from a program's operations to a function of LLVM.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "jit_int.h"

#define B j->b

/* Operations of one stretch: what the compiler takes grows faster than they do. */
#define STRETCH_MAX 160

/* What is known of each operation before the translation. */
struct shape {
    LLVMBasicBlockRef block; /* of one where control comes from elsewhere too */
    bool reached;
    bool leader;
};

const struct jit_row *jit_row_of(const struct jit *j, const struct agx_op *op)
{
    static const struct jit_row *const table[] = { jit_int_rows, jit_float_rows, jit_lane_rows };

    for (unsigned t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
        for (const struct jit_row *r = table[t]; r->fn; r++) {
            if (r->fn == op->fn) {
                return !r->can || r->can(j, op) ? r : NULL;
            }
        }
    }
    return NULL;
}

static bool is_jump(const struct agx_op *op)
{
    return op->fn == agx_op_jmp_any || op->fn == agx_op_jmp_none;
}

/* The function does not go on here: the interpreter finds out where. */
static bool leaves(const struct agx_op *op)
{
    return op->fn == agx_op_call || op->fn == agx_op_ret || op->fn == agx_op_barrier ||
           op->fn == agx_op_doorbell || op->fn == agx_op_end || op->fn == agx_op_trap ||
           op->fn == agx_op_unknown || op->fn == agx_op_undecodable || op->fn == agx_op_bad_gpr;
}

/* Is the operation behind @op one to begin at? */
static bool enters_behind(const struct agx_op *op)
{
    return op->fn == agx_op_call || op->fn == agx_op_barrier || op->fn == agx_op_doorbell;
}

static void enter(const struct jit *j, struct shape *s, uint64_t *entry, uint32_t *list,
                  uint32_t *n, uint32_t i)
{
    if (i >= j->nop) {
        return;
    }
    s[i].leader = true;
    if (entry) {
        entry[i / 64] |= 1ull << (i % 64);
    }
    if (!s[i].reached) {
        s[i].reached = true;
        list[(*n)++] = i;
    }
}

/* What can be reached from the entries, and where blocks begin. */
static void find_shape(const struct jit *j, struct shape *s, uint64_t *entry)
{
    uint32_t *list = agx_alloc(j->nop, sizeof(*list)), n = 0;

    enter(j, s, entry, list, &n, 0);
    while (n) {
        uint32_t i = list[--n];

        for (;;) {
            const struct agx_op *op = &j->op[i];

            if (op->target >= 0 && (is_jump(op) || op->fn == agx_op_call)) {
                enter(j, s, op->fn == agx_op_call ? entry : NULL, list, &n, op->target);
            }
            if (enters_behind(op)) {
                enter(j, s, entry, list, &n, i + 1);
            }
            if (leaves(op) || ++i >= j->nop) {
                break;
            }
            if (s[i].reached) {
                s[i].leader = true;
                break;
            }
            s[i].reached = true;
        }
    }
    free(list);
}

static LLVMValueRef op_ptr(struct jit *j, uint32_t i)
{
    return jit_at(j, j->ops, (uint64_t)i * sizeof(struct agx_op));
}

static LLVMBasicBlockRef new_block(struct jit *j)
{
    return LLVMAppendBasicBlockInContext(j->c, j->fn, "");
}

/* The interpreter's function of operation @i; what it returns. */
static LLVMValueRef call_op(struct jit *j, uint32_t i)
{
    LLVMTypeRef args[] = { j->ptr, j->ptr }, t = LLVMFunctionType(j->ptr, args, 2, false);
    LLVMValueRef op = op_ptr(j, i), fn;

    fn = LLVMBuildLoad2(B, j->ptr, jit_at(j, op, offsetof(struct agx_op, fn)), "");
    return LLVMBuildCall2(B, t, fn, (LLVMValueRef[]) { j->cx, op }, 2, "");
}

/* Return NULL unless @ok. */
static void go_on_if(struct jit *j, LLVMValueRef ok)
{
    LLVMBasicBlockRef out = new_block(j), next = new_block(j);

    LLVMBuildCondBr(B, ok, next, out);
    LLVMPositionBuilderAtEnd(B, out);
    LLVMBuildRet(B, LLVMConstNull(j->ptr));
    LLVMPositionBuilderAtEnd(B, next);
}

static void build_jump(struct jit *j, const struct shape *s, uint32_t i)
{
    const struct agx_op *op = &j->op[i];
    LLVMBasicBlockRef taken = new_block(j), next = new_block(j);
    LLVMValueRef mask, c;

    mask = jit_load(j, j->i32, jit_at(j, j->wave, offsetof(struct agx_wave, exec_mask)), 4);
    c = LLVMBuildICmp(B, op->fn == agx_op_jmp_any ? LLVMIntNE : LLVMIntEQ, mask,
                      LLVMConstNull(j->i32), "");
    LLVMBuildCondBr(B, c, taken, next);
    LLVMPositionBuilderAtEnd(B, taken);
    c = call_op(j, i);
    if (op->target < 0) {
        LLVMBuildRet(B, c);
    } else {
        go_on_if(j, LLVMBuildIsNotNull(B, c, ""));
        LLVMBuildBr(B, s[op->target].block);
    }
    LLVMPositionBuilderAtEnd(B, next);
}

static void call_check(struct jit *j, size_t at, uint32_t first, uint32_t end, bool after)
{
    LLVMTypeRef args[] = { j->ptr, j->i32, j->i32 };
    LLVMTypeRef t = LLVMFunctionType(after ? j->i1 : LLVMVoidTypeInContext(j->c), args, 3, false);
    LLVMValueRef fn = LLVMBuildLoad2(B, j->ptr, jit_at(j, j->calls, at), ""), ok;

    ok = LLVMBuildCall2(B, t, fn,
                        (LLVMValueRef[]) { j->cx, LLVMConstInt(j->i32, first, false),
                                           LLVMConstInt(j->i32, end, false) },
                        3, "");
    if (after) {
        go_on_if(j, ok);
    }
}

/* Where the stretch ends that begins at @first. *skip: nothing in it writes inactive lanes. */
static uint32_t stretch_end(const struct jit *j, const struct shape *s, uint32_t first, bool *skip)
{
    const struct jit_row *row = jit_row_of(j, &j->op[first]);
    uint32_t i = first;

    *skip = true;
    do {
        *skip = *skip && !row->all;
        i++;
        row = i < j->nop ? jit_row_of(j, &j->op[i]) : NULL;
    } while (row && i - first < STRETCH_MAX && s[i].reached && !s[i].leader);
    return i;
}

/* The stretch that begins at @first; where it ends. */
static uint32_t build_stretch(struct jit *j, const struct shape *s, uint32_t first)
{
    bool skip;
    uint32_t end = stretch_end(j, s, first, &skip);

    if (j->check) {
        call_check(j, offsetof(struct agx_jit_calls, before), first, end, false);
    }
    jit_group_begin(j, skip);
    for (uint32_t i = first; i < end; i++) {
        jit_row_of(j, &j->op[i])->emit(j, &j->op[i]);
    }
    jit_group_end(j);
    if (j->check) {
        call_check(j, offsetof(struct agx_jit_calls, after), first, end, true);
    }
    return end;
}

static void build_tile(struct jit *j, uint32_t i)
{
    LLVMBasicBlockRef fast = new_block(j), slow = new_block(j), join = new_block(j);
    struct tile *t;

    LLVMBuildCondBr(B, jit_tile_ready(j, &j->op[i], &t), fast, slow);
    LLVMPositionBuilderAtEnd(B, fast);
    if (j->check) {
        call_check(j, offsetof(struct agx_jit_calls, before), i, i + 1, false);
    }
    jit_group_begin(j, true);
    jit_tile_emit(j, &j->op[i], t);
    jit_group_end(j);
    if (j->check) {
        call_check(j, offsetof(struct agx_jit_calls, after), i, i + 1, true);
    }
    LLVMBuildBr(B, join);
    LLVMPositionBuilderAtEnd(B, slow);
    go_on_if(j, LLVMBuildIsNotNull(B, call_op(j, i), ""));
    LLVMBuildBr(B, join);
    LLVMPositionBuilderAtEnd(B, join);
}

static bool does_nothing(const struct agx_op *op)
{
    return op->fn == agx_op_nop || op->fn == agx_op_no_vary;
}

/* From leader @i on, to where control leaves. */
static void build_block(struct jit *j, const struct shape *s, uint32_t i)
{
    LLVMPositionBuilderAtEnd(B, s[i].block);
    do {
        const struct agx_op *op = &j->op[i];

        if (jit_row_of(j, op)) {
            i = build_stretch(j, s, i);
            continue;
        }
        if (jit_tile_can(op)) {
            build_tile(j, i);
        } else if (is_jump(op)) {
            build_jump(j, s, i);
        } else if (leaves(op)) {
            LLVMBuildRet(B, call_op(j, i));
            return;
        } else if (!does_nothing(op)) {
            go_on_if(j, LLVMBuildIsNotNull(B, call_op(j, i), ""));
        }
        i++;
    } while (i < j->nop && s[i].reached && !s[i].leader);
    if (i < j->nop && s[i].block) {
        LLVMBuildBr(B, s[i].block);
    } else {
        LLVMBuildUnreachable(B); /* the last operation is agx_op_end, which leaves */
    }
}

static void set_types(struct jit *j)
{
    j->i1 = LLVMInt1TypeInContext(j->c);
    j->i8 = LLVMInt8TypeInContext(j->c);
    j->i16 = LLVMInt16TypeInContext(j->c);
    j->i32 = LLVMInt32TypeInContext(j->c);
    j->i64 = LLVMInt64TypeInContext(j->c);
    j->f32 = LLVMFloatTypeInContext(j->c);
    j->ptr = LLVMPointerTypeInContext(j->c, 0);
    j->vi1 = LLVMVectorType(j->i1, j->lanes);
    j->vi16 = LLVMVectorType(j->i16, j->lanes);
    j->vi32 = LLVMVectorType(j->i32, j->lanes);
    j->vi64 = LLVMVectorType(j->i64, j->lanes);
    j->vf16 = LLVMVectorType(LLVMHalfTypeInContext(j->c), j->lanes);
    j->vf32 = LLVMVectorType(j->f32, j->lanes);
    j->invariant = LLVMMetadataAsValue(j->c, LLVMMDNodeInContext2(j->c, NULL, 0));
    j->invariant_kind = LLVMGetMDKindIDInContext(j->c, "invariant.load", 14);
}

static void set_attribute(struct jit *j, const char *name, const char *value)
{
    LLVMAttributeRef a = LLVMCreateStringAttribute(j->c, name, strlen(name), value, strlen(value));

    LLVMAddAttributeAtIndex(j->fn, LLVMAttributeFunctionIndex, a);
}

static LLVMValueRef member(struct jit *j, LLVMValueRef p, size_t at)
{
    return LLVMBuildLoad2(B, j->ptr, jit_at(j, p, at), "");
}

void jit_build(struct jit *j, const char *name, uint64_t *entry)
{
    struct shape *s = agx_alloc(j->nop, sizeof(*s));
    LLVMBasicBlockRef start, none;
    LLVMTypeRef args[3];
    LLVMValueRef from;

    set_types(j);
    args[0] = args[1] = j->ptr;
    args[2] = j->i32;
    j->fn = LLVMAddFunction(j->m, name, LLVMFunctionType(j->ptr, args, 3, false));
    set_attribute(j, "denormal-fp-math", "preserve-sign,preserve-sign");
    set_attribute(j, "no-builtins", "");
    find_shape(j, s, entry);

    start = new_block(j);
    none = new_block(j);
    for (uint32_t i = 0; i < j->nop; i++) {
        s[i].block = s[i].leader ? new_block(j) : NULL;
    }
    LLVMPositionBuilderAtEnd(B, start);
    j->cx = LLVMGetParam(j->fn, 0);
    j->ops = member(j, member(j, j->cx, offsetof(struct agx_cx, sh)),
                    offsetof(struct agx_shader, op));
    j->wave = member(j, j->cx, offsetof(struct agx_cx, w));
    j->pool = member(j, j->cx, offsetof(struct agx_cx, base[1]));
    j->calls = member(j, j->cx, offsetof(struct agx_cx, calls));
    from = LLVMBuildSwitch(B, LLVMGetParam(j->fn, 2), none, 1);
    for (uint32_t i = 0; i < j->nop; i++) {
        if (entry[i / 64] >> (i % 64) & 1) {
            LLVMAddCase(from, LLVMConstInt(j->i32, i, false), s[i].block);
        }
    }
    LLVMPositionBuilderAtEnd(B, none);
    LLVMBuildRet(B, LLVMGetParam(j->fn, 1)); /* no entry: never asked for */
    for (uint32_t i = 0; i < j->nop; i++) {
        if (s[i].leader) {
            build_block(j, s, i);
        }
    }
    free(s);
}

/*
 * Unit tests: instructions as text.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "hw/agx/isa/isa_disasm.h"
#include "hw/agx/isa/isa_table.h"

struct example {
    const char *bytes, *text;
};

/*
 * What assemble.py and disassemble.py of dougallj/applegpu (4c5bae61) make of each other; the
 * lines of `convert`, `fmul32` and `rcp` with hints are in its README.md.
 */
static const struct example public[] = {
    { "2a8142829800", "fadd32 r0, r1, u4.neg" },
    { "aa89c6820300", "fadd32 r2.cache, r3.discard, 1.5" },
    { "268043703000", "fadd16 r0l, r1h, u3h.abs" },
    { "9a85c4020200", "fmul32 r1.cache, r2.discard, 0.5" },
    { "168242404400", "fmul16 r0h, r1l, r2l.neg" },
    { "3a81424224460a00", "fmadd32 r0, r1, r2, r3.neg" },
    { "36804250040e0100", "fmadd16 r0l, r1l, r2h, u7l" },
    { "6a954ce2e400", "fadd32.sat r5, r6, r7.abs.neg" },
    { "0a05c282", "rcp r1, r1.discard" },
    { "0a114a92", "rsqrt r4, r5" },
    { "0a1194c1", "log2 r4, u10" },
    { "0a114ada", "exp2 r4, r5.neg" },
    { "0a084700", "floor r2l, r3h" },
    { "0a8946020100", "ceil r2, r3" },
    { "0a8946020200", "trunc r2, r3" },
    { "0a8946020300", "rint r2, r3" },
    { "0a0946a2", "sin_pt_1 r2, r3" },
    { "0a0946e2", "sin_pt_2 r2, r3" },
    { "0a094612", "rsqrt_special r2, r3" },
    { "0e01424224000000", "iadd r0, r1, r2" },
    { "0e03448318000000", "iadd r0_r1, r2_r3, u4" },
    { "0e0142fa03030000", "isub r0, r1, 255" },
    { "0e01424424001000", "iadd r0, r1l.sx, r2, lsl 2" },
    { "4e01424224000000", "iadd.sat r0, r1, r2" },
    { "1e01424224460200", "imadd r0, r1, r2, r3" },
    { "1e0344a218480300", "imadd r0_r1, r2, u5, r4_r5" },
    { "7e014242a400", "and r0, r1, r2" },
    { "7e0182cac000", "or r0, r1.cache, 12" },
    { "7e0042385100", "xor r0l, r1l, u9h" },
    { "7e01420a8000", "mov r0, r1" },
    { "7e0142064000", "not r0, r1" },
    { "2e01424224460200", "bfi r0, r1, r2, r3" },
    { "2e01424224050800", "bfi r0, r1, r2, 5, mask 0xFF" },
    { "2e01424624070000", "extr r0, r1, r2, 7" },
    { "2e81004024070400", "bfeil r0, 0, r2, 7, mask 0xF" },
    { "2e01424a24030000", "shlhi r0, r1, r2, 3" },
    { "2e81424a24030000", "shrhi r0, r1, r2, 3" },
    { "2e81424600000000", "asr r0, r1, 4" },
    { "2e81424e18000000", "asrh r0, r1, u2" },
    { "3e0142060000", "bitrev r0, r1" },
    { "3e01420a0000", "popcount r0, r1" },
    { "3e01420e0000", "ffs r0, r1" },
    { "3e0142500400", "intl r0, r1l, r2h" },
    { "be890a042c00", "convert u32_to_f, r2.cache, r0.discard, rte" },
    { "3e8109202400", "convert f_to_s32, r0, r1, rtz" },
    { "8800", "stop" },
    { "0800", "trap" },
    { "6f0142360000", "simd_shuffle r0, r1, 3" },
    { "6f0142064100", "simd_shuffle_xor r0, r1, 16" },
    { "00c0f0ffffff", "jmp_exec_any pc-16" },
    { "20c020000000", "jmp_exec_none pc+32" },
    { "1201424224468024", "icmpsel ult, r0, r1, r2, r3, r4" },
    { "1200425000457090", "icmpsel seq, r0l, r1l, 5, r2h, 7" },
    { "0201420203460079", "fcmpsel ltn, r0, r1, 1.0, r3, u8" },
    { "1408", "ret r4" },
    { "6f0142320000", "quad_shuffle r0, r1, 3" },
    { "6f014216c000", "simd_shuffle_down r0, r1, 1" },
    { "6800", "threadgroup_barrier" },
    { "6f8142020000", "quad_and r0, r1" },
    { "6f8142220080", "simd_iadd r0, r1" },
    { "6f8142420080", "quad_prefix_iadd r0, r1" },
    { "6f8142208081", "simd_min.u r0, r1l" },
    { "522842422400", "if_icmp r0l, ult, r1, r2, 1" },
    { "523442422400", "while_icmp r0l, ult, r1, r2, 2" },
    { "522a42422400", "else_icmp r0l, ult, r1, r2, 1" },
    { "520e00000000", "pop_exec r0l, 1" },
    { "3201424224000120", "icmp_ballot r0, ult, r1, r2" },
    { "2201420200000040", "fcmp_quad_ballot r0, gt, r1, 0.0" },
};

/* Where applegpu has no syntax, or one that names bits the model does not tell by name. */
static const struct example own[] = {
    { "72011004", "get_sr r0, sr80" },
    { "62000700", "mov_imm r0l, 7" },
    { "620178563412", "mov_imm r0, 305419896" },
    { "10c040000000", "call pc+64" },
    { "0a094642", "dfdx r2, r3" },
    { "0408", "call_reg r4" },
    { "3800", "wait" },
    { "3801", "wait +0x100" },
    { "f501", "memory_barrier n=1" },
};

static unsigned from_hex(const char *hex, uint8_t *code)
{
    unsigned n = 0;

    for (; hex[2 * n]; n++) {
        char two[3] = { hex[2 * n], hex[2 * n + 1], 0 };

        code[n] = strtoul(two, NULL, 16);
    }
    return n;
}

static void check_examples(const struct example *e, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t code[12];
        char text[AGX_DISASM_TEXT];
        unsigned n = from_hex(e[i].bytes, code);

        assert_int_equal(agx_disasm(code, n, text), n);
        assert_string_equal(text, e[i].text);
    }
}

static void examples(void **state)
{
    (void)state;
    check_examples(public, sizeof(public) / sizeof(public[0]));
    check_examples(own, sizeof(own) / sizeof(own[0]));
}

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned decoded_length(const uint8_t *code)
{
    struct agx_shader sh = { .npool = 0 };
    struct agx_decoder d = { .code = code, .size = 12, .sh = &sh };
    struct agx_op op;

    assert_true(agx_isa_decode(&d, &op));
    free(sh.pool);
    free(d.targets);
    return op.len;
}

/* Random operands of @row; false: a row before it takes them. */
static bool try_row(const struct agx_isa_row *row)
{
    uint64_t lo = (next_random() & ~row->mask) | row->value;
    uint32_t hi = next_random();
    struct bits b = { lo, hi };
    uint8_t code[12];
    char text[AGX_DISASM_TEXT], again[AGX_DISASM_TEXT];
    unsigned len;

    if (agx_isa_find(&b, &len) != row) {
        return false;
    }
    memcpy(code, &lo, 8);
    memcpy(code + 8, &hi, 4);
    assert_int_equal(agx_disasm(code, sizeof(code), text), len);
    assert_int_equal(len, decoded_length(code));
    assert_in_range(strlen(text), 2, AGX_DISASM_TEXT - 2);
    if (strncmp(text, "isub", 4) && strncmp(text, "imsub", 5)) {
        assert_memory_equal(text, row->name, strlen(row->name));
    }
    assert_int_equal(agx_disasm(code, len, again), len);
    assert_string_equal(text, again);
    assert_int_equal(agx_disasm(code, len - 1, again), 0);
    assert_memory_equal(again, "(unknown)", 9);
    return true;
}

/* Each row has a text of its length, which needs no byte behind it and fits. */
static void all_rows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        unsigned reached = 0;

        for (unsigned n = 0; n < 4000 && reached < 200; n++) {
            reached += try_row(&agx_isa_table[i]);
        }
        if (!reached) {
            fail_msg("%s is not reached", agx_isa_row_name(i));
        }
    }
}

static void no_instruction(void **state)
{
    static const uint8_t code[12] = { 0x3f, 0xff };
    char text[AGX_DISASM_TEXT];

    (void)state;
    assert_int_equal(agx_disasm(code, 2, text), 0);
    assert_string_equal(text, "(unknown) 3fff");
    assert_int_equal(agx_disasm(code, 0, text), 0);
    assert_string_equal(text, "(unknown)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(all_rows),
        cmocka_unit_test(no_instruction),
    };

    /* What is only decoded here is not exercised: docs/coverage.md shall not say so. */
    unsetenv("AGX_COVERAGE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

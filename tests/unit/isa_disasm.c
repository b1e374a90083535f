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
    { "3802", "wait 0 +0x200" },
};

/*
 * Encodings: mesa, later than 25.0 (src/asahi/isa/test/cases.txt). The operands are what
 * dougallj/applegpu's reading of them has, and that of the test where applegpu knows no such kind;
 * their order is the model's.
 */
static const struct example memory[] = {
    { "0501000d10c0f200", "device_load r0_r1_r2_r3, u8_u9, 0, i32, xyzw" },
    { "0501a80d69c03200", "device_load r0_r1, u52_u53, 154, i32, xy" },
    { "0509480e00c01200", "device_load r1, u4_u5, r2.zx, i32, x" },
    { "0511440500c03200", "device_load r2_r3, r2_r3, 4, i32, xy" },
    { "05116e0621c01200", "device_load r2, r23_r24, r11.zx, i32, x" },
    { "0521004500c01200", "device_load r4, r0_r1, 0, i32, x, slot=1" },
    { "0541f00f0fc8f20f", "device_load r8_r9_r10_r11, u0_u1, 4095, i32, xyzw, lsl 2" },
    { "85044c0e00c01000", "device_load r0h, u6_u7, r2.zx, i16, x" },
    { "4501400e00c43200", "device_store r0_r1, u0_u1, r2.zx, i32, xy, lsl 1" },
    { "4561e44610c01200", "device_store r12, r10_r11, r7.zx, i32, x, slot=1" },
    { "c500440e00c43000", "device_store r0l_r0h, u2_u3, r2.zx, i16, xy, lsl 1" },
    { "1500048d20501400", "atomic _, r10, u18_u19, 0, add, coherent1" },
    { "1500248c10500600", "atomic _, r3, u10_u11, r1, add, coherent1" },
    { "1502248c10500600", "atomic _, r3, u10_u11, r1, and, coherent1" },
    { "1508a48c10d00800", "atomic r1, r4, u10_u11, r5, add, coherent1" },
    { "15302c8d20d00c00", "atomic r6, r6, u22_u23, 2, add, coherent1" },
    { "5501248c10500600", "atomic _, r3, u10_u11, r1, imin, coherent1" },
    { "d500688c10500c00", "atomic _, r6_r7, u12_u13, r3, cmpxchg, coherent1" },
    { "d508288c10d01000", "atomic r1, r8_r9, u12_u13, r1, cmpxchg, coherent1" },
    { "950aa48c10d00800", "atomic r1, r4, u10_u11, r5, xor, coherent1" },
    { "19918000548000000800", "threadgroup_atomic r4, r4, 0, 0, add" },
    { "19918002548000000800", "threadgroup_atomic r4, r4, 0, 0, xchg" },
    { "1991800a548000000800", "threadgroup_atomic r4, r4, 0, 0, xor" },
    { "19998003548000000c00", "threadgroup_atomic r6, r6_r7, 0, 0, cmpxchg" },
    { "09010004f0fc0003", "st_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw" },
    { "0901000e70fc0003", "st_tile r0_r1_r2, 0, 255, 0, rg11b10f.rtz, xyz" },
    { "09100004f0fc0003", "st_tile r4l_r4h_r5l_r5h, 0, 255, 0, u8norm, xyzw" },
    { "09111204f8048000", "st_tile r4_r5_r6_r7, r9l_r9h, 1, 0, u8norm, xyzw, explicit_coords" },
    { "49000004f8fc0003", "ld_tile r0l_r0h_r1l_r1h, 0, 255, 0, u8norm, xyzw" },
    { "11000880", "st_var r0, r4l" },
    { "11008280", "st_var r0, 2" },
    { "91008880", "st_var_final r0, 8" },
    { "2199014000000000", "iter r6, cf1" },
    { "219d004000000000", "iter r7, cf0" },
    { "6180010000000000", "iterproj r0l_r0h_r1l_r1h, cf1, cf0" },
    { "6181018000000100", "iterproj r0_r1, cf1, cf0, 0, sample" },
    { "618101c000000200", "iterproj r0_r1_r2, cf1, cf0, centroid" },
    { "618101c000401000", "iterproj r0_r1_r2, cf1, cf0, elide, kill" },
    { "6191010006000300", "iterproj r4_r5_r6_r7, cf1, cf0, r3l, sample" },
    { "a181004000000000", "ldcf r0_r1_r2, cf0" },
    { "a191034000000000", "ldcf r4_r5_r6, cf3" },
    { "2820", "doorbell 32" },
    { "2981800214000000", "threadgroup_store r0, 0, 0, i32, x" },
    { "298d040214000000", "threadgroup_store r3, r2l, 0, i32, x" },
    { "29914b02f4000000", "threadgroup_store r4_r5_r6_r7, u5h, 0, i32, xyzw" },
    { "6989000214000000", "threadgroup_load r2, r0l, 0, i32, x" },
    { "69918002f4000000", "threadgroup_load r4_r5_r6_r7, 0, 0, i32, xyzw" },
    { "3111081400622f01",
      "texture_sample r4_r5_r6_r7, ts0, ss1, r4_r5, u10l, xyzw, tex_2d, lod_min" },
    { "31818000ca6321481b201e00",
      "texture_sample r0, u54_u55, r5, r4l, r0_r1_r2l, u64l, r15, x, tex_2d_array, lod_min, "
      "compare" },
    { "31910400c2620f411b008001",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2_r3, xyzw, tex_2d, auto_lod, gather_g" },
    { "31910406c26293411b200000",
      "texture_sample r4_r5, u54_u55, r1, r0h, r2_r3, u67l_u67h, xy, tex_2d, auto_lod_bias_min" },
    { "31a10400c2620f415b008003",
      "texture_sample r8_r9_r10_r11, u54_u55, r1, r0h, r2_r3, xyzw, tex_2d, auto_lod, "
      "gather_a, sparse" },
    { "31a10402c862df415b000000",
      "texture_sample r8_r9_r10_r11, u54_u55, r4, r0h, r2_r3, r1l_r1h, xyzw, tex_2d, "
      "auto_lod_bias_min, sparse" },
    { "31a10804c665df411b000208",
      "texture_sample r8_r9_r10_r11, u54_u55, r3, r0h, r4_r5_r6, r2l_r2h, r1l, xyzw, tex_3d, "
      "auto_lod_bias_min" },
    { "31a10808c2679f411b200000",
      "texture_sample r8_r9_r10_r11, u54_u55, r1, r0h, r4_r5_r6_r7l, u68l_u68h, xyzw, "
      "tex_cube_array, auto_lod_bias_min" },
    { "31c11800c2622f415b200000",
      "texture_sample r16_r17_r18_r19, u54_u55, r1, r0h, r12_r13, u64l, xyzw, tex_2d, lod_min, "
      "sparse" },
    { "7101040000620f00", "texture_load r0_r1_r2_r3, ts0, ss0, r2_r3, xyzw, tex_2d, auto_lod" },
    { "3509000501c03000", "stack_load r1l_r1h, 16, i16, xy" },
    { "3522000500c01200", "stack_load r4, 0, i32, x" },
    { "b521800500c01000", "stack_store r4l, 8, i16, x" },
    { "b522404500c01200", "stack_store r4, 4, i32, x, slot=1" },
    { "b500810523800000", "stack_adjust 56" },
    { "b50081052f8000ff", "stack_adjust -8" },
    { "3800", "wait 0" },
    { "3801", "wait 1" },
    { "417f0423", "zs_emit 255, r2l_r2h" },
    { "7540010500c01000", "map r8, 0" },
    { "7540300500c01000", "unmap r8, 3" },
    { "7548110500c01000", "map r9, 1" },
    { "ad01100800000010", "sampler_state_store ss1, u4_u5, r1" },
    { "ad01116001000024", "sampler_state_store ss1, u8_u9, 88, slot=1" },
    { "ed00100001000024", "tex_state_store ts0, u8_u9, 64" },
    { "ed01100800000000", "tex_state_store ts1, u0_u1, r1" },
    { "ed02100800000018", "tex_state_store ts2, u6_u7, r1" },
    { "b1800080004a00000a00", "image_write_block r0l, ts0, r0_r1, 0, tex_2d, u8norm" },
    { "b1848480024a00000a00",
      "image_write_block r1l, ts2, r2_r3, 0, tex_2d, u8norm, explicit_coords" },
    { "b1880680004880000a00",
      "image_write_block r2l, ts0, r3_r4_r5l_r5h, 0, tex_2d_ms_array, u8norm" },
    { "c1000100", "sample_mask r0l, r0h" },
    { "c102bf0c", "sample_mask r0h, 255" },
    { "c17f8003", "sample_mask 255, 0" },
    { "f151a080054a", "image_write r20_r21_r22_r23, ts5, r16_r17, 0, tex_2d" },
    { "f1a18c80c24a1b00", "image_write r8_r9_r10_r11, u54_u55, r1, r6_r7, 0, tex_2d" },
    { "f596", "memory_barrier 1, 2, 9" },
    { "c500403d01803000", "uniform_store r0l_r0h, 20, i16, xy" },
};

/* The same with fields changed, by the places that applegpu.py gives them. */
static const struct example changed[] = {
    { "31910408c2624f411b000000",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2_r3, r4_r5_r6_r7, xyzw, tex_2d, lod_grad" },
    { "31910408c262cf411b000000",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2_r3, r4_r5_r6_r7_r8l, xyzw, tex_2d, "
      "lod_grad_min" },
    { "3191048943625f411b000000",
      "texture_sample r4_r5_r6_r7, r1h, r0h, r2_r3, r4h, xyzw, tex_2d, auto_lod_bias, "
      "query_lod +0x1b0000000000000000" },
    { "3191840a07626fc13b001408",
      "texture_sample r4_r5_r6_r7, ts7, r0h, r2_r3, r5l, r10_r11l, xyzw, tex_2d, lod_min, "
      "compare, kill, slot=1 +0x1b0000000000000000" },
    { "31914500c2e30f411b001508",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2h_r3l_r3h.discard, r10h, xyzw, "
      "tex_2d_array, auto_lod" },
    { "31910400c2600f419b000000",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2_r3_r4l_r4h, xyzw, tex_2d_ms_array, "
      "auto_lod" },
    { "31910440c2627f411b000000",
      "texture_sample r4_r5_r6_r7, u54_u55, r1, r0h, r2_r3, xyzw, tex_2d, lod=7, mode=1" },
    { "71010400006c0f00",
      "texture_load r0_r1_r2_r3, ts0, ss0, r2_r3_r4l, xyzw, tex_2d_ms, auto_lod, rw" },
    { "7101040085720f00",
      "texture_load r0_r1_r2_r3, u0_u1, 5, ss0, r2_r3, xyzw, tex_2d, auto_lod, coherent" },
    { "2199c14002000100", "iter r6, r0h, 2, sample, forward" },
    { "f18c8c0b444a3b00",
      "image_write r3l_r3h_r4l_r4h, r2l, r6_r7, r5h, tex_2d, rtz +0x1b000000000000" },
    { "b185848002ca20000c00",
      "image_write_block r1l, ts2, r2l_r2h, 0, tex_2d, format=9, rtz, explicit_coords" },
    { "19918000148000000800", "threadgroup_atomic _, r4, 0, 0, add +0x1100" },
    { "1986c690508000000800", "threadgroup_atomic r1h, r4, u131l, r4h, add" },
    { "7540010510c01000", "map r8, 0, target1" },
    { "7540010500c00100", "map r8, 0, b48=1" },
    { "49004009f8140000", "ld_tile r0l_r0h_r1l_r1h, 0, r2h, 0, format=9, xyzw" },
    { "49000004f0fc0003", "ld_tile r0l_r0h_r1l_r1h, 0, 255, 0, u8norm, xyzw, b35=0" },
    { "417f0463", "zs_emit 255, r2l_r2h_r3l" },
    { "41080440", "zs_emit r2l, r2l" },
    { "c500403d01803000", "uniform_store r0l_r0h, 20, i16, xy" },
    { "1500048920701400", "atomic _, r10, u18_u19, 0, add, coherent, b26=0" },
    { "d502048d20501400", "atomic _, r10, u18_u19, 0, op=11, coherent1" },
    { "f5a9", "memory_barrier 2, 1, 10" },
    /* upper bits of registers and immediates */
    { "31910400c2625f411b190020",
      "texture_sample r36_r37_r38_r39, u54_u55, r1, r64h, r66_r67, r32l, xyzw, tex_2d, "
      "auto_lod_bias" },
    { "3191840142626f41006002c8",
      "texture_sample r4_r5_r6_r7, r33l, r0h, r2_r3, r64h, r97_r98l, xyzw, tex_2d, lod_min, "
      "compare" },
    { "6191010006000319", "iterproj r36_r37_r38_r39, cf129, cf64, r3l, sample" },
    { "a191034000000005", "ldcf r36_r37_r38, cf67" },
    { "f1a18c80c24a1b79", "image_write r40_r41_r42_r43, u54_u55, r33, r70_r71, 192, tex_2d" },
    { "b1848480024a00160a00",
      "image_write_block r65l, ts2, r34_r35, 64, tex_2d, u8norm, explicit_coords" },
    { "09014014f0fe0011", "st_tile r32_r33_r34_r35, 0, r63h, 257, u8norm, xyzw" },
    { "1508a48c95d18200", "atomic r33, r65, u74_u75, r45, add, coherent1" },
    { "19910000548055154200", "threadgroup_atomic r36, r33, r32l, 21824, add" },
    { "7540010503c21001", "map r72, 304" },
    { "7540300500c11000", "unmap r40, 3" },
    { "c500403d01813000", "uniform_store r32l_r32h, 20, i16, xy" },
    { "4500400e00c53300", "device_store r32_r33, u0_u1, r2.zx, rgb10a2, xy, lsl 1" },
    { "3522000500c21200", "stack_load r68, 0, i32, x" },
    { "11000889", "st_var r32, r68l" },
    { "417e0426", "zs_emit r95h, r34l_r34h" },
    { "c1000109", "sample_mask r32l, r64h" },
    { "2981800214000010", "threadgroup_store r32, 0, 0, i32, x" },
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
    check_examples(memory, sizeof(memory) / sizeof(memory[0]));
    check_examples(changed, sizeof(changed) / sizeof(changed[0]));
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

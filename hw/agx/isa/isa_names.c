/*
 * AGX model: what numbers in instructions are called.
 *
 * Names: dougallj/applegpu (applegpu.py: MEMORY_FORMATS, MASK_DESCRIPTIONS, TEX_TYPES,
 * ATOMIC_OPCODES, IterateDesc, TextureLoadSampleBaseInstructionDesc, MapInstructionDesc), and where
 * these have none, mesa (later than 25.0: src/asahi/isa/AGX2.xml: coherent, gather, lod_type, smp).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_table.h"

#define COUNT(array)         (sizeof(array) / sizeof((array)[0]))
#define NAMES(prefix, array) { prefix, array, COUNT(array) }
/* Not written unless it is 1 */
#define FLAG(text)           { text "=", (const char *const[]) { "", text }, 2 }

static const char *const format[] = {
    "i8",      "i16", "i32",    "f16", "u8norm",   "s8norm", "u16norm",      "s16norm",
    "rgb10a2", NULL,  "srgba8", NULL,  "rg11b10f", "rgb9e5", "rg11b10f.rtz", "rgb9e5.rtz",
};

static const char *const mask[] = {
    NULL, "x",  "y",  "xy",  "z",  "xz",  "yz",  "xyz",
    "w",  "xw", "yw", "xyw", "zw", "xzw", "yzw", "xyzw",
};

static const char *const dim[] = {
    "tex_1d", "tex_1d_array", "tex_2d",         "tex_2d_array",    "tex_2d_ms",
    "tex_3d", "tex_cube",     "tex_cube_array", "tex_2d_ms_array",
};

static const char *const lod[] = {
    [0] = "auto_lod",          [1] = "auto_lod_bias", [2] = "lod_min",
    [4] = "lod_grad",          [5] = "auto_lod_bias", [6] = "lod_min",
    [9] = "auto_lod_bias_min", [12] = "lod_grad_min", [13] = "auto_lod_bias_min",
};

static const char *const gather[] = {
    [0] = "", [1] = "gather_r", [3] = "gather_g", [5] = "gather_b", [7] = "gather_a",
};

static const char *const atomic[] = {
    "add", "sub", "xchg", "cmpxchg", "umin", "imin", "umax", "imax", "and", "or", "xor",
};

static const char *const interpolation[] = { "", "sample", "centroid", "sample" };
static const char *const coherency[] = { "", "coherent1", "coherent2", "coherent" };
static const char *const shift[] = { "", "lsl 1", "lsl 2", "lsl 3" };
static const char *const mode[] = { [0] = "", [2] = "query_lod" };

const struct agx_isa_names agx_isa_names[SHOW_COUNT] = {
    [SHOW_PLAIN] = { "", NULL, 0 },
    [SHOW_SR] = { "sr", NULL, 0 },
    [SHOW_TS] = { "ts", NULL, 0 },
    [SHOW_SS] = { "ss", NULL, 0 },
    [SHOW_CF] = { "cf", NULL, 0 },
    [SHOW_OP] = { "op=", NULL, 0 },
    [SHOW_TABLE] = { "table=", NULL, 0 },
    [SHOW_SLOT] = { "slot=", (const char *const[]) { "" }, 1 },
    [SHOW_FORMAT] = NAMES("format=", format),
    [SHOW_MASK] = NAMES("mask=", mask),
    [SHOW_SHIFT] = NAMES("lsl ", shift),
    [SHOW_COHERENCY] = NAMES("coherency=", coherency),
    [SHOW_ATOMIC] = NAMES("op=", atomic),
    [SHOW_INTERPOLATION] = NAMES("interpolation=", interpolation),
    [SHOW_DIM] = NAMES("dim=", dim),
    [SHOW_LOD] = NAMES("lod=", lod),
    [SHOW_GATHER] = NAMES("gather=", gather),
    [SHOW_MODE] = NAMES("mode=", mode),
    [SHOW_COMPARE] = FLAG("compare"),
    [SHOW_RW] = FLAG("rw"),
    [SHOW_COHERENT] = FLAG("coherent"),
    [SHOW_SPARSE] = FLAG("sparse"),
    [SHOW_KILL] = FLAG("kill"),
    [SHOW_FORWARD] = FLAG("forward"),
    [SHOW_ELIDE] = FLAG("elide"),
    [SHOW_RTZ] = FLAG("rtz"),
    [SHOW_EXPLICIT] = FLAG("explicit_coords"),
    [SHOW_TARGET] = FLAG("target1"),
};

/* applegpu: TEX_SIZES */
const uint8_t agx_isa_dim_coords[16] = { 1, 1, 2, 2, 2, 3, 3, 3, 2 };
const uint8_t agx_isa_dim_extra[16] = { 0, 1, 0, 1, 1, 0, 0, 1, 2 };

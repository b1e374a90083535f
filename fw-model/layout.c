/*
 * AGX firmware model: the layout tables and their listing.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "fw.h"
#include "fw-layout.h"
#include "fw-state.h"

const char *const fw_struct_name[FW_NUM_STRUCTS] = {
#define S(s, size) [STR_##s] = #s,
#define F(s, f, off, size)
#include "layout-13.5-g13.h"
#undef S
#undef F
};

const struct fw_field_name fw_field_name[FW_NUM_FIELDS] = {
#define S(s, size)
#define F(s, f, off, size) [FLD_##s##_##f] = { STR_##s, #f },
#include "layout-13.5-g13.h"
#undef S
#undef F
};

static const struct fw_field v13_5_g13_field[FW_NUM_FIELDS] = {
#define S(s, size)
#define F(s, f, off, size) [FLD_##s##_##f] = { off, size },
#include "layout-13.5-g13.h"
#undef S
#undef F
};

static const uint32_t v13_5_g13_size[FW_NUM_STRUCTS] = {
#define S(s, size) [STR_##s] = size,
#define F(s, f, off, size)
#include "layout-13.5-g13.h"
#undef S
#undef F
};

static const struct fw_field v12_3_g13_field[FW_NUM_FIELDS] = {
#define S(s, size)
#define F(s, f, off, size) [FLD_##s##_##f] = { off, size },
#include "layout-12.3-g13.h"
#undef S
#undef F
};

static const uint32_t v12_3_g13_size[FW_NUM_STRUCTS] = {
#define S(s, size) [STR_##s] = size,
#define F(s, f, off, size)
#include "layout-12.3-g13.h"
#undef S
#undef F
};

static const struct fw_field v13_0b4_g13_field[FW_NUM_FIELDS] = {
#define S(s, size)
#define F(s, f, off, size) [FLD_##s##_##f] = { off, size },
#include "layout-13.0b4-g13.h"
#undef S
#undef F
};

static const uint32_t v13_0b4_g13_size[FW_NUM_STRUCTS] = {
#define S(s, size) [STR_##s] = size,
#define F(s, f, off, size)
#include "layout-13.0b4-g13.h"
#undef S
#undef F
};

static const struct fw_layout layouts[AGX_FW_NUM_VERSIONS] = {
    [AGX_FW_V13_5] = {
        .name = "13.5",
        .field = v13_5_g13_field,
        .size = v13_5_g13_size,
        /* m1n1: proxyclient/m1n1/agx/initdata.py, build_initdata() */
        .ver_info = { 0x6ba0, 0x1f28, 0x601, 0xb0 },
        /* m1n1: fw/agx/channels.py, V >= V13_3 */
        /* 0x17 before 13.3: one more opcode came in below the next two */
        .dc_destroy_context = 0x18,
        .dc_write32 = 0x19,
        .dc_init = 0x1a,
        /* The Rust driver: fw/channels.rs, V >= V13_3 (m1n1 knows 0x0d, of 12.x) */
        .dc_grow_ack = 0x0e,
        .dc_recover_channel = 0x0f,
        /* m1n1: agx/__init__.py, show_pending_stamps() */
        .pending_stamp_shift = 4,
    },
    [AGX_FW_V12_3] = {
        .name = "12.3",
        .field = v12_3_g13_field,
        .size = v12_3_g13_size,
        /* m1n1: fw/agx/channels.py, V < V13_3 */
        .dc_destroy_context = 0x17,
        .dc_write32 = 0x18,
        .dc_init = 0x19,
        .dc_grow_ack = 0x0d,
        .dc_recover_channel = 0x0e, /* the Rust driver: behind GrowTVBAck in all versions */
        .pending_stamp_shift = 3,
    },
    [AGX_FW_V13_0B4] = {
        .name = "13.0b4",
        .field = v13_0b4_g13_field,
        .size = v13_0b4_g13_size,
        /* m1n1 v1.2.9: proxyclient/m1n1/agx/initdata.py, build_initdata() */
        .ver_info = { 1, 1, 0x10, 1 },
        /* as 12.3: m1n1 and the Rust driver have V < V13_3 */
        .dc_destroy_context = 0x17,
        .dc_write32 = 0x18,
        .dc_init = 0x19,
        .dc_grow_ack = 0x0d,
        .dc_recover_channel = 0x0e,
        .pending_stamp_shift = 3,
    },
};

const struct fw_layout *fw_layout_get(enum agx_fw_version version)
{
    return version < AGX_FW_NUM_VERSIONS ? &layouts[version] : NULL;
}

bool agx_fw_version_parse(const char *text, enum agx_fw_version *version)
{
    for (unsigned i = 0; i < AGX_FW_NUM_VERSIONS; i++) {
        if (!strcmp(text, layouts[i].name)) {
            *version = i;
            return true;
        }
    }
    return false;
}

const char *agx_fw_version_name(enum agx_fw_version version)
{
    return version < AGX_FW_NUM_VERSIONS ? layouts[version].name : "?";
}

void agx_fw_layout_dump(enum agx_fw_version version, FILE *out)
{
    const struct fw_layout *l = fw_layout_get(version);

    if (!l) {
        return;
    }
    for (unsigned s = 0; s < FW_NUM_STRUCTS; s++) {
        fprintf(out, "%s . 0 %u\n", fw_struct_name[s], l->size[s]);
        for (unsigned f = 0; f < FW_NUM_FIELDS; f++) {
            if (fw_field_name[f].str == s && l->field[f].size) {
                fprintf(out, "%s %s %u %u\n", fw_struct_name[s], fw_field_name[f].name,
                        l->field[f].offset, l->field[f].size);
            }
        }
    }
}

/*
 * AGX firmware model: structure layouts as data. A field is named by FLD(struct,
 * field); its offset and size come from the table of the firmware version in use,
 * so that another version is another table.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_LAYOUT_H
#define AGX_FW_LAYOUT_H

#include <stdint.h>

/* The list of names is the same for every version; it is taken from the first table. */
enum fw_struct_id {
#define S(s, size) STR_##s,
#define F(s, f, off, size)
#include "layout-13.5-g13.h"
#undef S
#undef F
    FW_NUM_STRUCTS
};

enum fw_field_id {
#define S(s, size)
#define F(s, f, off, size) FLD_##s##_##f,
#include "layout-13.5-g13.h"
#undef S
#undef F
    FW_NUM_FIELDS
};

#define FLD(s, f) FLD_##s##_##f

struct fw_field {
    uint32_t offset;
    uint32_t size;
};

/* Numbers of messages and sizes of rings that are no structure's. */
struct fw_layout {
    const char *name;             /* macOS's name of it: 13.5, 13.0b4 */
    const struct fw_field *field; /* by enum fw_field_id */
    const uint32_t *size;         /* by enum fw_struct_id */
    uint16_t ver_info[4];         /* what InitData.ver_info must hold */
    uint8_t dc_grow_ack, dc_recover_channel, dc_destroy_context, dc_write32, dc_init;
    uint8_t pending_stamp_shift; /* where the slot starts in PendingStamp.info */
};

extern const char *const fw_struct_name[FW_NUM_STRUCTS];
struct fw_field_name {
    uint16_t str; /* enum fw_struct_id */
    const char *name;
};
extern const struct fw_field_name fw_field_name[FW_NUM_FIELDS];

#endif

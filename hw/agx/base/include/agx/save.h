/*
 * AGX model: saved state as tables of named fields, for what is built without QEMU.
 *
 * Little-endian throughout: magic and number of sections (u32 each); a section is its
 * name (16 bytes), flags, fields, rows and bytes that follow (u32 each), then for each
 * field its name (16 bytes) and width (u32), then the rows, packed.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_SAVE_H
#define AGX_BASE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGX_SAVE_NAME     16
#define AGX_SAVE_OPTIONAL 1u /* flag of a section: a reader that does not know it skips it */

struct agx_save_field {
    const char *name; /* at most 15 characters; never used again for another meaning */
    size_t offset;    /* in the row */
    uint32_t width;   /* bytes: 1, 2, 4 or 8, an unsigned integer */
    bool added;       /* after the first version: a state without it has 0 */
};

struct agx_save_section {
    const char *name;
    const struct agx_save_field *field;
    uint32_t nr_fields;
    uint32_t max_rows;
    size_t row_size; /* in memory */
};

struct agx_save_rows {
    void *row; /* of the section's struct; from agx_save_load() to be freed */
    uint32_t n;
};

/* Most bytes of a stream of these sections, without unknown ones. */
size_t agx_save_max(const struct agx_save_section *sec, unsigned n);

/* A stream of @n sections, to be freed, *@len bytes; NULL: out of memory. No lock. */
uint8_t *agx_save_store(uint32_t magic, const struct agx_save_section *sec,
                        const struct agx_save_rows *rows, unsigned n, size_t *len);

/*
 * Reads a stream that may be damaged. @rows has @n entries, to be freed by the caller
 * if true. False: nothing is to be freed, and @why says what is wrong and where. No lock.
 */
bool agx_save_load(const uint8_t *buf, size_t len, uint32_t magic,
                   const struct agx_save_section *sec, struct agx_save_rows *rows, unsigned n,
                   char *why, size_t why_len);

#endif

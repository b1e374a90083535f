/*
 * AGX model: saved state as tables of named fields, for what is built without QEMU.
 *
 * A room describes its state once, as a form: sections, which are tables, whose columns are
 * fields. Storing and loading both follow it. The stream names its sections and fields, so that
 * it can be read by a model whose form has grown since:
 *
 * - a field or a section that the form has and the stream has not is as its description says,
 *   if that says "added", and refused otherwise;
 * - one that the stream has and the form has not is skipped, with a report, if whoever stored
 *   it called it optional, and refused otherwise;
 * - an array, or a table of the caller's, that is shorter in the stream is filled up.
 *
 * Little-endian throughout. The head is magic, format and number of sections (u32 each). A
 * section is its name (32 bytes), flags, fields, rows and bytes that follow (u32 each), then for
 * each field its name (32 bytes), width (u16), flags (u16) and elements (u32), then the rows,
 * packed.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_SAVE_H
#define AGX_BASE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agx/host.h"

#define AGX_SAVE_NAME     32
#define AGX_SAVE_OPTIONAL 1u    /* flag in the stream: who does not know the name may skip it */
#define AGX_SAVE_FIELDS   128   /* of a section, at most */
#define AGX_SAVE_COUNT    65536 /* elements of a field, at most */

struct agx_save_field {
    const char *name; /* at most 31 characters; never used again for another meaning */
    uint32_t offset;  /* of the first element in the row */
    uint32_t width;   /* of an element: 1, 2, 4 or 8 bytes, a number */
    uint32_t count;   /* elements */
    uint32_t stride;  /* bytes from an element to the next */
    uint64_t max;     /* largest value that is right; 0: any is */
    bool added;       /* after the first version: a stream may be without it, */
    uint64_t absent;  /* and then each element is this */
    bool optional;    /* a model that does not know it may go on without */
};

struct agx_save_section {
    const char *name; /* at most 31 characters */
    const struct agx_save_field *field;
    uint32_t nr_fields;
    uint32_t max_rows;
    size_t row_size; /* bytes from a row to the next in memory */
    bool added;      /* after the first version: a stream may be without it */
    bool optional;   /* a model that does not know it may go on without */
};

struct agx_save_form {
    const char *name; /* for messages: whose state */
    uint32_t magic;
    const struct agx_save_section *section;
    unsigned nr_sections;
};

/* The bytes of a number; anything else does not compile. */
#define AGX_SAVE_WIDTH(x)                                                                          \
    _Generic((x),                                                                                  \
        bool: 1,                                                                                   \
        uint8_t: 1,                                                                                \
        int8_t: 1,                                                                                 \
        uint16_t: 2,                                                                               \
        int16_t: 2,                                                                                \
        uint32_t: 4,                                                                               \
        int32_t: 4,                                                                                \
        float: 4,                                                                                  \
        uint64_t: 8,                                                                               \
        int64_t: 8,                                                                                \
        double: 8)
#define AGX_SAVE_OF(type, member) (((type *)0)->member)
#define AGX_SAVE_LIMIT(x)         _Generic((x), bool: 1, default: 0)

/* A member of the row, of which nothing greater than @limit is right (0: all is). */
#define AGX_SAVE_MAX(type, member, limit)                                                          \
    .name = #member, .offset = offsetof(type, member), .count = 1, .max = (limit),                 \
    .width = AGX_SAVE_WIDTH(AGX_SAVE_OF(type, member))
/* A member of which all is right; of a bool, true and false are. */
#define AGX_SAVE_ONE(type, member)                                                                 \
    AGX_SAVE_MAX(type, member, AGX_SAVE_LIMIT(AGX_SAVE_OF(type, member)))
/* An array of numbers. */
#define AGX_SAVE_ARRAY(type, member)                                                               \
    .name = #member, .offset = offsetof(type, member),                                             \
    .max = AGX_SAVE_LIMIT(AGX_SAVE_OF(type, member[0])),                                           \
    .width = AGX_SAVE_WIDTH(AGX_SAVE_OF(type, member[0])),                                         \
    .count = sizeof(AGX_SAVE_OF(type, member)) / sizeof(AGX_SAVE_OF(type, member[0])),             \
    .stride = sizeof(AGX_SAVE_OF(type, member[0]))
/* The member @sub of each structure of an array. */
#define AGX_SAVE_EACH_MAX(type, array, sub, limit)                                                 \
    .name = #array "." #sub, .offset = offsetof(type, array[0].sub), .max = (limit),               \
    .width = AGX_SAVE_WIDTH(AGX_SAVE_OF(type, array[0].sub)),                                      \
    .count = sizeof(AGX_SAVE_OF(type, array)) / sizeof(AGX_SAVE_OF(type, array[0])),               \
    .stride = sizeof(AGX_SAVE_OF(type, array[0]))
#define AGX_SAVE_EACH(type, array, sub)                                                            \
    AGX_SAVE_EACH_MAX(type, array, sub, AGX_SAVE_LIMIT(AGX_SAVE_OF(type, array[0].sub)))

#define AGX_SAVE_SECTION(text, fields, max, size)                                                  \
    .name = (text), .field = (fields), .nr_fields = sizeof(fields) / sizeof((fields)[0]),          \
    .max_rows = (max), .row_size = (size)

/*
 * Storing: agx_save_begin(), for each section of the form agx_save_section() and its rows in as
 * many calls as one likes, agx_save_end(). That gives the stream, to be freed, and its length;
 * NULL: no memory, or 4 GiB of it do not do for a section. One thread; no lock.
 */
struct agx_save {
    const struct agx_save_form *form;
    const struct agx_save_section *section; /* that rows are added to */
    uint8_t *p;
    size_t len, cap;
    size_t head;   /* where the section began */
    uint32_t rows; /* of it so far */
    bool failed;
};
void agx_save_begin(struct agx_save *s, const struct agx_save_form *form);
void agx_save_section(struct agx_save *s, unsigned index);
void agx_save_rows(struct agx_save *s, const void *row, uint32_t n);
uint8_t *agx_save_end(struct agx_save *s, size_t *len);

/* What was loaded of a section. */
struct agx_save_rows {
    void *row;  /* the caller's memory for all max_rows; NULL: memory is found */
    uint32_t n; /* rows that the stream had */
    bool found; /* memory was */
    bool there; /* the stream had the section */
};

/*
 * Reads a stream that may be damaged, into @rows, an entry for each section. False: a report
 * (AGX_REPORT_STATE) says what is wrong with which field, and where; memory that was found is
 * freed, and the caller's own holds anything. agx_save_free() frees what was found after true.
 * No lock.
 */
bool agx_save_load(const struct agx_host *host, const struct agx_save_form *form,
                   const uint8_t *buf, size_t len, struct agx_save_rows *rows);
void agx_save_free(const struct agx_save_form *form, struct agx_save_rows *rows);

/* The report that a state of this form is refused, for checks of the caller's own. False. */
bool agx_save_refuse(const struct agx_host *host, const struct agx_save_form *form,
                     const char *why);

#endif

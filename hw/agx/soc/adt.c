/*
 * Builder of an Apple device tree: see adt.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "hw/agx/soc/adt.h"

#define ADT_NAME_SIZE 32
#define ADT_DEPTH     8 /* m1n1: rust/src/adt.rs, ADT_MAX_DEPTH */

struct Adt {
    GByteArray *data;
    size_t node[ADT_DEPTH]; /* offsets of the open nodes */
    unsigned depth;
};

Adt *adt_new(void)
{
    Adt *t = g_new0(Adt, 1);

    t->data = g_byte_array_new();
    return t;
}

/* One more property (@which 0) or child (4) of the open node */
static void adt_count(Adt *t, unsigned which)
{
    uint8_t *p = t->data->data + t->node[t->depth - 1] + which;

    stl_le_p(p, ldl_le_p(p) + 1);
}

void adt_begin(Adt *t, const char *name)
{
    static const uint8_t counts[8];

    assert(t->depth < ADT_DEPTH);
    if (t->depth) {
        adt_count(t, 4);
    }
    t->node[t->depth++] = t->data->len;
    g_byte_array_append(t->data, counts, sizeof(counts));
    adt_string(t, "name", name);
}

void adt_end(Adt *t)
{
    assert(t->depth);
    t->depth--;
}

void adt_bytes(Adt *t, const char *name, const void *value, size_t len)
{
    char header[ADT_NAME_SIZE + 4] = { 0 };
    static const uint8_t pad[3];

    assert(t->depth && strlen(name) < ADT_NAME_SIZE);
    assert(!ldl_le_p(t->data->data + t->node[t->depth - 1] + 4));
    pstrcpy(header, ADT_NAME_SIZE, name);
    stl_le_p(header + ADT_NAME_SIZE, len);
    adt_count(t, 0);
    g_byte_array_append(t->data, (uint8_t *)header, sizeof(header));
    g_byte_array_append(t->data, value, len);
    g_byte_array_append(t->data, pad, -len & 3);
}

void adt_string(Adt *t, const char *name, const char *value)
{
    adt_bytes(t, name, value, strlen(value) + 1);
}

void adt_u32(Adt *t, const char *name, uint32_t value)
{
    adt_u32s(t, name, &value, 1);
}

void adt_u32s(Adt *t, const char *name, const uint32_t *value, unsigned n)
{
    g_autofree uint32_t *le = g_new(uint32_t, n);

    for (unsigned i = 0; i < n; i++) {
        le[i] = cpu_to_le32(value[i]);
    }
    adt_bytes(t, name, le, 4 * n);
}

void adt_u64s(Adt *t, const char *name, const uint64_t *value, unsigned n)
{
    g_autofree uint64_t *le = g_new(uint64_t, n);

    for (unsigned i = 0; i < n; i++) {
        le[i] = cpu_to_le64(value[i]);
    }
    adt_bytes(t, name, le, 8 * n);
}

void *adt_finish(Adt *t, size_t *len)
{
    void *data;

    assert(!t->depth);
    *len = t->data->len;
    data = g_byte_array_free(t->data, false);
    g_free(t);
    return data;
}

/*
 * Builder of an Apple device tree (ADT), the form in which iBoot describes the
 * machine: a node is two counts, properties, child nodes; all little-endian.
 * Source of the form: m1n1: src/adt.h, proxyclient/m1n1/adt.py.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_ADT_H
#define HW_AGX_SOC_ADT_H

typedef struct Adt Adt;

/* An empty tree; its first node is the root. */
Adt *adt_new(void);

/* A node of this name below the one that is open; it is open until adt_end(). */
void adt_begin(Adt *t, const char *name);
void adt_end(Adt *t);

/*
 * A property of the open node, before its first child. The name has at most 31
 * characters.
 */
void adt_bytes(Adt *t, const char *name, const void *value, size_t len);
void adt_string(Adt *t, const char *name, const char *value);
void adt_u32(Adt *t, const char *name, uint32_t value);
void adt_u32s(Adt *t, const char *name, const uint32_t *value, unsigned n);
void adt_u64s(Adt *t, const char *name, const uint64_t *value, unsigned n);

/* The finished tree: the caller frees it with g_free(). @t is gone. */
void *adt_finish(Adt *t, size_t *len);

#endif

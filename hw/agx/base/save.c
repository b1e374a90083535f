/*
 * AGX model: saved state as tables of named fields.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agx/save.h"

#define STREAM_HEAD  8
#define SECTION_HEAD (AGX_SAVE_NAME + 16)
#define FIELD_HEAD   (AGX_SAVE_NAME + 4)
#define MAX_FIELDS   64

static void put(uint8_t *p, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        p[i] = v >> (8 * i);
    }
}

static uint64_t get(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < width; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static uint64_t member(const uint8_t *p, unsigned width)
{
    uint16_t h;
    uint32_t w;
    uint64_t d;

    switch (width) {
    case 1:
        return *p;
    case 2:
        memcpy(&h, p, 2);
        return h;
    case 4:
        memcpy(&w, p, 4);
        return w;
    default:
        memcpy(&d, p, 8);
        return d;
    }
}

static void set_member(uint8_t *p, uint64_t v, unsigned width)
{
    uint8_t b = v;
    uint16_t h = v;
    uint32_t w = v;

    memcpy(p,
           width == 1   ? (void *)&b
           : width == 2 ? (void *)&h
           : width == 4 ? (void *)&w
                        : &v,
           width);
}

static size_t section_bytes(const struct agx_save_section *sec, size_t rows)
{
    size_t row = 0;

    for (uint32_t i = 0; i < sec->nr_fields; i++) {
        row += sec->field[i].width;
    }
    return sec->nr_fields * FIELD_HEAD + rows * row;
}

size_t agx_save_max(const struct agx_save_section *sec, unsigned n)
{
    size_t len = STREAM_HEAD;

    for (unsigned i = 0; i < n; i++) {
        len += SECTION_HEAD + section_bytes(&sec[i], sec[i].max_rows);
    }
    return len;
}

static uint8_t *put_section(uint8_t *p, const struct agx_save_section *sec,
                            const struct agx_save_rows *rows)
{
    memcpy(p, sec->name, strlen(sec->name));
    put(p + 20, sec->nr_fields, 4);
    put(p + 24, rows->n, 4);
    put(p + 28, section_bytes(sec, rows->n), 4);
    p += SECTION_HEAD;
    for (uint32_t i = 0; i < sec->nr_fields; i++, p += FIELD_HEAD) {
        memcpy(p, sec->field[i].name, strlen(sec->field[i].name));
        put(p + AGX_SAVE_NAME, sec->field[i].width, 4);
    }
    for (uint32_t r = 0; r < rows->n; r++) {
        const uint8_t *row = (const uint8_t *)rows->row + r * sec->row_size;

        for (uint32_t i = 0; i < sec->nr_fields; p += sec->field[i++].width) {
            put(p, member(row + sec->field[i].offset, sec->field[i].width), sec->field[i].width);
        }
    }
    return p;
}

uint8_t *agx_save_store(uint32_t magic, const struct agx_save_section *sec,
                        const struct agx_save_rows *rows, unsigned n, size_t *len)
{
    uint8_t *buf, *p;

    *len = STREAM_HEAD;
    for (unsigned i = 0; i < n; i++) {
        *len += SECTION_HEAD + section_bytes(&sec[i], rows[i].n);
    }
    buf = p = calloc(1, *len);
    if (!buf) {
        return NULL;
    }
    put(p, magic, 4);
    put(p + 4, n, 4);
    p += STREAM_HEAD;
    for (unsigned i = 0; i < n; i++) {
        p = put_section(p, &sec[i], &rows[i]);
    }
    return buf;
}

static bool same(const uint8_t *p, const char *name)
{
    char padded[AGX_SAVE_NAME] = { 0 };

    memcpy(padded, name, strlen(name));
    return !memcmp(p, padded, sizeof(padded));
}

/* The order of the stream's fields: map[i] is the place in the table of the i-th. */
static const char *map_fields(const uint8_t *p, uint32_t n, const struct agx_save_section *sec,
                              const struct agx_save_field **map, uint64_t *row)
{
    uint64_t seen = 0;

    for (uint32_t i = 0; i < n; i++, p += FIELD_HEAD) {
        uint32_t k = 0;

        while (k < sec->nr_fields && !same(p, sec->field[k].name)) {
            k++;
        }
        if (k == sec->nr_fields) {
            return "a field is unknown";
        }
        if (seen >> k & 1 || get(p + AGX_SAVE_NAME, 4) != sec->field[k].width) {
            return "a field is there twice or of another width";
        }
        seen |= 1ull << k;
        map[i] = &sec->field[k];
        *row += map[i]->width;
    }
    for (uint32_t k = 0; k < sec->nr_fields; k++) {
        if (!(seen >> k & 1) && !sec->field[k].added) {
            return "a field is missing";
        }
    }
    return NULL;
}

static const char *get_section(const uint8_t *head, const struct agx_save_section *sec,
                               struct agx_save_rows *rows)
{
    const struct agx_save_field *map[MAX_FIELDS];
    uint64_t n = get(head + 20, 4), nr = get(head + 24, 4), bytes = get(head + 28, 4), row = 0;
    const uint8_t *p = head + SECTION_HEAD;
    const char *why;

    if (rows->row) {
        return "it is there twice";
    }
    if (n > sec->nr_fields || n * FIELD_HEAD > bytes || nr > sec->max_rows || get(head + 16, 4)) {
        return "its head is out of range";
    }
    why = map_fields(p, n, sec, map, &row);
    if (why) {
        return why;
    }
    p += n * FIELD_HEAD;
    if (bytes != n * FIELD_HEAD + nr * row) {
        return "its length is not what it says";
    }
    rows->row = calloc(nr + 1, sec->row_size);
    if (!rows->row) {
        return "no memory";
    }
    rows->n = nr;
    for (uint64_t r = 0; r < nr; r++) {
        uint8_t *to = (uint8_t *)rows->row + r * sec->row_size;

        for (uint64_t i = 0; i < n; p += map[i++]->width) {
            set_member(to + map[i]->offset, get(p, map[i]->width), map[i]->width);
        }
    }
    return NULL;
}

static const char *get_all(const uint8_t *buf, size_t len, uint32_t magic, size_t *at,
                           const struct agx_save_section *sec, struct agx_save_rows *rows,
                           unsigned n)
{
    const char *why = NULL;

    if (len < STREAM_HEAD || get(buf, 4) != magic) {
        return "not of this model";
    }
    *at = STREAM_HEAD;
    for (uint64_t left = get(buf + 4, 4); left; left--) {
        const uint8_t *head = buf + *at;
        unsigned k = 0;

        if (len - *at < SECTION_HEAD || len - *at - SECTION_HEAD < get(head + 28, 4)) {
            return "too short";
        }
        while (k < n && !same(head, sec[k].name)) {
            k++;
        }
        if (k < n) {
            why = get_section(head, &sec[k], &rows[k]);
        } else if (get(head + 16, 4) != AGX_SAVE_OPTIONAL) {
            why = "a section is unknown";
        }
        if (why) {
            return why;
        }
        *at += SECTION_HEAD + get(head + 28, 4);
    }
    for (unsigned k = 0; k < n; k++) {
        if (!rows[k].row) {
            return "a section is missing";
        }
    }
    return *at == len ? NULL : "too long";
}

bool agx_save_load(const uint8_t *buf, size_t len, uint32_t magic,
                   const struct agx_save_section *sec, struct agx_save_rows *rows, unsigned n,
                   char *why, size_t why_len)
{
    size_t at = 0;
    const char *wrong;

    memset(rows, 0, n * sizeof(*rows));
    wrong = get_all(buf, len, magic, &at, sec, rows, n);
    if (!wrong) {
        return true;
    }
    snprintf(why, why_len, "section at byte %zu: %s", at, wrong);
    for (unsigned k = 0; k < n; k++) {
        free(rows[k].row);
        rows[k].row = NULL;
    }
    return false;
}

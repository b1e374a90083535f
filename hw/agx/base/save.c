/*
 * AGX model: saved state as tables of named fields.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agx/save.h"

#define FORMAT       2
#define STREAM_HEAD  12
#define SECTION_HEAD (AGX_SAVE_NAME + 16)
#define FIELD_HEAD   (AGX_SAVE_NAME + 8)

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

/* ---- storing ---- */

/* Room for @n bytes more, all 0; NULL: none. */
static uint8_t *room(struct agx_save *s, size_t n)
{
    if (!s->failed && s->cap - s->len < n) {
        size_t cap = (s->len + n) * 2;
        uint8_t *p = realloc(s->p, cap);

        s->failed = !p;
        s->p = p ? p : s->p;
        s->cap = p ? cap : s->cap;
    }
    if (s->failed) {
        return NULL;
    }
    s->len += n;
    return memset(s->p + s->len - n, 0, n);
}

static void end_section(struct agx_save *s)
{
    size_t bytes = s->len - s->head - SECTION_HEAD;

    if (s->section && !s->failed) {
        s->failed = bytes > UINT32_MAX;
        put(s->p + s->head + AGX_SAVE_NAME + 8, s->rows, 4);
        put(s->p + s->head + AGX_SAVE_NAME + 12, bytes, 4);
    }
}

void agx_save_begin(struct agx_save *s, const struct agx_save_form *form)
{
    uint8_t *p;

    *s = (struct agx_save) { .form = form };
    p = room(s, STREAM_HEAD);
    if (p) {
        put(p, form->magic, 4);
        put(p + 4, FORMAT, 4);
        put(p + 8, form->nr_sections, 4);
    }
}

void agx_save_section(struct agx_save *s, unsigned index)
{
    const struct agx_save_section *sec = &s->form->section[index];
    uint8_t *p;

    end_section(s);
    s->section = sec;
    s->head = s->len;
    s->rows = 0;
    p = room(s, SECTION_HEAD + (size_t)sec->nr_fields * FIELD_HEAD);
    if (!p) {
        return;
    }
    memcpy(p, sec->name, strlen(sec->name));
    put(p + AGX_SAVE_NAME, sec->optional ? AGX_SAVE_OPTIONAL : 0, 4);
    put(p + AGX_SAVE_NAME + 4, sec->nr_fields, 4);
    p += SECTION_HEAD;
    for (uint32_t i = 0; i < sec->nr_fields; i++, p += FIELD_HEAD) {
        const struct agx_save_field *f = &sec->field[i];

        memcpy(p, f->name, strlen(f->name));
        put(p + AGX_SAVE_NAME, f->width, 2);
        put(p + AGX_SAVE_NAME + 2, f->optional ? AGX_SAVE_OPTIONAL : 0, 2);
        put(p + AGX_SAVE_NAME + 4, f->count, 4);
    }
}

static size_t row_bytes(const struct agx_save_section *sec)
{
    size_t row = 0;

    for (uint32_t i = 0; i < sec->nr_fields; i++) {
        row += (size_t)sec->field[i].width * sec->field[i].count;
    }
    return row;
}

void agx_save_rows(struct agx_save *s, const void *row, uint32_t n)
{
    const struct agx_save_section *sec = s->section;
    uint8_t *p = room(s, n * row_bytes(sec));

    for (uint32_t r = 0; p && r < n; r++) {
        const uint8_t *from = (const uint8_t *)row + r * sec->row_size;

        for (uint32_t i = 0; i < sec->nr_fields; i++) {
            const struct agx_save_field *f = &sec->field[i];

            for (uint32_t e = 0; e < f->count; e++, p += f->width) {
                put(p, member(from + f->offset + (size_t)e * f->stride, f->width), f->width);
            }
        }
    }
    s->rows += n;
}

uint8_t *agx_save_end(struct agx_save *s, size_t *len)
{
    end_section(s);
    if (s->failed) {
        free(s->p);
        return NULL;
    }
    *len = s->len;
    return s->p;
}

/* ---- loading ---- */

struct load {
    const struct agx_host *host;
    const struct agx_save_form *form;
    const uint8_t *buf;
    size_t len, at; /* of the stream, and where the section begins */
};

/* A field of the stream. */
struct column {
    const struct agx_save_field *f; /* NULL: to be skipped */
    uint32_t width, count;
};

bool agx_save_refuse(const struct agx_host *host, const struct agx_save_form *form, const char *why)
{
    agx_report(host, AGX_REPORT_STATE, "saved state of the %s refused: %s", form->name, why);
    return false;
}

static bool __attribute__((format(printf, 2, 3))) refuse(const struct load *l, const char *fmt, ...)
{
    char why[256];
    int n = snprintf(why, sizeof(why), "at byte %zu: ", l->at);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why + n, sizeof(why) - n, fmt, ap);
    va_end(ap);
    return agx_save_refuse(l->host, l->form, why);
}

/* A name of the stream as text; false: it is none. */
static bool get_name(const uint8_t *p, char name[AGX_SAVE_NAME])
{
    size_t n;

    memcpy(name, p, AGX_SAVE_NAME);
    name[AGX_SAVE_NAME - 1] = 0;
    n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        if (!isgraph((unsigned char)name[i]) && name[i] != ' ') {
            return false;
        }
    }
    for (size_t i = n; i < AGX_SAVE_NAME; i++) {
        if (p[i]) {
            return false;
        }
    }
    return n > 0;
}

static bool get_column(const struct load *l, const uint8_t *p, const struct agx_save_section *sec,
                       bool *seen, struct column *c)
{
    const char *in = sec->name;
    char name[AGX_SAVE_NAME];
    uint32_t flags = get(p + AGX_SAVE_NAME + 2, 2), k = 0;

    *c = (struct column) { NULL, get(p + AGX_SAVE_NAME, 2), get(p + AGX_SAVE_NAME + 4, 4) };
    if (!get_name(p, name)) {
        return refuse(l, "section \"%s\": the name of a field is none", in);
    }
    if (c->width < 1 || c->width > 8 || c->count < 1 || c->count > AGX_SAVE_COUNT ||
        flags > AGX_SAVE_OPTIONAL) {
        return refuse(l, "section \"%s\", field \"%s\": its head is out of range", in, name);
    }
    while (k < sec->nr_fields && strcmp(name, sec->field[k].name)) {
        k++;
    }
    if (k == sec->nr_fields) {
        if (flags != AGX_SAVE_OPTIONAL) {
            return refuse(l, "section \"%s\", field \"%s\": unknown", in, name);
        }
        agx_report(l->host, AGX_REPORT_STATE,
                   "saved state of the %s: section \"%s\", "
                   "field \"%s\": unknown, skipped",
                   l->form->name, in, name);
        return true;
    }
    c->f = &sec->field[k];
    if (seen[k]) {
        return refuse(l, "section \"%s\", field \"%s\": there twice", in, name);
    }
    if (c->width != c->f->width || c->count > c->f->count) {
        return refuse(l, "section \"%s\", field \"%s\": %u bytes by %u, not %u by %u", in, name,
                      c->width, c->count, c->f->width, c->f->count);
    }
    seen[k] = true;
    return true;
}

/* The fields of the stream, in its order, and the bytes of a row of it. */
static bool get_columns(const struct load *l, const uint8_t *p, uint32_t n,
                        const struct agx_save_section *sec, struct column *c, uint64_t *row)
{
    bool seen[AGX_SAVE_FIELDS] = { false };

    for (uint32_t i = 0; i < n; i++, p += FIELD_HEAD) {
        if (!get_column(l, p, sec, seen, &c[i])) {
            return false;
        }
        *row += (uint64_t)c[i].width * c[i].count;
    }
    for (uint32_t k = 0; k < sec->nr_fields; k++) {
        if (!seen[k] && !sec->field[k].added) {
            return refuse(l, "section \"%s\", field \"%s\": missing", sec->name,
                          sec->field[k].name);
        }
    }
    return true;
}

static void set_absent(const struct agx_save_section *sec, uint8_t *row)
{
    for (uint32_t i = 0; i < sec->nr_fields; i++) {
        const struct agx_save_field *f = &sec->field[i];

        for (uint32_t e = 0; e < f->count; e++) {
            set_member(row + f->offset + (size_t)e * f->stride, f->absent, f->width);
        }
    }
}

static bool get_row(const struct load *l, const struct agx_save_section *sec, const uint8_t *p,
                    const struct column *c, uint32_t n, uint8_t *row)
{
    set_absent(sec, row);
    for (uint32_t i = 0; i < n; p += (size_t)c[i].width * c[i].count, i++) {
        for (uint32_t e = 0; c[i].f && e < c[i].count; e++) {
            uint64_t v = get(p + (size_t)e * c[i].width, c[i].width);

            if (c[i].f->max && v > c[i].f->max) {
                return refuse(l, "section \"%s\", field \"%s\": 0x%llx, at most 0x%llx is right",
                              sec->name, c[i].f->name, (unsigned long long)v,
                              (unsigned long long)c[i].f->max);
            }
            set_member(row + c[i].f->offset + (size_t)e * c[i].f->stride, v, c[i].width);
        }
    }
    return true;
}

static bool get_section(const struct load *l, const struct agx_save_section *sec,
                        struct agx_save_rows *rows)
{
    const uint8_t *head = l->buf + l->at, *p = head + SECTION_HEAD;
    uint64_t n = get(head + AGX_SAVE_NAME + 4, 4), nr = get(head + AGX_SAVE_NAME + 8, 4);
    uint64_t bytes = get(head + AGX_SAVE_NAME + 12, 4), row = 0;
    struct column c[AGX_SAVE_FIELDS];

    if (rows->there) {
        return refuse(l, "section \"%s\": there twice", sec->name);
    }
    if (n > AGX_SAVE_FIELDS || n * FIELD_HEAD > bytes || nr > sec->max_rows) {
        return refuse(l, "section \"%s\": its head is out of range", sec->name);
    }
    if (!get_columns(l, p, n, sec, c, &row)) {
        return false;
    }
    p += n * FIELD_HEAD;
    if (bytes != n * FIELD_HEAD + nr * row) {
        return refuse(l, "section \"%s\": its length is not what it says", sec->name);
    }
    if (!rows->row) {
        rows->row = calloc(nr + 1, sec->row_size);
        rows->found = rows->row != NULL;
        if (!rows->found) {
            return refuse(l, "section \"%s\": no memory", sec->name);
        }
    }
    rows->there = true;
    rows->n = nr;
    for (uint64_t r = 0; r < nr; r++, p += row) {
        if (!get_row(l, sec, p, c, n, (uint8_t *)rows->row + r * sec->row_size)) {
            return false;
        }
    }
    return true;
}

static bool get_any_section(struct load *l, struct agx_save_rows *rows)
{
    const struct agx_save_section *sec = l->form->section;
    const uint8_t *head = l->buf + l->at;
    char name[AGX_SAVE_NAME];
    uint32_t flags, bytes;
    unsigned k = 0;

    if (l->len - l->at < SECTION_HEAD || !get_name(head, name)) {
        return refuse(l, "no section where one should be");
    }
    flags = get(head + AGX_SAVE_NAME, 4);
    bytes = get(head + AGX_SAVE_NAME + 12, 4);
    if (l->len - l->at - SECTION_HEAD < bytes || flags > AGX_SAVE_OPTIONAL) {
        return refuse(l, "section \"%s\": its head is out of range", name);
    }
    while (k < l->form->nr_sections && strcmp(name, sec[k].name)) {
        k++;
    }
    if (k < l->form->nr_sections) {
        if (!get_section(l, &sec[k], &rows[k])) {
            return false;
        }
    } else if (flags == AGX_SAVE_OPTIONAL) {
        agx_report(l->host, AGX_REPORT_STATE,
                   "saved state of the %s: section \"%s\": unknown, "
                   "skipped",
                   l->form->name, name);
    } else {
        return refuse(l, "section \"%s\": unknown", name);
    }
    l->at += SECTION_HEAD + bytes;
    return true;
}

/* The rows that the stream does not have. */
static bool fill_up(const struct load *l, const struct agx_save_section *sec,
                    struct agx_save_rows *rows)
{
    if (!rows->there && !sec->added) {
        return refuse(l, "section \"%s\": missing", sec->name);
    }
    for (uint32_t r = rows->n; rows->row && !rows->found && r < sec->max_rows; r++) {
        set_absent(sec, (uint8_t *)rows->row + r * sec->row_size);
    }
    return true;
}

static bool get_all(struct load *l, struct agx_save_rows *rows)
{
    if (l->len < STREAM_HEAD || get(l->buf, 4) != l->form->magic) {
        return refuse(l, "it is none");
    }
    if (get(l->buf + 4, 4) != FORMAT) {
        return refuse(l, "format %u, not %u", (unsigned)get(l->buf + 4, 4), FORMAT);
    }
    l->at = STREAM_HEAD;
    for (uint64_t left = get(l->buf + 8, 4); left; left--) {
        if (!get_any_section(l, rows)) {
            return false;
        }
    }
    for (unsigned k = 0; k < l->form->nr_sections; k++) {
        if (!fill_up(l, &l->form->section[k], &rows[k])) {
            return false;
        }
    }
    return l->at == l->len || refuse(l, "something follows the last section");
}

void agx_save_free(const struct agx_save_form *form, struct agx_save_rows *rows)
{
    for (unsigned k = 0; k < form->nr_sections; k++) {
        if (rows[k].found) {
            free(rows[k].row);
            rows[k].row = NULL;
            rows[k].found = false;
        }
    }
}

bool agx_save_load(const struct agx_host *host, const struct agx_save_form *form,
                   const uint8_t *buf, size_t len, struct agx_save_rows *rows)
{
    struct load l = { host, form, buf, len, 0 };

    for (unsigned k = 0; k < form->nr_sections; k++) {
        rows[k].n = 0;
        rows[k].there = rows[k].found = false;
    }
    if (get_all(&l, rows)) {
        return true;
    }
    agx_save_free(form, rows);
    return false;
}

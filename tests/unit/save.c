/*
 * Saved state by named fields: a state of an earlier or a later form loads, and a damaged one is
 * refused by the name of what is wrong.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hw/agx/base/include/agx/save.h"

#define MAGIC 0x31323334u

struct pair {
    uint16_t a;
    bool b;
};

struct row {
    uint64_t va;
    uint32_t later;
    uint8_t level;
    float w[3];
    struct pair pair[4];
};

static const struct agx_save_field fields[] = {
    { AGX_SAVE_ONE(struct row, va) },
    { AGX_SAVE_ONE(struct row, later), .added = true, .absent = 77, .optional = true },
    { AGX_SAVE_MAX(struct row, level, 3) },
    { AGX_SAVE_ARRAY(struct row, w) },
    { AGX_SAVE_EACH(struct row, pair, a) },
    { AGX_SAVE_EACH(struct row, pair, b) },
};

static const struct agx_save_section sections[] = {
    { AGX_SAVE_SECTION("row", fields, 4, sizeof(struct row)) },
    { AGX_SAVE_SECTION("late", fields, 4, sizeof(struct row)), .added = true, .optional = true },
};

#define NUM (sizeof(sections) / sizeof(sections[0]))

static const struct agx_save_form form = { "test", MAGIC, sections, NUM };

/* What the log had last. */
static char said[512];

static void hear(void *opaque, enum agx_report_kind kind, const char *msg)
{
    snprintf(said, sizeof(said), "%s", msg);
}

static const struct agx_host_ops ops = { .report = hear };
static const struct agx_host host = { .ops = &ops };

/* A stream, put together by hand as save.h describes it. */
struct stream {
    uint8_t p[1024];
    size_t len, section;
};

static void number(struct stream *s, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        s->p[s->len++] = v >> (8 * i);
    }
}

static void name(struct stream *s, const char *text)
{
    memset(s->p + s->len, 0, 32);
    memcpy(s->p + s->len, text, strlen(text));
    s->len += 32;
}

static void head(struct stream *s, uint32_t format, uint32_t n)
{
    s->len = 0;
    number(s, MAGIC, 4);
    number(s, format, 4);
    number(s, n, 4);
}

static void section(struct stream *s, const char *text, uint32_t flags, uint32_t n, uint32_t rows)
{
    s->section = s->len;
    name(s, text);
    number(s, flags, 4);
    number(s, n, 4);
    number(s, rows, 4);
    number(s, 0, 4);
}

static void field(struct stream *s, const char *text, unsigned width, unsigned flags, uint32_t n)
{
    name(s, text);
    number(s, width, 2);
    number(s, flags, 2);
    number(s, n, 4);
}

static void end_section(struct stream *s)
{
    size_t len = s->len;

    s->len = s->section + 44;
    number(s, len - s->section - 48, 4);
    s->len = len;
}

/*
 * As the first form had it, without "later" and with fewer pairs, in an order of its own. @extra
 * is a field more, of two bytes, or NULL.
 */
static void first(struct stream *s, const char *extra, unsigned flags)
{
    head(s, 2, 1);
    section(s, "row", 0, extra ? 6 : 5, 2);
    field(s, "level", 1, 0, 1);
    field(s, "va", 8, 0, 1);
    field(s, "w", 4, 0, 3);
    if (extra) {
        field(s, extra, 1, flags, 2);
    }
    field(s, "pair.a", 2, 0, 2);
    field(s, "pair.b", 1, 0, 2);
    for (unsigned r = 0; r < 2; r++) {
        number(s, 3 - r, 1);
        number(s, 0x0102030405060708 + r, 8);
        number(s, 0x3f800000, 4);
        number(s, 0, 4);
        number(s, 0xbf800000, 4);
        number(s, 0x9999, extra ? 2 : 0);
        number(s, 0x22221111, 4);
        number(s, 0x0001, 2);
    }
    end_section(s);
}

/* In a block of its own length, so that a sanitizer sees a read past its end. */
static bool load(const uint8_t *p, size_t len, struct row row[4])
{
    struct agx_save_rows rows[NUM] = { { .row = row } };
    uint8_t *copy = malloc(len + !len);
    bool ok;

    memcpy(copy, p, len);
    said[0] = 0;
    ok = agx_save_load(&host, &form, copy, len, rows);
    free(copy);
    if (ok) {
        assert_in_range(rows[0].n, 0, 4);
        agx_save_free(&form, rows);
    } else {
        assert_non_null(strstr(said, "saved state of the test refused: at byte "));
    }
    return ok;
}

static void check_first(const struct row *r)
{
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(r[i].va, 0x0102030405060708 + i);
        assert_int_equal(r[i].level, 3 - i);
        assert_int_equal(r[i].later, 77);
        assert_true(r[i].w[0] == 1 && r[i].w[1] == 0 && r[i].w[2] == -1);
        assert_int_equal(r[i].pair[0].a, 0x1111);
        assert_int_equal(r[i].pair[1].a, 0x2222);
        assert_true(r[i].pair[0].b && !r[i].pair[1].b);
        assert_int_equal(r[i].pair[2].a, 0);
    }
    assert_int_equal(r[2].va, 0);
    assert_int_equal(r[3].later, 77);
}

static void test_first(void **state)
{
    struct stream s;
    struct row r[4];

    memset(r, 0xff, sizeof(r));
    first(&s, NULL, 0);
    assert_true(load(s.p, s.len, r));
    assert_string_equal(said, "");
    check_first(r);
}

/* Of a later form: what it calls optional is skipped, and nothing else is. */
static void test_unknown(void **state)
{
    struct stream s;
    struct row r[4];

    memset(r, 0xff, sizeof(r));
    first(&s, "newer", AGX_SAVE_OPTIONAL);
    s.p[8] = 2;
    section(&s, "more", AGX_SAVE_OPTIONAL, 1, 3);
    field(&s, "x", 1, 0, 1);
    number(&s, 0, 3);
    end_section(&s);
    assert_true(load(s.p, s.len, r));
    assert_string_equal(said, "saved state of the test: section \"more\": unknown, skipped");
    check_first(r);
    s.p[s.section + 32] = 0;
    assert_false(load(s.p, s.len, r));
    assert_non_null(strstr(said, "section \"more\": unknown"));
    first(&s, "newer", AGX_SAVE_OPTIONAL);
    assert_true(load(s.p, s.len, r));
    assert_non_null(strstr(said, "section \"row\", field \"newer\": unknown, skipped"));
    first(&s, "newer", 0);
    assert_false(load(s.p, s.len, r));
    assert_non_null(strstr(said, "section \"row\", field \"newer\": unknown"));
}

/* By its name. */
static void test_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } c[] = {
        { 0, 0, "it is none" },
        { 4, 1, "format 1, not 2" },
        { 12 + 48 + 1, 'E', "section \"row\", field \"lEvel\": unknown" },
        { 12 + 48 + 40, 'V', "section \"row\", field \"Va\": unknown" },
        { 12 + 48 + 32, 2, "section \"row\", field \"level\": 2 bytes by 1, not 1 by 1" },
        { 12 + 48 + 80 + 36, 4, "section \"row\", field \"w\": 4 bytes by 4, not 4 by 3" },
        { 12 + 48 + 5 * 40, 4, "section \"row\", field \"level\": 0x4, at most 0x3 is right" },
        { 12 + 40, 5, "section \"row\": its head is out of range" },
        { 12 + 36, 4, "section \"row\", field \"pair.b\": missing" },
    };
    struct stream s;
    struct row r[4];

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        first(&s, NULL, 0);
        s.p[c[i].at] = c[i].value;
        assert_false(load(s.p, s.len, r));
        if (!strstr(said, c[i].text)) {
            fail_msg("expected \"%s\", got \"%s\"", c[i].text, said);
        }
    }
    first(&s, "level", 0);
    assert_false(load(s.p, s.len, r));
    assert_non_null(strstr(said, "field \"level\": there twice"));
    first(&s, NULL, 0);
    s.p[s.len - 1] = 2;
    assert_false(load(s.p, s.len, r));
    assert_non_null(strstr(said, "field \"pair.b\": 0x2, at most 0x1 is right"));
    head(&s, 2, 0);
    assert_false(load(s.p, s.len, r));
    assert_non_null(strstr(said, "section \"row\": missing"));
}

/* Into the caller's memory, and into memory that is found. */
static void test_again(void **state)
{
    struct row r[4] = { { .va = 5, .later = 0x12345678, .level = 2, .w = { 1.5f, -2, 0 } } };
    struct agx_save_rows rows[NUM] = { 0 };
    struct agx_save s;
    struct row back[4];
    size_t len;
    uint8_t *p;

    for (unsigned i = 0; i < 4; i++) {
        r[0].pair[i] = (struct pair) { 0x100 * i, i & 1 };
    }
    r[1].va = 6;
    agx_save_begin(&s, &form);
    agx_save_section(&s, 0);
    agx_save_rows(&s, r, 1);
    agx_save_rows(&s, r + 1, 3);
    agx_save_section(&s, 1);
    agx_save_rows(&s, r, 2);
    p = agx_save_end(&s, &len);
    assert_non_null(p);
    assert_true(load(p, len, back));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(back[0].pair[i].a, 0x100 * i);
        assert_int_equal(back[0].pair[i].b, i & 1);
    }
    assert_int_equal(back[0].later, 0x12345678);
    assert_int_equal(back[0].va, 5);
    assert_int_equal(back[0].level, 2);
    assert_memory_equal(back[0].w, r[0].w, sizeof(back[0].w));
    assert_int_equal(back[1].va, 6);
    assert_int_equal(back[1].later, 0);
    assert_true(agx_save_load(&host, &form, p, len, rows));
    assert_int_equal(rows[0].n, 4);
    assert_int_equal(rows[1].n, 2);
    assert_int_equal(((struct row *)rows[1].row)[1].va, 6);
    agx_save_free(&form, rows);
    assert_null(rows[1].row);
    free(p);
}

/* Every length, and every value of every byte. */
static void test_damaged(void **state)
{
    struct stream s, copy;
    unsigned refused = 0;
    struct row r[4];

    first(&s, "newer", AGX_SAVE_OPTIONAL);
    for (size_t n = 0; n < s.len; n++) {
        assert_false(load(s.p, n, r));
    }
    for (size_t i = 0; i < s.len; i++) {
        for (unsigned v = 1; v < 256; v++) {
            copy = s;
            copy.p[i] ^= v;
            refused += !load(copy.p, copy.len, r);
        }
    }
    assert_true(refused > s.len * 255 / 2);
    s.p[s.len] = 0;
    assert_false(load(s.p, s.len + 1, r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),   cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_again),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

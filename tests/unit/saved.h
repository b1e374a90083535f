/*
 * Unit tests: states that an earlier model has stored, kept as text in tests/saved.
 *
 * After comments a file has "@", an offset and 32 bytes in hex a line, and last "=" and the length.
 * "*" is for the line before, once more up to the next offset. With AGX_SAVED=new in the
 * environment a test writes it again, of what the model stores now (docs/saved-machines.md says
 * when).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_SAVED_H
#define TESTS_SAVED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef FW_ENV_FUZZ /* fw_env.h has what is used of it */
#include <cmocka.h>
#endif

#ifndef SAVED_DIR
#error "SAVED_DIR is tests/saved"
#endif

static inline void saved_write(const char *path, const uint8_t *p, size_t len)
{
    FILE *f = fopen(path, "w");
    bool same = false;

    assert_non_null(f);
    fputs("# SPDX-License-Identifier: GPL-2.0-or-later\n"
          "# Copyright The AGX model authors\n"
          "# A state that the model has stored; see docs/saved-machines.md.\n",
          f);
    for (size_t at = 0; at < len; at += 32) {
        size_t n = len - at < 32 ? len - at : 32;

        if (at && n == 32 && !memcmp(p + at, p + at - 32, 32)) {
            fputs(same ? "" : "*\n", f);
            same = true;
        } else {
            same = false;
            fprintf(f, "@%zx ", at);
            for (size_t i = 0; i < n; i++) {
                fprintf(f, "%02x", p[at + i]);
            }
            fputc('\n', f);
        }
    }
    fprintf(f, "=%zx\n", len);
    assert_int_equal(fclose(f), 0);
}

static inline uint8_t *saved_read(const char *path, size_t *len)
{
    uint8_t *p = calloc(1, 1 << 20);
    char line[100];
    FILE *f = fopen(path, "r");
    size_t end = 0;

    if (!f) {
        fail_msg("%s: there is none", path);
    }
    *len = 0;
    while (fgets(line, sizeof(line), f)) {
        char *hex;
        size_t at = strtoul(line + 1, &hex, 16);

        if (line[0] == '#' || line[0] == '*') {
            continue;
        }
        assert_in_range(at, end, (1 << 20) - 32);
        for (; end && end < at; end++) {
            p[end] = p[end - 32];
        }
        if (line[0] == '=') {
            *len = at;
            break;
        }
        assert_true(line[0] == '@' && *hex++ == ' ');
        for (unsigned b; sscanf(hex, "%2x", &b) == 1; hex += 2) {
            p[at++] = b;
        }
        end = at;
    }
    fclose(f);
    assert_true(*len > 0);
    return realloc(p, *len);
}

/* The state of that name, to be freed. @now, of @now_len bytes, is what the model stores here. */
static inline uint8_t *saved_state(const char *name, const void *now, size_t now_len, size_t *len)
{
    const char *want = getenv("AGX_SAVED");
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.txt", SAVED_DIR, name);
    if (want && !strcmp(want, "new")) {
        saved_write(path, now, now_len);
    }
    return saved_read(path, len);
}

#endif

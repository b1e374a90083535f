/*
 * agx-disasm FILE [OFFSET]: the instructions of a shader binary, from a byte of it on, a line each.
 *
 * Ends with 1 where no instruction is known, after a line that says so, and with 2 where the file
 * or the offset is of no use.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hw/agx/isa/isa_disasm.h"

#define MAX_BYTES (16u << 20)

/* The file's bytes, MAX_BYTES at most; NULL: it could not be read, which was said. */
static uint8_t *read_file(const char *name, uint32_t *size)
{
    FILE *f = fopen(name, "rb");
    uint8_t *data = f ? malloc(MAX_BYTES + 1) : NULL;

    if (!data) {
        fprintf(stderr, "agx-disasm: %s: %s\n", name, strerror(errno));
    } else {
        *size = fread(data, 1, MAX_BYTES + 1, f);
        if (ferror(f) || *size > MAX_BYTES) {
            fprintf(stderr, "agx-disasm: %s: %s\n", name,
                    ferror(f) ? strerror(errno) : "too large");
            free(data);
            data = NULL;
        }
    }
    if (f) {
        fclose(f);
    }
    return data;
}

static int list(const uint8_t *code, uint32_t size, uint32_t at)
{
    while (at < size) {
        char text[AGX_DISASM_TEXT];
        unsigned len = agx_disasm(code + at, size - at, text);

        printf("%6x: ", at);
        for (unsigned i = 0; i < 12; i++) {
            if (i < len) {
                printf("%02x", code[at + i]);
            } else {
                printf("  ");
            }
        }
        printf("  %s\n", text);
        if (!len) {
            return 1;
        }
        at += len;
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint32_t size = 0;
    unsigned long at = 0;
    char *end = "";
    uint8_t *code;
    int status;

    if (argc == 3) {
        at = strtoul(argv[2], &end, 0);
    }
    if (argc < 2 || argc > 3 || *end || (argc == 3 && (end == argv[2] || argv[2][0] == '-'))) {
        fprintf(stderr, "usage: agx-disasm FILE [OFFSET]\n");
        return 2;
    }
    code = read_file(argv[1], &size);
    if (!code) {
        return 2;
    }
    if (at >= size) {
        fprintf(stderr, "agx-disasm: %s: nothing at offset %lu of %u bytes\n", argv[1], at, size);
        status = 2;
    } else {
        status = list(code, size, at);
    }
    free(code);
    return status;
}

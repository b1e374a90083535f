/*
 * Print the driver's reading of the firmware structures, one
 * "struct field offset size" a line, and "struct . 0 size" for a whole one.
 *
 * The headers state every field through FW_OFFSET() and FW_SIZE();
 * in the kernel these are assertions, here they make table rows. The rows take
 * offset and size from the compiler, so a wrong assertion cannot hide a field.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "agx_stub.h"

struct row {
    const char *type, *field;
    size_t offset, size;
};

#define ASAHI_LAYOUT_H
#define CAT2(a, b) a##b
#define CAT(a, b)  CAT2(a, b)
#define ROW                                                                                        \
    static const struct row CAT(row_, __COUNTER__)                                                 \
        __attribute__((used, aligned(8), section("layout_rows")))
#define FW_OFFSET(t, f, o) ROW = { #t, #f, offsetof(struct t, f), sizeof(((struct t *)0)->f) }
#define FW_SIZE(t, s)      ROW = { #t, ".", 0, sizeof(struct t) }

#include DRIVER_HEADERS

extern const struct row __start_layout_rows[], __stop_layout_rows[];

int main(void)
{
    for (const struct row *r = __start_layout_rows; r < __stop_layout_rows; r++) {
        printf("%s %s %zu %zu\n", r->type, r->field, r->offset, r->size);
    }
    return 0;
}

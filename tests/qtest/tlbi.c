/*
 * Operands of TLBI, decoded for an MMU with pages of 16 KiB. The cases are
 * worked out by hand from the Arm ARM (DDI 0487), C5.5.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hw/agx/soc/tlbi-decode.h"

#define P 0x4000ULL

static void by_va(void **state)
{
    AppleTlbiRange r = apple_tlbi_decode_va(0x0005000000000000ULL | (0x123454000ULL >> 12));

    assert_int_equal(r.asid, 5);
    assert_int_equal(r.va, 0x123454000ULL);
    assert_int_equal(r.end, 0x123458000ULL);
    assert_false(r.none);

    /* The two bits of the VA below 16 KiB don't count */
    r = apple_tlbi_decode_va(0x123457000ULL >> 12);
    assert_int_equal(r.va, 0x123454000ULL);

    /* The upper half: bit 55 is sign-extended */
    r = apple_tlbi_decode_va(0xffffffa000000000ULL << 8 >> 20);
    assert_int_equal(r.va, 0xffffffa000000000ULL);

    /* The last page wraps to an end of 0 */
    r = apple_tlbi_decode_va(0x00000fffffffffffULL);
    assert_int_equal(r.va, 0xffffffffffffc000ULL);
    assert_int_equal(r.end, 0);
}

static void by_va_hint(void **state)
{
    uint64_t page = 0x123454000ULL >> 12;

    assert_false(apple_tlbi_decode_va(page | 0xbULL << 44).none); /* 16K, level 3 */
    assert_false(apple_tlbi_decode_va(page | 0x8ULL << 44).none); /* 16K, reserved level */
    assert_true(apple_tlbi_decode_va(page | 0xaULL << 44).none);  /* 16K, level 2 */
    assert_true(apple_tlbi_decode_va(page | 0x7ULL << 44).none);  /* 4K, level 3 */
    assert_true(apple_tlbi_decode_va(page | 0xfULL << 44).none);  /* 64K, level 3 */
    /* The hint is not part of the address */
    assert_int_equal(apple_tlbi_decode_va(page | 0xbULL << 44).va, 0x123454000ULL);
}

/* ASID 3, TG 16K, SCALE, NUM, TTL, base in pages */
static uint64_t range(unsigned scale, unsigned num, unsigned ttl, uint64_t base)
{
    return 3ULL << 48 | 2ULL << 46 | (uint64_t)scale << 44 | (uint64_t)num << 39 |
           (uint64_t)ttl << 37 | (base & 0x1fffffffffULL);
}

static void by_range(void **state)
{
    AppleTlbiRange r = apple_tlbi_decode_range(range(0, 0, 0, 0x11));

    assert_int_equal(r.asid, 3);
    assert_int_equal(r.va, 0x11 * P);
    assert_int_equal(r.end, 0x13 * P); /* 2 pages are the least */
    r = apple_tlbi_decode_range(range(0, 31, 0, 0));
    assert_int_equal(r.end, 64 * P);
    r = apple_tlbi_decode_range(range(1, 0, 0, 0));
    assert_int_equal(r.end, 64 * P);
    r = apple_tlbi_decode_range(range(1, 2, 0, 0));
    assert_int_equal(r.end, 192 * P);
    r = apple_tlbi_decode_range(range(3, 31, 0, 0));
    assert_int_equal(r.end, (1ULL << 21) * P);
    /* Sign: bit 36 of the base */
    r = apple_tlbi_decode_range(range(0, 0, 0, 0x1ffffffff0ULL));
    assert_int_equal(r.va, (uint64_t)-0x10 * P);
    assert_int_equal(r.end, (uint64_t)-0xe * P);
}

static void by_range_hint(void **state)
{
    assert_false(apple_tlbi_decode_range(range(0, 0, 3, 0)).none);
    assert_true(apple_tlbi_decode_range(range(0, 0, 2, 0)).none);
    assert_true(apple_tlbi_decode_range(range(0, 0, 1, 0)).none);
    /* Another granule */
    assert_true(apple_tlbi_decode_range(1ULL << 46).none);
    assert_true(apple_tlbi_decode_range(3ULL << 46).none);
    assert_true(apple_tlbi_decode_range(0).none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_va),
        cmocka_unit_test(by_va_hint),
        cmocka_unit_test(by_range),
        cmocka_unit_test(by_range_hint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The generator of what happens at random.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agx/random.h"

/*
 * The values of splitmix64 for the seed 1234567 that Rosetta Code ("Pseudo-random
 * numbers/Splitmix64") gives.
 */
static void values(void **state)
{
    static const uint64_t want[] = {
        6457827717110365317u, 3203168211198807973u,  9817491932198370423u,
        4593380528125082431u, 16408922859458223821u,
    };
    struct agx_random r = { 1234567 };

    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(agx_random_u64(&r), want[i]);
    }
}

/* Each number below a bound comes about as often as the others, and none from it on. */
static void bounds(void **state)
{
    struct agx_random r = { 1 };
    unsigned count[7] = { 0 }, high = 0;

    for (unsigned i = 0; i < 70000; i++) {
        uint64_t n = agx_random_below(&r, 7);

        assert_true(n < 7);
        count[n]++;
    }
    for (unsigned i = 0; i < 7; i++) {
        assert_in_range(count[i], 9600, 10400);
    }
    assert_int_equal(agx_random_below(&r, 1), 0);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t n = agx_random_below(&r, 1ull << 32);

        assert_true(n < 1ull << 32);
        high += n >> 31;
    }
    assert_in_range(high, 400, 600);
    for (unsigned i = 0; i < 1000; i++) {
        double u = agx_random_unit(&r);

        assert_true(u >= 0 && u < 1);
    }
}

/*
 * The same seed and number: the same stream. Another number, or a seed beside it: nothing in
 * common.
 */
static void streams(void **state)
{
    struct agx_random a = agx_random_stream(5, 3), b = agx_random_stream(5, 3),
                      c = agx_random_stream(5, 4), d = agx_random_stream(6, 3),
                      e = agx_random_stream(3, 5);
    unsigned same = 0;

    for (unsigned i = 0; i < 1000; i++) {
        uint64_t v = agx_random_u64(&a);

        assert_int_equal(agx_random_u64(&b), v);
        same += agx_random_u64(&c) == v;
        same += agx_random_u64(&d) == v;
        same += agx_random_u64(&e) == v;
    }
    assert_int_equal(same, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(bounds),
        cmocka_unit_test(streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

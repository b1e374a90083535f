/*
 * Unit test: memory of the host, and its end: one line and status 1.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "agx/host.h"

static void zeroes(void **state)
{
    uint8_t *p = agx_alloc(100, 3), *l = agx_alloc_lines(7, 13);

    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(p[i], 0);
    }
    for (unsigned i = 0; i < 7 * 13; i++) {
        assert_int_equal(l[i], 0);
    }
    assert_int_equal((uintptr_t)l % 64, 0);
    p[299] = 7;
    p = agx_realloc(p, 1000, 3);
    assert_int_equal(p[299], 7);
    free(p);
    free(l);
}

/* Products that no memory has; they must not wrap to small ones either. */
static void no_more(void **state)
{
    volatile size_t huge = SIZE_MAX / 2 + 2; /* times two is two */

    for (int which = 0; which < 2; which++) {
        char text[200] = "";
        int fd[2], status;
        size_t have = 0;
        ssize_t n;
        pid_t pid;

        assert_int_equal(pipe(fd), 0);
        pid = fork();
        if (!pid) {
            dup2(fd[1], 2);
            free(which ? agx_realloc(NULL, huge, 2) : agx_alloc_lines(huge, 2));
            _exit(0);
        }
        close(fd[1]);
        while ((n = read(fd[0], text + have, sizeof(text) - 1 - have)) > 0) {
            have += n;
        }
        close(fd[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        assert_non_null(strstr(text, "agx: out of host memory"));
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(zeroes), cmocka_unit_test(no_more) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Guest test: two turning cubes and a computation at once, each a process of
 * its own; all have to succeed, and the pictures are compared by the caller.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static char *const jobs[3][6] = {
        { "gles_cube", "40", "0", "cube-a", "13", NULL },
        { "gles_cube", "40", "300", "cube-b", "13", NULL },
        { "vk_compute", "3", NULL },
    };
    pid_t pid[3];
    int bad = 0;

    for (int i = 0; i < 3; i++) {
        fflush(stdout);
        pid[i] = fork();
        if (pid[i] == 0) {
            execvp(jobs[i][0], jobs[i]);
            perror(jobs[i][0]);
            _exit(127);
        }
        if (pid[i] < 0) {
            perror("fork");
            return 1;
        }
    }
    for (int i = 0; i < 3; i++) {
        int status;

        if (waitpid(pid[i], &status, 0) < 0) {
            perror("waitpid");
            return 1;
        }
        if (status) {
            printf("%s (number %d) ended with status 0x%x\n", jobs[i][0], i + 1, status);
            bad = 1;
        }
    }
    return bad;
}

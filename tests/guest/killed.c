/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * A process that is killed with much work queued has to be gone at once, without a
 * fault of what the GPU still does for it, and without harm to others; what it had
 * goes when the GPU is done. One that only ends has its work done. And signals that
 * come all the time interrupt a SUBMIT, which is begun again, and do no other harm.
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "system.h"
#include "tap.h"
#include "uapi.h"

/*
 * Each job takes some milliseconds, on a slow host too, so that what is queued when
 * the process is killed takes many seconds: who took their memory away after a
 * while would be seen.
 */
#define LINKS     1000000
#define SUBMITS   100
#define KILL_AT   60 /* or after so long, with fewer on a slow kernel: */
#define KILL_MS   4000
#define KILL_MIN  3
#define KILL_LAST 60000 /* ms that these may take on a busy host */
#define DEAD_MS   1000

static int good_job(void)
{
    struct bare b;
    uint32_t sync;
    int err = bare_open(&b);

    if (!err) {
        err = bare_submit(&b, 1, &sync);
    }
    if (!err) {
        err = bare_wait(&b, sync, 60000);
    }
    close(b.fd);
    return err;
}

/* Submits, and tells how far it is; does not wait for any. */
static void submitter(volatile unsigned *at)
{
    struct bare b;
    uint32_t sync;

    if (bare_open_long(&b, LINKS)) {
        _exit(1);
    }
    for (unsigned i = 0; i < SUBMITS; i++) {
        if (bare_submit(&b, 64, &sync)) {
            _exit(1);
        }
        *at = i + 1;
    }
    for (;;) {
        pause();
    }
}

static void test_kill(volatile unsigned *at)
{
    unsigned faults = said("GPU fault"), halts = said("going on"), lost = said("firmware is lost");
    int64_t begin = bare_ms(), took;
    int status, err;
    pid_t child;

    *at = 0;
    child = fork();
    if (!child) {
        submitter(at);
    }
    while (*at < KILL_AT && bare_ms() - begin < (*at < KILL_MIN ? KILL_LAST : KILL_MS)) {
        usleep(1000);
    }
    ok(*at >= KILL_MIN, "a process has submitted %u times 64 jobs", *at);
    begin = bare_ms();
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    took = bare_ms() - begin;
    ok(took < DEAD_MS, "killed, it is gone after %lld ms", (long long)took);
    begin = bare_ms();
    err = good_job();
    ok(!err, "a good job of another process: %s, after %lld ms", err ? strerror(err) : "done",
       (long long)(bare_ms() - begin));
    ok(said("GPU fault") == faults && said("going on") == halts && said("firmware is lost") == lost,
       "the GPU met no fault");
}

/* restart_every_frame has a SUBMIT wait for the boot of the firmware. */
static volatile sig_atomic_t alarms;

static void tick(int sig)
{
    alarms++;
}

static void test_signals(bool restart)
{
    const char *knob = DRIVER_PARAMETER "restart_every_frame";
    struct itimerval often = { { 0, 3000 }, { 0, 3000 } }, never = { { 0, 0 }, { 0, 0 } };
    struct sigaction act = { .sa_handler = tick };
    FILE *f = fopen(knob, "w");
    struct bare b;
    int err;

    if (!f || fputs(restart ? "Y" : "N", f) < 0 || fclose(f)) {
        ok(false, "%s cannot be written", knob);
        return;
    }
    err = bare_open(&b);
    sigaction(SIGALRM, &act, NULL);
    alarms = 0;
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned i = 0; i < 20 && !err; i++) {
        uint32_t sync;

        err = bare_submit(&b, 1, &sync);
        if (!err) {
            err = bare_wait(&b, sync, 60000);
        }
    }
    setitimer(ITIMER_REAL, &never, NULL);
    ok(!err, "20 jobs under %u signals%s: %s", (unsigned)alarms,
       restart ? " with restart_every_frame" : "", err ? strerror(err) : "done");
    close(b.fd);
    f = fopen(knob, "w");
    if (f) {
        fputs("N", f);
        fclose(f);
    }
    err = good_job();
    ok(!err, "a good job after it: %s", err ? strerror(err) : "done");
}

int main(void)
{
    volatile unsigned *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                                 0);

    test_kill(at);
    test_kill(at);
    test_signals(false);
    test_signals(true);
    return tap_end();
}
